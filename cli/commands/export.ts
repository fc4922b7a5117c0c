/** `polyak export`: its flags and help. */
import { Option, type Command } from 'commander';
import { exportFormats } from '../../inference/export/format.js';
import { quantisations } from '../../inference/export/quantise.js';
import type { ExportCommandOptions } from '../export.js';
import { addJson, examples, runArgument, weightsOption } from '../flags.js';
import { addSettings, tlsSettings } from '../settings.js';

export function addExport(program: Command): void {
  const command = program
    .command('export')
    .summary("write a run's model for others to read")
    .description(
      "Writes a run's model as safetensors (the weights alone), for TensorFlow.js, or as ONNX. The graph takes samples " +
        'as they are: preprocessing is in it, and so is the final softmax or sigmoid.',
    )
    .addArgument(runArgument())
    .addOption(new Option('--format <name>', 'what to write').choices(exportFormats).makeOptionMandatory())
    .addOption(weightsOption())
    .addOption(
      new Option('--quantise <type>', 'how kernels are stored: smaller, and less exact').choices(quantisations),
    )
    .option('--out <dir>', "where to (default: export/<format> in the run's folder)");
  addJson(addSettings(command, 'state', ...tlsSettings))
    .addHelpText(
      'after',
      examples(
        'polyak export digits-1 --format onnx --out model',
        'polyak export digits-1 --format tfjs --weights average --quantise float16',
      ),
    )
    .action(async (run: string, flags: ExportCommandOptions) => {
      const { exportCommand } = await import('../export.js');
      await exportCommand(run, flags);
    });
}
