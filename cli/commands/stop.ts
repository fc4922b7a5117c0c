/** `polyak stop`: its flags and help. */
import type { Command } from 'commander';
import { addJson, examples, runOrSweepArgument } from '../flags.js';
import { addSettings, tlsSettings } from '../settings.js';

export function addStop(program: Command): void {
  const command = program
    .command('stop')
    .summary('stop a run or a sweep at checkpoints')
    .description(
      'Asks a run or a sweep that another terminal shows to end at checkpoints, as Ctrl-C does there, and waits until it has.',
    )
    .addArgument(runOrSweepArgument());
  addJson(addSettings(command, 'state', ...tlsSettings))
    .addHelpText(
      'after',
      examples(
        'polyak stop @last',
        'polyak stop digits-search-1',
        'polyak stop digits-1 && npx polyak resume digits-1 --workers 4',
      ),
    )
    .action(async (run: string, flags: { state: string; json: boolean }) => {
      const { stopCommand } = await import('../stop.js');
      await stopCommand(run, flags);
    });
}
