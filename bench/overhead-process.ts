/**
 * Training without a cluster for bench/overhead.ts: the same batches, gradients, sums and update, one after another on
 * one thread. Reads a number of steps a line, answers with the mean milliseconds of one, the first ten left out.
 * Usage: overhead-process.js EXPERIMENT, as JSON
 */
import { createInterface } from 'node:readline';
import type { Experiment } from '../common/experiment/schema.js';
import { initialize } from '../common/initializers.js';
import { Arena } from '../server/arithmetic/arena.js';
import { Arithmetic } from '../server/arithmetic/arithmetic.js';
import { allocate } from '../server/chunk.js';
import { stepRules } from '../server/step-rules.js';
import { Batches } from '../worker/batches.js';
import { openDataset } from '../worker/data/dataset.js';
import { TrainingModel } from '../worker/model/training-model.js';
import { configureTensorFlow, loadTensorFlow } from '../worker/tensorflow/load.js';

const warmUp = 10;
const experiment = JSON.parse(process.argv[2] ?? '') as Experiment;
const dataset = await openDataset(experiment);
configureTensorFlow({ backend: 'tensorflow', threads: experiment.train.threads });
const tf = await loadTensorFlow('tensorflow');
const model = await TrainingModel.build(tf, experiment, { inputShape: dataset.shape, outputs: dataset.outputs });
const { manifest } = model;
const floats = manifest.parameterCount;
const arena = new Arena({
  chunkBytes: Math.ceil(floats / 16) * 64,
  arenaBytes: Math.ceil((floats * 4 * 9) / 65_536) * 65_536,
});
const [weights, average, first, second, sum, next] = Array.from({ length: 6 }, () => allocate(arena)) as [
  ...[number, number, number, number, number, number],
];
const parameters = arena.floats(weights, floats);
for (const [index, { initializer, shape, offset, length }] of manifest.parameters.entries()) {
  initialize(initializer, shape, experiment.seed, index, parameters.subarray(offset, offset + length));
}
const statistics = new Float32Array(manifest.statisticsCount);
const batches = new Batches(experiment, dataset);
const rules = stepRules(experiment, manifest, dataset.splits.train.count);
const arithmetic = new Arithmetic(0);

async function trainStep(step: number): Promise<void> {
  const rule = rules.step(step);
  model.setWeights(parameters, statistics);
  for (let leaf = 0; leaf < rule.leaves; leaf += 1) {
    const of = { kind: 'gradient', split: 'train', step, leaf } as const;
    const out = { parameters: arena.floats(leaf === 0 ? sum : next, floats), statistics };
    model.gradient(batches.take(of), batches.draws(of), out);
    if (leaf > 0) await arithmetic.run(0, { kind: 'add', arena, out: sum, left: sum, right: next, n: floats });
  }
  const { reciprocal, optimizer, coefficients, averageDecay } = rule;
  const segment = { start: 0, length: floats };
  const gradient = sum;
  const prepared = { arena, gradient, weights, segments: [{ ...segment, l2: 0 }], reciprocal } as const;
  await arithmetic.run(0, { kind: 'prepare', ...prepared });
  const update = { arena, optimizer, coefficients, weights, gradient, slots: [first, second], average, averageDecay };
  const segments = [{ ...segment, rateMultiplier: 1, frozen: false }];
  await arithmetic.run(0, { kind: 'apply', ...update, segments });
}

console.log(JSON.stringify({ ready: true }));
for await (const line of createInterface({ input: process.stdin })) {
  const steps = Number(line);
  for (let step = 0; step < warmUp; step += 1) await trainStep(step);
  const startedAt = performance.now();
  for (let step = warmUp; step < steps; step += 1) await trainStep(step);
  console.log(JSON.stringify((performance.now() - startedAt) / (steps - warmUp)));
}
