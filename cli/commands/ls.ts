/** `polyak ls`: its flags and help. */
import type { Command } from 'commander';
import { addJson, examples } from '../flags.js';
import { addSettings, tlsSettings } from '../settings.js';

export function addLs(program: Command): void {
  const command = program
    .command('ls')
    .summary('list the runs and sweeps')
    .description(
      'Lists the runs of the state folder, oldest first: state, steps, scores, and where they branched from; then its sweeps: state, ' +
        'trials that are over, and the best.',
    );
  addJson(addSettings(command, 'state', ...tlsSettings))
    .addHelpText('after', examples('polyak ls', 'polyak ls --state /shared/runs --json'))
    .action(async (flags: { state: string; json: boolean }) => {
      const { listCommand } = await import('../ls.js');
      await listCommand(flags);
    });
}
