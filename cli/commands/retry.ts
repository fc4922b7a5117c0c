/** `polyak retry`: its flags and help. */
import { Argument, type Command } from 'commander';
import { addJson, examples } from '../flags.js';
import { addSettings, tlsSettings } from '../settings.js';
import type { RetryFlags } from '../sweep/retry.js';

export function addRetry(program: Command): void {
  const command = program
    .command('retry')
    .summary('try a failed trial of a sweep again')
    .description(
      'Tries a trial that has failed again, from its last checkpoint, where every trial trains in full: other schedules ' +
        'have decided on its failure already. A sweep that does not run is started for it.',
    )
    .addArgument(new Argument('<trial>', 'such as digits-search-1/17'));
  addJson(addSettings(command, 'state', ...tlsSettings, 'patience'))
    .addHelpText('after', examples('polyak trials @last --status failed', 'polyak retry digits-search-1/17'))
    .action(async (trial: string, flags: RetryFlags) => {
      const { retryCommand } = await import('../sweep/retry.js');
      process.exitCode = await retryCommand(trial, flags);
    });
}
