/** `polyak archive`: its flags and help. */
import type { Command } from 'commander';
import type { ArchiveFlags } from '../archive/archive-sweep.js';
import { addJson, examples, sweepArgument } from '../flags.js';
import { addSettings } from '../settings.js';

export function addArchive(program: Command): void {
  const command = program
    .command('archive')
    .summary('put a sweep into one file')
    .description(
      'Puts a sweep that does not run into one file: its experiment and modules, its trials with their reports, and the ' +
        'checkpoints that are kept, also those in a bucket. The data are not in it. Restored, it belongs to the machine where that is done.',
    )
    .addArgument(sweepArgument());
  addJson(addSettings(command, 'state'))
    .option('-o, --output <file>', 'the file (default: SWEEP.tar.gz)')
    .option('--store <store>', "of a sweep on a cluster: its coordinator's store, as --store was given there")
    .addHelpText(
      'after',
      examples(
        'polyak archive digits-search-1',
        'polyak archive @last -o /backup/digits.tar.gz',
        'polyak archive @last --state /shared/runs --store postgres://polyak@10.0.0.9/polyak',
      ),
    )
    .action(async (sweep: string, flags: ArchiveFlags) => {
      const { archiveCommand } = await import('../archive/archive-sweep.js');
      await archiveCommand(sweep, flags);
    });
}
