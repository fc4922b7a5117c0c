import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { defineExperiment } from '../../common/experiment/load.js';
import type { Experiment, ExperimentInput } from '../../common/experiment/schema.js';
import { passLeaves } from '../../common/plan.js';
import { finishStatistics } from '../../common/preprocessing/finish-statistics.js';
import { preprocessProblem, preprocessWarning } from '../../common/preprocessing/preprocess-problem.js';
import { symmetricEigen } from '../../common/preprocessing/symmetric-eigen.js';
import { CounterRandom, Purpose } from '../../common/random.js';
import { Preprocessor } from '../../inference/preprocessor.js';
import { Batches } from '../../worker/batches.js';
import { openDataset } from '../../worker/data/dataset.js';
import { localStatistics } from '../../worker/local-statistics.js';
import { DataFolder, experimentOn, idxSplit, type Files } from '../bad-input/data-files.js';

interface Golden {
  data: number[][];
  standardised: number[][];
  rotated: number[][];
  whitened: number[][];
  threeOfStandardised: number[][];
  shares: number[];
}

const golden = JSON.parse(readFileSync(new URL('../golden/preprocess.json', import.meta.url), 'utf8')) as Golden;

const folders: DataFolder[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) folder.remove();
});

type Entries = Experiment['preprocess'];
type Given = NonNullable<ExperimentInput['preprocess']>;

interface Prepared {
  experiment: Experiment;
  vector: Float32Array;
  /** Of the training split, in its order, as evaluation takes it. */
  samples: number[][];
}

async function prepare(files: Files, data: object, preprocess: Given): Promise<Prepared> {
  const folder = new DataFolder(files);
  folders.push(folder);
  const input = { ...data, path: 'path' in data ? join(folder.path, String(data.path)) : folder.path };
  const train = { epochs: 1, batchSize: 8, microBatchSize: 4 };
  const experiment = defineExperiment(experimentOn(input as never, { preprocess, train }));
  const dataset = await openDataset(experiment);
  const batches = new Batches(experiment, dataset);
  const trainCount = dataset.splits.train.count;
  const vector = await localStatistics(batches, { experiment, shape: dataset.shape, trainCount });
  batches.setPreprocess(vector);
  const samples: number[][] = [];
  for (let leaf = 0; leaf < passLeaves(trainCount, 4); leaf += 1) {
    const { inputs, count } = batches.take({ kind: 'evaluate', split: 'train', step: 0, leaf });
    const width = inputs.length / count;
    for (let at = 0; at < count; at += 1) samples.push(Array.from(inputs.slice(at * width, (at + 1) * width)));
  }
  return { experiment, vector, samples };
}

/** The golden data, none of which is held out. */
async function prepareGolden(preprocess: Given): Promise<Prepared> {
  const rows = golden.data.map((row, index) => [...row, `class${index % 3}`].join(','));
  const csv = ['a,b,c,d,e,label', ...rows, ''].join('\n');
  return await prepare({ 'table.csv': csv }, { source: 'csv', path: 'table.csv' }, preprocess);
}

function expectClose(actual: number[][], expected: number[][], digits = 4): void {
  expect(actual.map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
  actual.forEach((row, at) => row.forEach((value, j) => expect(value).toBeCloseTo(expected[at]![j]!, digits)));
}

function covarianceOf(samples: number[][]): number[][] {
  const width = samples[0]!.length;
  const mean = (of: (sample: number[]) => number) =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const means = Array.from({ length: width }, (_, i) => mean((sample) => sample[i]!));
  return means.map((a, i) => means.map((b, j) => mean((sample) => (sample[i]! - a) * (sample[j]! - b))));
}

const identity = (size: number) =>
  Array.from({ length: size }, (_, i) => Array.from({ length: size }, (__, j) => Number(i === j)));

describe('the samples are those of NumPy when they are', () => {
  it('standardised', async () => {
    expectClose((await prepareGolden([{ standardise: 'feature' }])).samples, golden.standardised);
  });

  it('turned to the directions of most variance', async () => {
    expectClose((await prepareGolden([{ pca: {} }])).samples, golden.rotated, 3);
  });

  it('whitened, so that their covariance is the identity', async () => {
    const { samples } = await prepareGolden([{ whiten: {} }]);
    expectClose(samples, golden.whitened, 3);
    expectClose(covarianceOf(samples), identity(5), 3);
  });

  it('standardised, cut down to three directions, and whitened', async () => {
    const entries = [
      { standardise: 'feature' as const },
      { pca: { components: 3 } },
      { whiten: { epsilon: 0.01 } },
      { scale: 2 },
    ];
    const twice = golden.threeOfStandardised.map((row) => row.map((value) => 2 * value));
    expectClose((await prepareGolden(entries)).samples, twice, 3);
  });
});

describe('a PCA by its share of the variance', () => {
  it('keeps the first directions that have it, and leaves 0 of the others, so that samples keep their width', async () => {
    // The first two have 0.90 of the variance, the first three 0.98.
    const [, two = 0, three = 0] = golden.shares;
    const between = (two + three) / 2;
    const { samples } = await prepareGolden([{ pca: { variance: between } }]);
    const expected = golden.rotated.map((row) => row.map((value, at) => (at < 3 ? value : 0)));
    expectClose(samples, expected, 3);
  });
});

describe('standardising', () => {
  it('by hand: 1, 3, 5, 7 and a feature that never changes', () => {
    // Deviations from the reference 3: -2, 0, 2, 4 with sum 4 and squares 24; mean 4; variance 24 / 4 - (4 / 4)^2 = 5.
    const sums = Float32Array.of(16, 36, 4, 0, 24, 0);
    const { vector } = finishStatistics([{ standardise: 'feature' }], [2], sums, 4);
    expect(Array.from(vector)).toEqual([4, 9, Math.fround(1 / Math.sqrt(5)), 1]);
  });

  it('of channels has mean 0 and deviation 1 over samples and places, and the places keep their differences', async () => {
    const split = idxSplit('train', { count: 12, height: 3, width: 3 });
    const files = { ...split, ...idxSplit('t10k', { count: 3, height: 3, width: 3 }) };
    const { samples } = await prepare(files, { source: 'idx' }, [{ standardise: 'channel' }]);
    const all = samples.flat();
    const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
    expect(mean).toBeCloseTo(0, 5);
    expect(all.reduce((sum, value) => sum + value * value, 0) / all.length).toBeCloseTo(1, 5);
    // Pixels are counted from 0 on.
    const step = samples[0]![1]! - samples[0]![0]!;
    samples[0]!.forEach((value, at) => expect(value - samples[0]![0]!).toBeCloseTo(at * step, 5));
  });
});

describe('whoever predicts prepares samples to the same bits', () => {
  it.each([[[{ standardise: 'feature' }]], [[{ pca: { components: 2 } }, { whiten: {} }]]] as Given[][])(
    '%j',
    async (preprocess) => {
      const { experiment, vector, samples } = await prepareGolden(preprocess);
      const preprocessor = new Preprocessor({ experiment, shape: [5], vector, bytesPerValue: 4 });
      const order = golden.data.slice(0, 4);
      const prepared = preprocessor.prepare(Float32Array.from(order.flat()));
      const width = samples[0]!.length;
      const rows = order.map((_, at) => Array.from(prepared.slice(at * width, (at + 1) * width)));
      for (const row of rows) expect(samples).toContainEqual(row);
    },
  );
});

describe('eigenvalues', () => {
  it('by hand: of [[2, 1], [1, 2]] they are 3 and 1, of a diagonal it is itself in order', () => {
    const root = expect.closeTo(Math.SQRT1_2, 12) as number;
    const { values, vectors } = symmetricEigen([Float64Array.of(2, 1), Float64Array.of(1, 2)]);
    expect(Array.from(values)).toEqual([expect.closeTo(3, 12), expect.closeTo(1, 12)]);
    expect(Array.from(vectors[0]!)).toEqual([root, root]);
    expect(Array.from(vectors[1]!, Math.abs)).toEqual([root, root]);
    const diagonal = symmetricEigen([Float64Array.of(1, 0, 0), Float64Array.of(0, 5, 0), Float64Array.of(0, 0, 2)]);
    expect(Array.from(diagonal.values)).toEqual([5, 2, 1]);
    expect(diagonal.vectors.map((vector) => [...vector])).toEqual([[0, 1, 0], [0, 0, 1], [1, 0, 0]]); // prettier-ignore
    expect(symmetricEigen([Float64Array.of(7)])).toEqual({ values: Float64Array.of(7), vectors: [Float64Array.of(1)] });
  });

  it('of random matrices, some without full rank, give the matrix back, and their vectors are orthonormal', () => {
    const random = new CounterRandom(231, Purpose.test);
    for (const [size, rank] of [
      [2, 1],
      [9, 9],
      [40, 40],
      [40, 7],
      [64, 64],
    ] as const) {
      // prettier-ignore
      const factors = Array.from({ length: rank }, () => Float64Array.from({ length: size }, () => random.normal()));
      const entry = (i: number, j: number) => factors.reduce((sum, row) => sum + row[i]! * row[j]!, 0);
      const matrix = Array.from({ length: size }, (_, i) =>
        Float64Array.from({ length: size }, (__, j) => entry(i, j)),
      );
      const { values, vectors } = symmetricEigen(matrix.map((row) => row.slice()));
      for (let i = 0; i < size; i += 1) {
        for (let j = 0; j < size; j += 1) {
          const back = vectors.reduce((sum, vector, k) => sum + values[k]! * vector[i]! * vector[j]!, 0);
          expect(Math.abs(back - matrix[i]![j]!)).toBeLessThan(1e-11 * values[0]!);
          const product = vectors[i]!.reduce((sum, value, k) => sum + value * vectors[j]![k]!, 0);
          expect(Math.abs(product - Number(i === j))).toBeLessThan(1e-12);
        }
      }
      expect(values.every((value, k) => k === 0 || value <= values[k - 1]!)).toBe(true);
    }
  });
});

describe('preprocessing is refused', () => {
  const whiten = { whiten: { epsilon: 1e-5 } };
  it.each<[string, Entries, number[], number, string]>([
    [
      'of more features than samples',
      [whiten],
      [64],
      50,
      'preprocess: whiten: there are 64 features, but only 50 training samples: around their mean they vary in at most 49 directions, and whitening would divide the others by nothing; give it pca: { components: 49 } or fewer, or more samples',
    ],
    [
      'with as many directions as samples',
      [{ pca: { components: 50 } }, whiten],
      [64],
      50,
      'preprocess: pca.components: is 50, but only 50 training samples',
    ],
    [
      'with more directions than features',
      [{ pca: { components: 5 } }],
      [4],
      50,
      'preprocess: pca.components: is 5, samples have only 4 features',
    ],
    ['of large images', [{ pca: {} }], [96, 96, 3], 9e5, 'preprocess: pca: samples have 27648 features, it is for at'],
    [
      'with a matrix that is too large',
      [whiten],
      [32, 32, 3],
      5e4,
      'preprocess: whiten: a matrix of 3072 x 3072 is too large to be kept with the weights; give it pca: { components: 341 } or fewer',
    ],
  ])('%s', (_, entries, shape, samples, message) => {
    expect(preprocessProblem(entries, shape, samples)).toContain(message);
  });

  it('but not where there are more samples than directions, or nothing is divided', () => {
    expect(preprocessProblem([whiten], [64], 65)).toBeUndefined();
    expect(preprocessProblem([{ pca: { components: 49 } }, whiten], [64], 50)).toBeUndefined();
    expect(preprocessProblem([{ pca: {} }], [64], 5)).toBeUndefined();
    expect(preprocessProblem([{ subtractMean: 'image' }], [96, 96, 3], 5)).toBeUndefined();
  });

  it('where a direction has no variance to divide by', () => {
    // Two features that are the same: 0, 1, 2, 3 with squares and products 14 and the reference 0.
    const sums = Float32Array.of(6, 6, 6, 6, 14, 14, 14);
    const finish = (epsilon: number) => finishStatistics([{ whiten: { epsilon } }], [2], sums, 4);
    expect(() => finish(0)).toThrow(
      /^preprocess: whiten: of 2 directions, 1 have next to no variance .*pca: \{ components: 1 \}/,
    );
    // Mean 1.5, variance 14 / 4 - 1.5^2 = 1.25, so 2.5 along (1, 1).
    const { vector } = finish(1e-3);
    expect(vector[2]).toBeCloseTo(Math.SQRT1_2 / Math.sqrt(2.501), 6);
  });

  it('of images with a warning alone', () => {
    expect(preprocessWarning([whiten], [28, 28, 1])).toMatch(
      /^preprocess: whiten of samples of shape \[28, 28, 1\] is unusual/,
    );
    expect(preprocessWarning([whiten], [64])).toBeUndefined();
    expect(preprocessWarning([{ standardise: 'channel' }], [28, 28, 1])).toBeUndefined();
  });
});
