/** `polyak sweep`: its flags and help. */
import { Option, type Command } from 'commander';
import { addJson, checked, collect, examples } from '../flags.js';
import { positiveInteger, wholeNumber } from '../numbers.js';
import { addSettings, tlsSettings } from '../settings.js';
import type { SweepFlags } from '../sweep/sweep.js';

export function addSweep(program: Command): void {
  const command = program
    .command('sweep')
    .summary('search for good hyperparameters')
    .description(
      "Runs the trials of the experiment's search on processes of this machine, or on a cluster elsewhere, until all are over.",
    )
    .argument('[file]', 'experiment file with a search')
    .addOption(
      new Option('--set <path=value>', 'replace a value of the file; may be given again')
        .argParser(collect)
        .default([], 'none'),
    );
  addJson(
    addSettings(
      command,
      ...(['workers', 'shards', 'state', 'coordinator', ...tlsSettings, 'backend', 'checkpoints'] as const),
      ...(['budget', 'patience'] as const),
    ),
  )
    .option(
      '--trials <n>',
      'so many trials: search.trials=n; rounds of coarse to fine are scaled to it, in proportion',
      positiveInteger,
    )
    .option('--parallel <n>', 'so many trials at once at most', positiveInteger)
    .option('--priority <n>', 'of several sweeps on a cluster, the higher one begins trials first', wholeNumber)
    .option('--dry-run', 'say what would run, by one calibrated trial, and run nothing else', false)
    .option('--replay <sweep>', 'repeat the stored decisions of a sweep that has ended, to the same table')
    .option(
      '--idempotency-key <text>',
      'with --coordinator: the same again, by whatever machine, is the same sweep and follows it',
    )
    .option('--detach', 'with --coordinator: submit, and do not follow', false)
    .addHelpText(
      'after',
      examples(
        'polyak sweep examples/digits-search.yaml --workers 4',
        'polyak sweep examples/digits-search.yaml --dry-run',
        'polyak sweep examples/digits-search.yaml --budget 2h           # stops at checkpoints, with exit code 6',
        'polyak sweep examples/lecture-two-layer-search.yaml --trials 200',
        'polyak sweep --replay digits-search-1',
        'polyak sweep examples/digits-search.yaml --coordinator 10.0.0.1:7350 --detach',
        'polyak sweep examples/digits-search.yaml --coordinator 10.0.0.1:7350 --idempotency-key nightly-2026-11-30',
      ),
    )
    .action(async (file: string | undefined, flags: SweepFlags) => {
      const { sweepCommand } = await import('../sweep/sweep.js');
      process.exitCode = await sweepCommand(file, checked(flags));
    });
}
