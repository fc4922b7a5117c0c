/** What augmentation does, against Pillow, NumPy and SciPy: the cases of test/golden/augment.py. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { augmentKernels } from '../../common/kernels/augment-kernels.js';
import { defineExperiment } from '../../common/experiment/load.js';
import { packageRoot } from '../../common/package-root.js';
import { CounterRandom, Purpose } from '../../common/random.js';
import { PictureWarp } from '../../inference/picture-warp.js';
import {
  boxMap,
  compose,
  mirrorMap,
  rotationMap,
  shiftMap,
  type AffineMap,
  type Box,
} from '../../worker/data/augment/affine-map.js';
import { colourMatrix } from '../../worker/data/augment/colour.js';
import { drawBeta } from '../../worker/data/augment/mixing.js';
import { principalComponents } from '../../worker/data/augment/principal-components.js';
import { BatchAssembler, type Draws } from '../../worker/data/batch-assembler.js';
import { openDataset } from '../../worker/data/dataset.js';
import { lossNamed, summedLoss } from '../../worker/model/loss.js';
import { configureTensorFlow, loadTensorFlow, type TF } from '../../worker/tensorflow/load.js';
import { DataFolder, experimentOn } from '../bad-input/data-files.js';

type Shape = [number, number, number];

interface Geometry {
  name: string;
  shape: Shape;
  picture: number[];
  degrees?: number;
  box?: Box;
  shift?: [number, number];
  expected: number[];
}

interface Golden {
  geometry: Geometry[];
  colours: {
    name: string;
    shape: Shape;
    bytes: number[];
    factors: { brightness: number; contrast: number; saturation: number };
    light: number[];
    expected: number[];
    enhanced: number[];
  }[];
  components: { shape: Shape; pixels: number[]; variances: number[]; directions: number[][] };
  beta: { alpha: number; points: number[]; cumulative: number[] }[];
  crossEntropy: {
    smoothing: number;
    logits: number[];
    labels: number[];
    others: number[];
    shares: number[];
    weights: number[];
    lossSum: number;
    gradient: number[];
  }[];
  erased: {
    shape: Shape;
    pictures: number[];
    cases: { augment: object; draws: Draws; expected: number[] }[];
  };
}

const golden = JSON.parse(readFileSync(join(packageRoot(), 'test/golden/augment.json'), 'utf8')) as Golden;

function worst(actual: ArrayLike<number>, expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length);
  return Math.max(...expected.map((value, index) => Math.abs(value - actual[index]!)));
}

function mapOf({ degrees, box, shift, shape: [height, width] }: Geometry): AffineMap {
  const size = { height, width };
  if (degrees !== undefined) return rotationMap(degrees, size);
  if (box) return boxMap(box, size);
  return shift ? shiftMap(...shift) : mirrorMap(size);
}

describe("the geometry is Pillow's:", () => {
  it.each(golden.geometry)('$name of $shape', (given) => {
    const warp = new PictureWarp(given.shape, 1);
    const [out] = [...warp.each(Float32Array.from(given.picture), 1, [mapOf(given)])];
    expect(worst(out!, given.expected)).toBeLessThan(2e-6);
  });

  it('one map after another is both in one, but for what is interpolated twice', () => {
    const size = { height: 6, width: 9 };
    const [first, then] = [rotationMap(30, size), boxMap({ left: 1, top: 2, width: 4, height: 3 }, size)];
    const both = compose(first, then);
    const at = ([a, b, c, d, e, f]: AffineMap, [x, y]: [number, number]): [number, number] => [
      a * x + b * y + c,
      d * x + e * y + f,
    ];
    const [x, y] = at(then, at(first, [5, 3]));
    expect(at(both, [5, 3])[0]).toBeCloseTo(x, 12);
    expect(at(both, [5, 3])[1]).toBeCloseTo(y, 12);
  });
});

/** What the kernel `recolour` makes of bytes. */
function recoloured(bytes: readonly number[], matrix: readonly number[]): Float32Array {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536, shared: true });
  const [samples, colours] = [4096, 2048];
  const values = new Float32Array(memory.buffer, samples, bytes.length);
  values.set(bytes.map((byte) => byte / 255));
  new Float32Array(memory.buffer, colours, matrix.length).set(matrix);
  augmentKernels(memory).recolour(samples, 1, bytes.length / 3, colours, 0, 1);
  return values;
}

/** The mean grey of a picture, as the draws of contrast need it. */
function meanGrey(bytes: readonly number[]): number {
  const parts = [0.299, 0.587, 0.114];
  return bytes.reduce((sum, byte, index) => sum + (parts[index % 3]! * byte) / 255, 0) / (bytes.length / 3);
}

describe("colours are NumPy's, and Pillow's but for its rounding to bytes:", () => {
  it.each(golden.colours)('$name', ({ bytes, factors, light, expected, enhanced }) => {
    const { brightness, contrast, saturation } = factors;
    const grey = (1 - contrast) * brightness * meanGrey(bytes);
    const colouring = { gain: brightness * contrast, saturation, offset: light.map((each) => each + grey) };
    expect(worst(recoloured(bytes, colourMatrix(colouring)), expected)).toBeLessThan(1e-6);
    // Three steps, each of which Pillow cuts down to a whole byte, and the grey's mean besides.
    const unlit = recoloured(bytes, colourMatrix({ ...colouring, offset: [grey, grey, grey] }));
    const inBytes = Array.from(unlit, (value) => value * 255);
    expect(worst(inBytes, enhanced)).toBeLessThan(3);
  });
});

it("principal components are those of NumPy's eigh, by the sums of the kernel", () => {
  const { shape, pixels, variances, directions } = golden.components;
  const features = shape[0] * shape[1] * shape[2];
  const samples = pixels.length / features;
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536, shared: true });
  const [store, rows, out] = [8192, 4096, 2048];
  new Float32Array(memory.buffer, store, pixels.length).set(pixels);
  new Uint32Array(memory.buffer, rows, samples).set(Array.from({ length: samples }, (_, index) => index));
  augmentKernels(memory).colourProductsOfFloats(out, store, rows, samples, features / 3);
  const products = new Float32Array(memory.buffer, out, 6).map((sum) => sum / samples);
  const mean = Float32Array.from({ length: features }, (_, feature) => {
    const values = Array.from({ length: samples }, (__, sample) => pixels[sample * features + feature]!);
    return values.reduce((sum, value) => sum + value, 0) / samples;
  });
  const found = principalComponents(mean, products);
  for (const [index, { variance, colour }] of found.entries()) {
    expect(Math.abs(variance - variances[index]!)).toBeLessThan(2e-7);
    expect(worst(colour, directions[index]!)).toBeLessThan(1e-3);
  }
});

describe("λ is distributed as SciPy's Beta:", () => {
  it.each(golden.beta)('alpha $alpha', ({ alpha, points, cumulative }) => {
    const count = 20_000;
    const draws = Float64Array.from({ length: count }, (_, index) =>
      drawBeta(alpha, new CounterRandom(231, Purpose.test, index)),
    );
    for (const [index, point] of points.entries()) {
      const below = draws.reduce((sum, draw) => sum + Number(draw <= point), 0) / count;
      // Kolmogorov's bound for one in a thousand seeds is 1.95 / √20,000 = 0.0138.
      expect(Math.abs(below - cumulative[index]!)).toBeLessThan(0.0138);
    }
    const mean = draws.reduce((sum, draw) => sum + draw, 0) / count;
    const variance = draws.reduce((sum, draw) => sum + (draw - mean) ** 2, 0) / count;
    // 1/2 and 1 / (4 (2 alpha + 1)), each within four standard errors of at most 0.5 / √20,000.
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.0142);
    expect(Math.abs(variance - 1 / (4 * (2 * alpha + 1)))).toBeLessThan(0.0142);
  });
});

describe("what is erased is a rectangle of NumPy's, filled with the mean picture, by", () => {
  const { shape, pictures, cases } = golden.erased;
  const features = shape[0] * shape[1] * shape[2];
  const ids = Array.from({ length: pictures.length / features }, (_, sample) => sample);
  let folder: DataFolder;
  beforeAll(() => {
    const rows = ids.map((id) => [...pictures.slice(id * features, (id + 1) * features), `kind${id % 2}`].join(','));
    folder = new DataFolder({ 'pictures.csv': `${rows.join('\n')}\n` });
  });
  afterAll(() => folder.remove());

  it.each(cases)('$augment', async ({ augment, draws, expected }) => {
    const data = { source: 'csv' as const, path: join(folder.path, 'pictures.csv'), header: false, shape };
    const train = { epochs: 1, batchSize: ids.length, microBatchSize: ids.length };
    const changes = { augment: [augment], preprocess: [{ subtractMean: 'image' }], train } as object;
    const experiment = defineExperiment(experimentOn(data as never, changes));
    const assembler = new BatchAssembler(await openDataset(experiment), experiment);
    assembler.setPreprocess(assembler.statistics(ids).map((sum) => sum / ids.length));
    const { inputs } = assembler.assemble('train', ids, draws, 0);
    expect(worst(inputs, expected)).toBeLessThan(1e-6);
    // Nothing else is 0.
    expect([...inputs].map((value) => value === 0)).toEqual(expected.map((value) => value === 0));
  });
});

describe("the cross-entropy of two labels is NumPy's:", () => {
  let tf: TF;
  beforeAll(async () => {
    configureTensorFlow({ backend: 'tensorflow', threads: 1 });
    tf = await loadTensorFlow('tensorflow');
  });

  it.each(golden.crossEntropy)('with smoothing $smoothing', (given) => {
    const count = given.labels.length;
    const loss = lossNamed({ softmaxCrossEntropy: { labelSmoothing: given.smoothing } });
    const outputs = given.logits.length / count;
    const mixed = { labels: tf.tensor1d(given.others, 'int32'), shares: tf.tensor1d(given.shares) };
    const [labels, weights] = [tf.tensor1d(given.labels, 'int32'), tf.tensor1d(given.weights)];
    const logits = tf.tensor2d(given.logits, [count, outputs]);
    const { value, grad } = tf.valueAndGrad((at) =>
      summedLoss(tf, loss, at as typeof logits, labels, () => undefined, weights, mixed),
    )(logits);
    expect(value.dataSync()[0]).toBeCloseTo(given.lossSum, 4);
    expect(worst(grad.dataSync(), given.gradient)).toBeLessThan(2e-6);
  });
});
