/** `polyak best`: its flags and help. */
import type { Command } from 'commander';
import { addJson, examples, sweepArgument } from '../flags.js';
import { positiveInteger } from '../numbers.js';
import { addSettings, settingOption, tlsSettings } from '../settings.js';
import type { BestFlags } from '../sweep/best.js';

export function addBest(program: Command): void {
  const command = program
    .command('best')
    .summary('show the best trial of a sweep')
    .description('Shows the best trial of a sweep, running or not, with its parameters.')
    .addArgument(sweepArgument());
  addJson(addSettings(command, 'state', ...tlsSettings), 'the trial as one JSON object')
    .option('--refit', 'train it again with other seeds, to see what is luck, and on all data', false)
    .option('--seeds <n>', 'how many seeds --refit trains', positiveInteger, 3)
    .addOption(settingOption('workers'))
    .addHelpText(
      'after',
      examples(
        'polyak best @last',
        'polyak best digits-search-1 --json',
        'polyak best digits-search-1 --refit --seeds 5',
      ),
    )
    .action(async (sweep: string, flags: BestFlags) => {
      const { bestCommand } = await import('../sweep/best.js');
      await bestCommand(sweep, flags);
    });
}
