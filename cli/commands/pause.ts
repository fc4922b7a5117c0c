/** `polyak pause`: its flags and help. */
import type { Command } from 'commander';
import { addJson, examples, sweepArgument } from '../flags.js';
import { addSettings, tlsSettings } from '../settings.js';
import type { ChangeFlags } from '../sweep/change-sweep.js';

export function addPause(program: Command): void {
  const command = program
    .command('pause')
    .summary('let a sweep rest')
    .description('Lets a sweep that runs rest: its trials stop at checkpoints, none begins; `polyak resume` goes on.')
    .addArgument(sweepArgument());
  addJson(addSettings(command, 'state', ...tlsSettings))
    .addHelpText('after', examples('polyak pause @last', 'polyak resume @last'))
    .action(async (sweep: string, flags: ChangeFlags) => {
      const { changeSweep } = await import('../sweep/change-sweep.js');
      await changeSweep(sweep, 'PAUSE', flags);
    });
}
