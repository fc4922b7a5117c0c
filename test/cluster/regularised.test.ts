/**
 * "Same experiment, same numbers" with all that draws and all that looks at the data first: the weights do not depend on how
 * many workers there were, nor on one that is killed.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { DataFolder } from '../bad-input/data-files.js';
import { ClusterRun, type RunEvent } from './cluster-run.js';

const digits = {
  source: 'csv',
  path: join(packageRoot(), 'examples/data/digits.csv.gz'),
  header: false,
  validation: 100,
};
const common = {
  seed: 7,
  loss: 'softmaxCrossEntropy',
  metrics: ['accuracy'],
  optimizer: { momentum: { learningRate: 0.02 } },
  weightAverage: { decay: 0.9 },
  objective: { metric: 'validation.accuracy', weights: 'average' },
  train: { epochs: 3, batchSize: 48, microBatchSize: 8 },
  chunkFloats: 512,
};
const kernelInitializer = 'lsuv';
const experiments = {
  images: {
    ...common,
    name: 'regularised-images',
    data: { ...digits, shape: [8, 8, 1] },
    preprocess: [{ standardise: 'channel' }],
    augment: [
      ...[{ flip: 'horizontal' }, { crop: { padding: 1 } }, { rotate: { degrees: 10 } }],
      ...[{ brightness: { factor: 0.2 } }, { contrast: { factor: 0.2 } }, { mixup: { alpha: 0.2 } }],
    ],
    model: [
      { conv2d: { filters: 8, kernelSize: 3, padding: 'same', useBias: false, kernelInitializer } },
      { batchNormalization: { momentum: 0.9 } },
      { activation: 'relu' },
      {
        repeat: {
          times: 2,
          layers: [
            {
              residual: {
                layers: [
                  { conv2d: { filters: 8, kernelSize: 3, padding: 'same', activation: 'relu' } },
                  { batchNormalization: { momentum: 0.9 } },
                ],
                survival: 0.7,
              },
            },
          ],
        },
      },
      { residual: { layers: [{ conv2d: { filters: 8, kernelSize: 1 } }], survival: 0.5, survivalPer: 'microBatch' } },
      { fractionalMaxPooling2d: { ratio: 1.44 } },
      'flatten',
      { dropout: { rate: 0.2, form: 'plain' } },
      { dropConnect: { units: 24, activation: 'relu', rate: 0.4, kernelInitializer } },
      { dense: { units: 10 } },
    ],
  },
  vectors: {
    ...common,
    name: 'regularised-vectors',
    data: { ...digits, shape: [64] },
    preprocess: [{ standardise: 'feature' }, { pca: { components: 24 } }, { whiten: { epsilon: 1e-3 } }],
    model: [
      { dropConnect: { units: 32, activation: 'tanh', rate: 0.3, kernelInitializer } },
      'batchNormalization',
      { dense: { units: 10 } },
    ],
  },
};

const steps = 24;
const timeoutMs = 300_000;
let folder: DataFolder;
beforeAll(() => {
  const files = Object.entries(experiments).map(([name, experiment]) => [`${name}.yaml`, JSON.stringify(experiment)]);
  folder = new DataFolder(Object.fromEntries(files) as Record<string, string>);
});
afterAll(() => folder.remove());

function start(name: string, workers: number, shards: number): ClusterRun {
  const cut = ['--workers', String(workers), '--shards', String(shards)];
  return ClusterRun.train(join(folder.path, `${name}.yaml`), ['--steps', String(steps), ...cut]);
}

async function finished(run: ClusterRun): Promise<RunEvent> {
  try {
    return await run.finished();
  } finally {
    run.remove();
  }
}

function expectSame(result: RunEvent, reference: RunEvent): void {
  for (const key of ['weightsSha256', 'averageSha256', 'validation']) expect(result[key]).toEqual(reference[key]);
}

async function referenceOf(name: string): Promise<RunEvent> {
  const reference = await finished(start(name, 1, 1));
  expect(reference['steps']).toBe(steps);
  expect(reference['weightsSha256']).toMatch(/^[0-9a-f]{64}$/);
  return reference;
}

describe('the weights of a network with every layer that draws', () => {
  let reference: RunEvent;
  beforeAll(async () => {
    reference = await referenceOf('images');
  }, timeoutMs);

  it(
    'are the same for 2 workers and 3 shards',
    async () => {
      expectSame(await finished(start('images', 2, 3)), reference);
    },
    timeoutMs,
  );

  it(
    'are the same for 3 workers of which one is killed half way',
    async () => {
      const run = start('images', 3, 2);
      await run.step(4);
      run.kill('worker', 1);
      expectSame(await finished(run), reference);
    },
    timeoutMs,
  );
});

it(
  'the weights of a network of whitened vectors are the same for 1 worker and for 2, with sums cut into chunks',
  async () => {
    const reference = await referenceOf('vectors');
    expectSame(await finished(start('vectors', 2, 2)), reference);
  },
  2 * timeoutMs,
);
