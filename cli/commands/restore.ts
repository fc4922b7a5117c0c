/** `polyak restore`: its flags and help. */
import type { Command } from 'commander';
import { addJson, examples } from '../flags.js';
import { addSettings } from '../settings.js';

export function addRestore(program: Command): void {
  const command = program
    .command('restore')
    .summary('take a sweep out of its archive')
    .description(
      'Takes a sweep out of a file of `polyak archive`, verified, into the state folder. Nothing is overwritten.',
    )
    .argument('<file>', 'what `polyak archive` made');
  addJson(addSettings(command, 'state'))
    .addHelpText(
      'after',
      examples('polyak restore digits-search-1.tar.gz', 'polyak restore /backup/digits.tar.gz --state old'),
    )
    .action(async (file: string, flags: { state: string; json: boolean }) => {
      const { restoreCommand } = await import('../archive/restore-sweep.js');
      await restoreCommand(file, flags);
    });
}
