/** `polyak evaluate`: its flags and help. */
import { Option, type Command } from 'commander';
import { PolyakError } from '../../common/errors.js';
import type { EvaluateCommandOptions } from '../evaluate.js';
import { addTestTimeFlag, addTrainedRunFlags, examples, runArgument } from '../flags.js';

export function addEvaluate(program: Command): void {
  const command = program
    .command('evaluate')
    .summary('measure a run on labelled data')
    .description(
      "Gives loss, metrics, a row for each class and the most frequent confusions of a run's newest checkpoint.",
    )
    .addArgument(runArgument('[run]'))
    .option(
      '--ensemble <runs>',
      'the mean prediction of several runs, with commas between them, of the best of a sweep, top:5, or of the snapshots of one run, snapshots:5',
    )
    .addOption(new Option('--split <name>', 'which samples').choices(['test', 'validation', 'train']).default('test'))
    .option('--data <path>', 'other data of the same source; what has no splits of its own is taken in whole');
  addTestTimeFlag(command);
  addTrainedRunFlags(command)
    .addHelpText(
      'after',
      examples(
        'polyak evaluate digits-1',
        'polyak evaluate digits-1 --weights average --split validation --json',
        'polyak evaluate flowers-1 --augment tenCrop',
        'polyak evaluate --ensemble digits-1,digits-2,digits-3',
        'polyak evaluate digits-search-1 --ensemble top:5',
        'polyak evaluate digits-1 --ensemble snapshots:3    # of checkpoint: { snapshots: { every: 5, keep: 3 } }',
      ),
    )
    .action(async (run: string | undefined, flags: EvaluateCommandOptions & { ensemble?: string }) => {
      const { ensemble, ...options } = flags;
      if (ensemble !== undefined && options.augment !== undefined) {
        throw new PolyakError('usage', '--augment: goes with one run, not with --ensemble; leave one of them out');
      }
      if (ensemble !== undefined) {
        const { ensembleCommand, membersOf } = await import('../ensemble.js');
        return await ensembleCommand(await membersOf(ensemble, run, options), options);
      }
      if (run === undefined) throw new PolyakError('usage', 'evaluate: which run? Or --ensemble RUN,RUN');
      const { evaluateCommand } = await import('../evaluate.js');
      await evaluateCommand(run, options);
    });
}
