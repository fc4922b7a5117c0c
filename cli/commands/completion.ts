/** `polyak completion`: its flags and help. */
import { Argument, type Command } from 'commander';
import { completionScript, shells, type Shell } from '../completion.js';
import { addJson } from '../flags.js';
import { printJson } from '../output.js';

export function addCompletion(program: Command): void {
  const command = program
    .command('completion')
    .summary('complete commands in a shell')
    .description('Prints a script that lets a shell complete commands, flags and the ids of runs.')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells));
  addJson(command, 'the script as a member of one JSON object')
    .addHelpText(
      'after',
      '\nExamples:\n  source <(polyak completion bash)\n  source <(polyak completion zsh)\n  polyak completion fish | source\n',
    )
    .action((shell: Shell, { json }: { json: boolean }) => {
      const script = completionScript(program, shell);
      if (json) printJson({ shell, script });
      else process.stdout.write(script);
    });
}
