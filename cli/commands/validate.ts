/** `polyak validate`: its flags and help. */
import type { Command } from 'commander';
import { addJson, addOverrides, examples } from '../flags.js';
import type { OverrideFlags } from '../load-experiment.js';

export function addValidate(program: Command): void {
  const command = program
    .command('validate')
    .summary('check an experiment file')
    .description(
      'Shows an experiment with all its defaults, its layers with their shapes and weights, and what its data are. ' +
        'Without the data it shows what can be known without them. Of a file with `search` it checks the sweep and ' +
        'shows one of its trials, unless --param gives the values of a single training.',
    )
    .argument('<file>', 'experiment file');
  addJson(addOverrides(command), 'one JSON object on stdout: the experiment, its layers, its data, and warnings')
    .addHelpText(
      'after',
      examples(
        'polyak validate examples/digits.yaml',
        'polyak validate examples/digits.yaml --set train.epochs=3 --json',
      ),
    )
    .action(async (file: string, flags: OverrideFlags & { json: boolean }) => {
      const { validateCommand } = await import('../validate.js');
      await validateCommand(file, flags);
    });
}
