/** `polyak compare`: its flags and help. */
import type { Command } from 'commander';
import { addJson, examples, runArgument } from '../flags.js';
import { addSettings, tlsSettings } from '../settings.js';

export function addCompare(program: Command): void {
  const command = program
    .command('compare')
    .summary('put runs side by side')
    .description('Shows where the experiments of runs differ, by dotted path, and what came out of each.')
    .addArgument(runArgument('<runs...>', 'two or more runs, each'));
  addJson(addSettings(command, 'state', ...tlsSettings))
    .addHelpText(
      'after',
      examples(
        'polyak compare digits-1 digits-2',
        'polyak compare digits-1 digits-2 @last --json',
        'polyak compare digits-search-1/3 digits-search-1@best',
      ),
    )
    .action(async (runs: string[], flags: { state: string; json: boolean }) => {
      const { compareCommand } = await import('../compare.js');
      await compareCommand(runs, flags);
    });
}
