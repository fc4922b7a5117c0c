import type { Tensor } from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fractionalStarts } from '../../worker/layers/fractional-max-pooling-2d.js';
import { ourLayers, type ContextLayer } from '../../worker/layers/our-layers.js';
import { TrainingContext } from '../../worker/layers/training-context.js';
import { configureTensorFlow, loadTensorFlow, type TF } from '../../worker/tensorflow/load.js';
import { worstOfDifferences } from './finite-differences.js';
import { atPoints, RandomPoints } from './random-points.js';

let tf: TF;
const context = new TrainingContext();
beforeAll(async () => {
  configureTensorFlow({ backend: 'tensorflow', threads: 1 });
  tf = await loadTensorFlow('tensorflow');
});
afterAll(() => context.release());

type LayerType =
  'Dropout' | 'SpatialDropout1D' | 'SpatialDropout2D' | 'DropConnect' | 'StochasticDepth' | 'FractionalMaxPooling2D';

function attached(type: LayerType, options: Record<string, unknown>, index = 0): ContextLayer {
  const layer = new (ourLayers(tf)[type])(options) as ContextLayer;
  layer.attach(context, index);
  return layer;
}

/** What the layer puts out while training, at a key. */
function trained(layer: ContextLayer, x: Tensor, microBatch: number, step = 0): Tensor {
  context.draws = { seed: 231, step, microBatch };
  try {
    return layer.apply(x) as Tensor;
  } finally {
    context.draws = undefined;
  }
}

const valuesOf = (tensor: Tensor) => Array.from(tensor.dataSync<'float32'>());

describe("the lecture's neuron of two inputs, a = w₁ x + w₂ y with w = (3, 5), x = 2, y = 4, of which half is dropped", () => {
  // Nothing is dropped: 3 · 2 + 5 · 4 = 26; y: 6; x: 20; both: 0. Each has probability a quarter, so that the mean is
  // (26 + 6 + 20 + 0) / 4 = 13, half of the neuron without dropout.
  const neuron = (inputs: Tensor) => tf.matMul(inputs, tf.tensor2d([[3], [5]]));

  test.each([
    { form: 'plain', outputs: [0, 6, 20, 26], mean: 13, evaluated: 13 },
    // Twice as much in training, so that evaluation is the neuron itself.
    { form: 'inverted', outputs: [0, 12, 40, 52], mean: 26, evaluated: 26 },
  ])('puts out in evaluation what $form dropout gives on average', ({ form, outputs, mean, evaluated }) => {
    const layer = attached('Dropout', { rate: 0.5, form });
    const x = tf.tensor2d([[2, 4]]);
    const seen = new Set<number>();
    let sum = 0;
    const times = 1000;
    for (let microBatch = 0; microBatch < times; microBatch += 1) {
      const [value = NaN] = valuesOf(neuron(trained(layer, x, microBatch)));
      seen.add(value);
      sum += value;
    }
    const each = [...seen].toSorted((left, right) => left - right);
    expect(each).toEqual(outputs);
    expect(each.reduce((all, value) => all + value, 0) / 4).toBe(mean);
    expect(valuesOf(neuron(layer.apply(x) as Tensor))).toEqual([evaluated]);
    // The standard deviation of a draw is 10.3 (20.6), that of a mean of 1000 a thirtieth of it.
    expect(Math.abs(sum / times - mean)).toBeLessThan((form === 'plain' ? 3 : 6) * 0.33);
  });

  test('both forms drop the same, and differ by the factor that evaluation has', () => {
    const x = tf.tensor2d([[2, 4, -3, 7]]);
    const [plain, inverted] = ['plain', 'inverted'].map((form) => attached('Dropout', { rate: 0.75, form }));
    for (let microBatch = 0; microBatch < 8; microBatch += 1) {
      const given = valuesOf(trained(plain!, x, microBatch));
      expect(valuesOf(trained(inverted!, x, microBatch))).toEqual(given.map((value) => value * 4));
    }
    expect(valuesOf(plain!.apply(x) as Tensor)).toEqual([0.5, 1, -0.75, 1.75]);
  });
});

describe(`dropout has the gradient of finite differences ${atPoints}`, () => {
  const types = [
    ['Dropout', [4, 6]],
    ['SpatialDropout1D', [2, 3, 5]],
    ['SpatialDropout2D', [2, 2, 3, 5]],
  ] as const;
  test.each(types.flatMap(([type, shape]) => (['inverted', 'plain'] as const).map((form) => ({ type, shape, form }))))(
    '$type, $form',
    ({ type, shape, form }) => {
      const layer = attached(type, { rate: 0.4, form });
      context.draws = { seed: 1, step: 0, microBatch: 0 };
      const f = (x: Tensor) => tf.tanh(layer.apply(x) as Tensor);
      const x = new RandomPoints(shape.length).tensor(tf, [...shape], { from: -1, to: 1 });
      expect(worstOfDifferences(tf, f, [x])).toBeLessThan(1e-3);
      // Some are dropped, and some are not.
      const seen = new Set(valuesOf(layer.apply(tf.onesLike(x)) as Tensor));
      expect(seen).toEqual(new Set([0, form === 'plain' ? 1 : Math.fround(1 / 0.6)]));
      context.draws = undefined;
    },
  );
});

describe.each([
  { type: 'SpatialDropout1D' as const, places: [7], wrong: [6, 5] },
  { type: 'SpatialDropout2D' as const, places: [3, 4], wrong: [6, 7, 5] },
])('$type', ({ type, places, wrong }) => {
  const [samples, channels] = [6, 5];
  const shape = [samples, ...places, channels];

  test('drops a channel of a sample at all of its places, or at none, and others in another step', () => {
    const layer = attached(type, { rate: 0.5 });
    const seen = new Set<string>();
    let kept = 0;
    for (let step = 0; step < 40; step += 1) {
      const values = valuesOf(trained(layer, tf.ones(shape), 0, step));
      const perSample = values.length / samples;
      const factors = Array.from({ length: samples * channels }, (_, at) => {
        const first = Math.floor(at / channels) * perSample + (at % channels);
        const all = Array.from({ length: perSample / channels }, (__, place) => values[first + place * channels]!);
        expect(new Set(all).size).toBe(1);
        return all[0]!;
      });
      expect(new Set(factors)).toEqual(new Set([0, 2]));
      // Neither whole samples nor one channel of all samples.
      kept += factors.filter((factor) => factor > 0).length;
      seen.add(factors.join(' '));
    }
    expect(seen.size).toBe(40);
    // 1200 draws of a half: 600, four standard errors of √300 = 17.3.
    expect(Math.abs(kept - 600)).toBeLessThan(70);
    expect(valuesOf(layer.apply(tf.ones(shape)) as Tensor)).toEqual(valuesOf(tf.ones(shape)));
  });

  test('takes no other shape', () => {
    expect(() => attached(type, { rate: 0.5 }).apply(tf.ones(wrong))).toThrow('ndim');
  });
});

describe('DropConnect', () => {
  test('by hand: of a kernel of ones half of the weights count twice, the others not at all', () => {
    const layer = attached('DropConnect', { units: 6, rate: 0.5, useBias: true });
    layer.build([null, 4]);
    layer.setWeights([tf.ones([4, 6]), tf.fill([6], 100)]);
    // With inputs 1, 10, 100, 1000 the digits say which of a unit's weights are left; the bias always is.
    const x = tf.tensor2d([[1, 10, 100, 1000]]);
    const given = valuesOf(trained(layer, x, 0));
    for (const value of given) expect(String(value - 100)).toMatch(/^[02]{1,4}$/);
    expect(new Set(given).size).toBeGreaterThan(2);
    expect(valuesOf(layer.apply(x) as Tensor)).toEqual(Array.from({ length: 6 }, () => 1211));
  });

  test('has one mask for a micro-batch, another for the next, and the same again for the same key', () => {
    const layer = attached('DropConnect', { units: 8, rate: 0.5, useBias: false });
    layer.build([null, 5]);
    layer.setWeights([tf.ones([5, 8])]);
    const x = tf.ones([2, 5]);
    const given = valuesOf(trained(layer, x, 3, 7));
    expect(given.slice(0, 8)).toEqual(given.slice(8));
    expect(valuesOf(trained(layer, x, 4, 7))).not.toEqual(given);
    expect(valuesOf(trained(layer, x, 3, 7))).toEqual(given);
  });

  test(`has the gradient of finite differences by its input and by its kernel ${atPoints}`, () => {
    const layer = attached('DropConnect', { units: 3, rate: 0.4 }) as ContextLayer & { connected(x: Tensor): Tensor };
    const points = new RandomPoints(0);
    const f = (input: Tensor, weights: Tensor) => tf.matMul(input, layer.connected(weights));
    context.draws = { seed: 1, step: 2, microBatch: 3 };
    const inputs = [points.tensor(tf, [2, 4]), points.tensor(tf, [4, 3])];
    expect(worstOfDifferences(tf, f, inputs)).toBeLessThan(1e-3);
    context.draws = undefined;
  });
});

describe('stochastic depth', () => {
  test('drops whole samples, and divides the others by the probability of survival', () => {
    const layer = attached('StochasticDepth', { rate: 0.5 });
    const x = tf.tensor(
      Array.from({ length: 6 * 4 }, (_, at) => at + 1),
      [6, 2, 2, 1],
    );
    const seen = new Set<string>();
    for (let step = 0; step < 4; step += 1) {
      const values = valuesOf(trained(layer, x, 0, step));
      const factors = values.map((value, at) => value / (at + 1));
      for (let sample = 0; sample < 6; sample += 1) {
        expect(new Set(factors.slice(4 * sample, 4 * sample + 4)).size).toBe(1);
        expect([0, 2]).toContain(factors[4 * sample]);
      }
      seen.add(factors.join());
    }
    expect(seen.size).toBe(4);
    expect(valuesOf(layer.apply(x) as Tensor)).toEqual(valuesOf(x));
  });

  test('drops a micro-batch as a whole where it is told to', () => {
    const layer = attached('StochasticDepth', { rate: 0.25, per: 'microBatch' });
    const x = tf.ones([5, 3]);
    const means = Array.from({ length: 400 }, (_, microBatch) => {
      const values = new Set(valuesOf(trained(layer, x, microBatch)));
      expect(values.size).toBe(1);
      return [...values][0]!;
    });
    expect(new Set(means)).toEqual(new Set([0, Math.fround(4 / 3)]));
    // The standard deviation of a factor is 0.58, of the mean of 400 of them 0.029.
    expect(means.reduce((sum, each) => sum + each, 0) / 400).toBeCloseTo(1, 0);
  });

  test(`has the gradient of finite differences ${atPoints}`, () => {
    const layer = attached('StochasticDepth', { rate: 0.4 });
    const x = new RandomPoints(1).tensor(tf, [4, 4]);
    context.draws = { seed: 1, step: 0, microBatch: 0 };
    expect(worstOfDifferences(tf, (input) => tf.tanh(layer.apply(input) as Tensor), [x])).toBeLessThan(1e-3);
    context.draws = undefined;
  });
});

describe('fractional max pooling', () => {
  test('by hand: three pools of two in a row of five begin at steps of one and a half, cut down', () => {
    // a = (5 - 2) / (3 - 1) = 1.5; with u = 0: 0, 1.5 and the end; with u = 0.5: 0.75 - 0.75, 2.25 - 0.75, the end.
    expect(fractionalStarts(5, 3, 2, 0)).toEqual([0, 1, 3]);
    expect(fractionalStarts(5, 3, 2, 0.5)).toEqual([0, 2, 3]);
    expect(fractionalStarts(7, 1, 3, 0.2)).toEqual([4]);
    const rows = tf.tensor4d([5, 1, 4, 2, 3, 0, 9, 0, 0, 7], [1, 2, 5, 1]);
    const whole = attached('FractionalMaxPooling2D', { poolSize: [1, 2], ratio: [2, 1.5] });
    // The only pool of one row is the last row: (0, 9), (0, 0) and (0, 7).
    expect(valuesOf(whole.apply(rows) as Tensor)).toEqual([9, 0, 7]);
  });

  test('covers every place, in pools that begin one or two apart, for ratios below 2', () => {
    for (const size of [6, 9, 14, 25]) {
      for (const ratio of [1.2, Math.SQRT2, 1.7]) {
        const pools = Math.floor(size / ratio);
        for (const u of [0, 0.21, 0.5, 0.83, 0.999]) {
          const starts = fractionalStarts(size, pools, 2, u);
          expect(starts.at(0)).toBe(0);
          expect(starts.at(-1)).toBe(size - 2);
          const steps = starts.slice(1).map((start, at) => start - starts[at]!);
          expect(steps.every((step) => step === 1 || step === 2)).toBe(true);
        }
      }
    }
  });

  test('has other pools for other micro-batches, the same again for the same key, and fixed ones in evaluation', () => {
    const layer = attached('FractionalMaxPooling2D', { poolSize: [2, 2], ratio: [1.4, 1.4] });
    const x = tf.tensor4d(
      Array.from({ length: 162 }, (_, at) => Math.sin(5 * at)),
      [1, 9, 9, 2],
    );
    const seen = Array.from({ length: 12 }, (_, microBatch) => valuesOf(trained(layer, x, microBatch)).join());
    expect(new Set(seen).size).toBeGreaterThan(3);
    expect(valuesOf(trained(layer, x, 5)).join()).toBe(seen[5]);
    const evaluated = valuesOf(layer.apply(x) as Tensor);
    expect(layer.computeOutputShape([null, 9, 9, 2])).toEqual([null, 6, 6, 2]);
    expect(valuesOf(layer.apply(x) as Tensor)).toEqual(evaluated);
  });

  test(`has the gradient of finite differences, where pools share places too, ${atPoints}`, () => {
    const layer = attached('FractionalMaxPooling2D', { poolSize: [2, 3], ratio: [1.3, 1.6] });
    const x = new RandomPoints(2).apart(tf, [1, 7, 5, 2]);
    context.draws = { seed: 1, step: 0, microBatch: 0 };
    expect(worstOfDifferences(tf, (input) => tf.tanh(layer.apply(tf.mul(input, 0.3)) as Tensor), [x])).toBeLessThan(
      1e-3,
    );
    context.draws = undefined;
  });

  test('of pools that have no room is refused', () => {
    const layer = attached('FractionalMaxPooling2D', { poolSize: [4, 4], ratio: [1.2, 1.2] });
    const message = '5 of 6 rows have pools of at most 2, not 4; take a larger ratio';
    expect(() => layer.computeOutputShape([null, 6, 6, 1])).toThrow(message);
    expect(() => layer.apply(tf.zeros([6, 6]))).toThrow('ndim');
    const large = attached('FractionalMaxPooling2D', { poolSize: [2, 2], ratio: [2, 7] });
    expect(() => large.computeOutputShape([null, 6, 6, 1])).toThrow('a ratio of 7 leaves nothing of 6 columns');
  });
});
