/** `polyak evaluate`: its flags and help. */
import { Option, type Command } from 'commander';
import type { EvaluateCommandOptions } from '../evaluate.js';
import { addTrainedRunFlags, examples, runArgument } from '../flags.js';

export function addEvaluate(program: Command): void {
  const command = program
    .command('evaluate')
    .summary('measure a run on labelled data')
    .description(
      "Gives loss, metrics, a row for each class and the most frequent confusions of a run's newest checkpoint.",
    )
    .addArgument(runArgument())
    .addOption(new Option('--split <name>', 'which samples').choices(['test', 'validation', 'train']).default('test'))
    .option('--data <path>', 'other data of the same source; what has no splits of its own is taken in whole');
  addTrainedRunFlags(command)
    .addHelpText(
      'after',
      examples('polyak evaluate digits-1', 'polyak evaluate digits-1 --weights average --split validation --json'),
    )
    .action(async (run: string, flags: EvaluateCommandOptions) => {
      const { evaluateCommand } = await import('../evaluate.js');
      await evaluateCommand(run, flags);
    });
}
