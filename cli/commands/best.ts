/** `polyak best`: its flags and help. */
import type { Command } from 'commander';
import { addJson, examples, sweepArgument } from '../flags.js';
import { addSettings } from '../settings.js';

export function addBest(program: Command): void {
  const command = program
    .command('best')
    .summary('show the best trial of a sweep')
    .description('Shows the best trial of a sweep, running or not, with its parameters.')
    .addArgument(sweepArgument());
  addJson(addSettings(command, 'state'), 'the trial as one JSON object')
    .addHelpText('after', examples('polyak best @last', 'polyak best digits-search-1 --json'))
    .action(async (sweep: string, flags: { state: string; json: boolean }) => {
      const { bestCommand } = await import('../sweep/best.js');
      await bestCommand(sweep, flags);
    });
}
