/** `polyak predict`: its flags and help. */
import type { Command } from 'commander';
import { addTestTimeFlag, addTrainedRunFlags, examples, runArgument } from '../flags.js';
import { positiveInteger } from '../numbers.js';
import type { PredictCommandOptions } from '../predict.js';

export function addPredict(program: Command): void {
  const command = program
    .command('predict')
    .summary("predict files with a run's model")
    .description(
      'Says for each sample of the files which classes are likeliest, or the predicted number. ' +
        'Files are pictures (jpg, png, webp, gif, tiff), rows of a csv, or .npy arrays. Exits 3 if any file was wrong.',
    )
    .addArgument(runArgument())
    .argument('<files...>', 'what to predict')
    .option('--top <n>', 'how many classes to name', positiveInteger, 5);
  addTestTimeFlag(command);
  addTrainedRunFlags(command)
    .addHelpText(
      'after',
      examples('polyak predict flowers-1 rose.jpg tulip.png', 'polyak predict digits-1 rows.csv --top 1 --json'),
    )
    .action(async (run: string, files: string[], flags: PredictCommandOptions) => {
      const { predictCommand } = await import('../predict.js');
      process.exitCode = await predictCommand(run, files, flags);
    });
}
