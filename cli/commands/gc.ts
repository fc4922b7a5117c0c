/** `polyak gc`: its flags and help. */
import type { Command } from 'commander';
import { addJson, examples, sweepArgument } from '../flags.js';
import { addSettings, tlsSettings } from '../settings.js';
import type { CollectFlags } from '../sweep/collect-garbage.js';

export function addGc(program: Command): void {
  const command = program
    .command('gc')
    .summary('delete what sweeps keep for nothing')
    .description(
      'Deletes checkpoints of trials that are over and not among the best `search.keep`, and folders of trials that the ' +
        'store does not know; of one sweep, or of all.',
    )
    .addArgument(sweepArgument('[sweep]'));
  addJson(addSettings(command, 'state', ...tlsSettings))
    .option('--dry-run', 'only say what would be deleted', false)
    .addHelpText('after', examples('polyak gc --dry-run', 'polyak gc digits-search-1'))
    .action(async (sweep: string | undefined, flags: CollectFlags) => {
      const { collectCommand } = await import('../sweep/collect-garbage.js');
      await collectCommand(sweep, flags);
    });
}
