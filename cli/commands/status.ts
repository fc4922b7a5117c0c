/** `polyak status`: its flags and help. */
import type { Command } from 'commander';
import { addJson, examples, runArgument } from '../flags.js';
import { addSettings } from '../settings.js';

export function addStatus(program: Command): void {
  const command = program
    .command('status')
    .summary('say how far a run is')
    .description('Says how far a run is and which processes it has; without a run, lists all that run now.')
    .addArgument(runArgument('[run]'));
  addJson(addSettings(command, 'state'))
    .addHelpText('after', examples('polyak status', 'polyak status @last', 'polyak status digits-1 --json'))
    .action(async (run: string | undefined, flags: { state: string; json: boolean }) => {
      const { statusCommand } = await import('../status.js');
      await statusCommand(run, flags);
    });
}
