/** `polyak inspect`: its flags and help. */
import type { Command } from 'commander';
import { addJson, addOverrides, examples } from '../flags.js';
import type { InspectCommandOptions } from '../inspect.js';
import { positiveInteger } from '../numbers.js';
import { addSettings } from '../settings.js';

export function addInspect(program: Command): void {
  const command = program
    .command('inspect')
    .summary('look at a network before its first step')
    .description(
      "Computes the first step of a training without applying it, and shows each layer's activations and gradients, the " +
        'loss beside that of chance, and what is wrong with them: activations that collapse, explode or are saturated, dead ' +
        'or equal units, gradients of one sign, a loss far from chance. Each finding says what to change.',
    )
    .argument('<file>', 'experiment file');
  addJson(addSettings(addOverrides(command), 'backend'), 'one JSON object on stdout: layers, loss and findings')
    .option('--samples <n>', 'samples of the training split (default: those of the first step)', positiveInteger)
    .option('--plot <file.svg>', 'draw deviations of activations and gradients, layer by layer')
    .addHelpText(
      'after',
      examples(
        'polyak inspect examples/digits.yaml',
        'polyak inspect examples/ten-layers.yaml --param initializer=glorotNormal --plot layers.svg',
        "polyak inspect examples/digits.yaml --samples 1000 --json | jq '.findings[].message'",
      ),
    )
    .action(async (file: string, flags: InspectCommandOptions) => {
      const { inspectCommand } = await import('../inspect.js');
      await inspectCommand(file, flags);
    });
}
