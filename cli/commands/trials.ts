/** `polyak trials`: its flags and help. */
import type { Command } from 'commander';
import { addJson, examples, sweepArgument } from '../flags.js';
import { positiveInteger } from '../numbers.js';
import { addSettings, tlsSettings } from '../settings.js';
import { statusesOf, type TrialsFlags } from '../sweep/trials.js';

export function addTrials(program: Command): void {
  const command = program
    .command('trials')
    .summary('list the trials of a sweep')
    .description('Lists the trials of a sweep, running or not: parameters, state, and what they have reached.')
    .addArgument(sweepArgument());
  addJson(addSettings(command, 'state', ...tlsSettings), 'one JSON object per trial')
    .option(
      '--sort <what>',
      'the objective by its name, a parameter, or number, epoch, loss, …; -NAME for the highest first',
    )
    .option('--top <n>', 'the best n, or the first n of --sort', positiveInteger)
    .option('--status <names>', 'only such trials: running, paused, stopped, finished, failed', statusesOf)
    .option('--csv', 'as CSV', false)
    .option('--parquet <file>', 'write them to FILE as Parquet')
    .addHelpText(
      'after',
      examples(
        'polyak trials @last --top 10',
        'polyak trials digits-search-1 --sort accuracy',
        'polyak trials digits-search-1 --status failed,stopped',
        'polyak trials digits-search-1 --csv > trials.csv',
      ),
    )
    .action(async (sweep: string, flags: TrialsFlags) => {
      const { trialsCommand } = await import('../sweep/trials.js');
      await trialsCommand(sweep, flags);
    });
}
