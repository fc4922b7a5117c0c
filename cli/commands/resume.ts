/** `polyak resume`: its flags and help. */
import type { Command } from 'commander';
import { addRunFlags, checked, examples } from '../flags.js';
import type { ResumeOptions } from '../resume.js';

export function addResume(program: Command): void {
  const command = program
    .command('resume')
    .summary('go on with a run')
    .description('Goes on with a run from its newest checkpoint. Other numbers of workers and shards change no result.')
    .argument('<run>', 'folder of a run, or its name and number such as digits-1');
  addRunFlags(command)
    .addHelpText('after', examples('polyak resume .polyak/digits-1', 'polyak resume digits-1 --workers 4 --shards 2'))
    .action(async (run: string, flags: ResumeOptions) => {
      const { resumeCommand } = await import('../resume.js');
      process.exitCode = await resumeCommand(run, checked(flags));
    });
}
