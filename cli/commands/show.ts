/** `polyak show`: its flags and help. */
import type { Command } from 'commander';
import { addJson, examples, runOrSweepArgument } from '../flags.js';
import { addSettings, tlsSettings } from '../settings.js';

export function addShow(program: Command): void {
  const command = program
    .command('show')
    .summary('show a run, a sweep or its trial, or the experiment')
    .description(
      'Shows what a run is, where it comes from, its curve and its results; or its experiment, which `polyak train` takes as it is. ' +
        'Of a sweep: its space, how far it is, what it found and what it took.',
    )
    .addArgument(runOrSweepArgument());
  addJson(addSettings(command, 'state', ...tlsSettings))
    .option('--experiment', 'only the experiment with all its defaults, as YAML', false)
    .addHelpText(
      'after',
      examples(
        'polyak show digits-1',
        'polyak show digits-search-1',
        'polyak show digits-search-1/17',
        'polyak show digits-search-1@best',
        'polyak show digits-1 --experiment > again.yaml && npx polyak train again.yaml   # the same weights',
      ),
    )
    .action(async (run: string, flags: { state: string; experiment: boolean; json: boolean }) => {
      const { showCommand } = await import('../show.js');
      await showCommand(run, flags);
    });
}
