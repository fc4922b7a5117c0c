/** `polyak train`: its flags and help. */
import type { Command } from 'commander';
import { addSettings } from '../settings.js';
import { addOverrides, addRunFlags, checked, examples } from '../flags.js';
import { positiveInteger } from '../numbers.js';
import type { TrainCommandOptions } from '../train.js';

export function addTrain(program: Command): void {
  const command = program
    .command('train')
    .summary('train an experiment')
    .description(
      'Trains the experiment in FILE with a coordinator, servers and workers on this machine, or on a cluster elsewhere.',
    )
    .argument('<file>', 'experiment file');
  addOverrides(addSettings(addRunFlags(command), 'checkpoints'))
    .option('--steps <n>', 'stop after n steps in all', positiveInteger)
    .option('--epochs <n>', 'train for n epochs: train.epochs=n', positiveInteger)
    .option('--from <run>', 'branch: begin with the last weights of this run instead of drawn ones')
    .addHelpText(
      'after',
      examples(
        'polyak train examples/fashion-mnist.yaml --workers 2 --shards 2',
        'polyak train examples/digits.yaml --steps 100 --set optimizer.adam.learningRate=3e-4',
        'polyak train examples/digits.yaml --from digits-1 --epochs 4   # a new run that goes on from its weights',
        'polyak train examples/digits.yaml --budget 30m                 # ends at a checkpoint, with exit code 6',
        'polyak train examples/digits.yaml --json | tail -1',
        'polyak train examples/digits.yaml --coordinator 10.0.0.1:7350   # the servers must see --state',
      ),
    )
    .action(async (file: string, flags: TrainCommandOptions) => {
      const { trainCommand } = await import('../train.js');
      process.exitCode = await trainCommand(file, checked(flags));
    });
}
