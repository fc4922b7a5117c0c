/** `polyak set`: its flags and help. */
import type { Command } from 'commander';
import { addJson, examples, sweepArgument } from '../flags.js';
import { addSettings, tlsSettings } from '../settings.js';
import type { ChangeFlags } from '../sweep/change-sweep.js';

export function addSet(program: Command): void {
  const command = program
    .command('set')
    .summary('change a sweep that runs')
    .description(
      'Changes what of a sweep may be changed while it runs: trials, parallel, workers, priority, budget.epochs, budget.time, budget.computeTime, budget.failedTrials, price, keep, retries, sameFailures.',
    )
    .addArgument(sweepArgument())
    .argument('<name=value...>', 'such as workers=4 or budget.time=2h; none takes a limit away');
  addJson(addSettings(command, 'state', ...tlsSettings))
    .addHelpText(
      'after',
      examples(
        'polyak set @last workers=4 budget.time=2h',
        'polyak set @last trials=400          # more than before; of coarse to fine, in the rounds that have not begun',
        'polyak set @last parallel=none',
      ),
    )
    .action(async (sweep: string, assignments: string[], flags: ChangeFlags) => {
      const { changeSweep, parseSettings } = await import('../sweep/change-sweep.js');
      await changeSweep(sweep, 'SET', flags, parseSettings(assignments));
    });
}
