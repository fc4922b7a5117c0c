/** The experiments that are timed as whole runs, on data of noise, and how such a run is timed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { train } from '../cli/training-run.js';
import { defineExperiment } from '../common/experiment/load.js';
import type { Experiment } from '../common/experiment/schema.js';
import type { TlsOptions } from '../common/tls/tls-options.js';
import { syntheticCifar10, syntheticIdx } from './synthetic-data.js';

const trainCount = 5120;
const adam = { learningRate: 1e-4 };
const common = { loss: 'softmaxCrossEntropy', metrics: ['accuracy'], optimizer: { adam }, checkpoint: { every: 3600 } };

/** conv32-pool-conv64-pool-dense128-10 on 32x32x3. */
export function convolutional(batchSize: number, microBatchSize: number): Experiment {
  const convolution = (filters: number) => [
    { conv2d: { filters, kernelSize: 3, padding: 'same', activation: 'relu' } },
    { maxPooling2d: { poolSize: 2 } },
  ];
  const dense = [{ dense: { units: 128, activation: 'relu' } }, { dense: { units: 10 } }];
  return defineExperiment({
    ...common,
    name: 'bench-convolutional',
    data: { source: 'cifar10', path: syntheticCifar10(trainCount) },
    model: [...convolution(32), ...convolution(64), 'flatten', ...dense],
    train: { epochs: 1000, batchSize, microBatchSize, threads: 1 },
  } as Parameters<typeof defineExperiment>[0]);
}

/** 784-512-512-10. */
export function perceptron(batchSize: number, microBatchSize: number): Experiment {
  const hidden = { dense: { units: 512, activation: 'relu' } };
  return defineExperiment({
    ...common,
    name: 'bench-perceptron',
    data: { source: 'idx', path: syntheticIdx(trainCount) },
    model: ['flatten', hidden, hidden, { dense: { units: 10 } }],
    train: { epochs: 1000, batchSize, microBatchSize, threads: 1 },
  } as Parameters<typeof defineExperiment>[0]);
}

/** Removes an experiment's data. */
export function removeData({ data }: Experiment): void {
  rmSync(data.path, { recursive: true, force: true });
}

/** Milliseconds a step of a real run, start and first steps left out: between the first progress told and the last. */
export async function clusterStepMs(
  experiment: Experiment,
  workers: number,
  steps: number,
  tls?: TlsOptions,
): Promise<number> {
  const state = mkdtempSync(join(tmpdir(), 'polyak-bench-'));
  const told: { at: number; step: number }[] = [];
  try {
    const run = train(experiment, { workers, steps, state, tls });
    for await (const event of run.events) {
      if (event.event === 'progress') told.push({ at: performance.now(), step: event.step });
    }
    await run.result;
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
  const warm = told.filter(({ step }) => step >= Math.min(10, steps / 4));
  const [first, last] = [warm[0], warm.at(-1)];
  if (!first || !last || first.step === last.step) throw new Error(`${steps} steps are too few to be timed`);
  return (last.at - first.at) / (last.step - first.step);
}
