/** `polyak status`: its flags and help. */
import type { Command } from 'commander';
import { addJson, examples, runOrSweepArgument } from '../flags.js';
import { addSettings, tlsSettings } from '../settings.js';

export function addStatus(program: Command): void {
  const command = program
    .command('status')
    .summary('say how far a run or a sweep is')
    .description('Says how far a run or a sweep is and which processes it has; without one, lists all that run now.')
    .addArgument(runOrSweepArgument('[run]'));
  addJson(addSettings(command, 'state', ...tlsSettings))
    .addHelpText(
      'after',
      examples(
        'polyak status',
        'polyak status @last',
        'polyak status digits-search-1',
        'polyak status digits-1 --json',
      ),
    )
    .action(async (run: string | undefined, flags: { state: string; json: boolean }) => {
      const { statusCommand } = await import('../status.js');
      await statusCommand(run, flags);
    });
}
