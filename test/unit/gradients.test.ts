import type { Tensor } from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { activationNames } from '../../common/experiment/layer-schema.js';
import { ourLayers } from '../../worker/layers/our-layers.js';
import { normalize } from '../../worker/layers/normalize.js';
import { addBias } from '../../worker/tensorflow/gradients/bias.js';
import { configureTensorFlow, loadTensorFlow, type TF } from '../../worker/tensorflow/load.js';
import { worstOfDifferences } from './finite-differences.js';
import { atPoints, RandomPoints, type Range } from './random-points.js';

let tf: TF;
beforeAll(async () => {
  configureTensorFlow({ backend: 'tensorflow', threads: 1 });
  tf = await loadTensorFlow('tensorflow');
});

/** On both sides of each kink. */
const points = Float32Array.from([-7.3, -2.1, -0.9, -0.3, 0.2, 0.7, 1.4, 2.6, 5.1, 6.4, 8.2, -4.4]);

/** Where an activation has no gradient, or is so flat that float32 leaves nothing of it. */
const ranges: Record<string, Range> = {
  relu: { kinks: [0] },
  relu6: { from: -3, to: 9, kinks: [0, 6] },
  // Its second derivative jumps at 0, and the gradient of another alpha than 1 itself.
  elu: { kinks: [0] },
  selu: { kinks: [0] },
  hardSigmoid: { from: -5, to: 5, kinks: [-2.5, 2.5] },
  softsign: { kinks: [0] },
  'tanh of a relu': { kinks: [0] },
  'leakyReLU of 0.3': { kinks: [0] },
  'elu of 0.5': { kinks: [0] },
  'elu of 2': { kinks: [0] },
};

describe(`the gradient by TensorFlow is that of finite differences ${atPoints} for`, () => {
  const activations: Record<string, (x: Tensor) => Tensor> = {
    'tanh of a relu': (x) => tf.tanh(tf.relu(x)),
    'leakyReLU of 0.3': (x) => tf.layers.leakyReLU({ alpha: 0.3 }).apply(x) as Tensor,
    'elu of 0.5': (x) => new (ourLayers(tf).ELU)({ alpha: 0.5 }).apply(x) as Tensor,
    'elu of 2': (x) => new (ourLayers(tf).ELU)({ alpha: 2 }).apply(x) as Tensor,
    'maxout of two pieces': (x) => new (ourLayers(tf).Maxout)({ pieces: 2 }).apply(x) as Tensor,
  };
  const named = activationNames.filter((name) => name !== 'leakyReLU');
  test.each([...named, ...Object.keys(activations)].map((name, stream) => ({ name, stream })))('$name', (given) => {
    const { name, stream } = given;
    const own = activations[name];
    const drawn = new RandomPoints(stream);
    const f = own ?? ((x: Tensor) => tf.layers.activation({ activation: name as 'relu' }).apply(x) as Tensor);
    const x = name.startsWith('maxout') ? drawn.apart(tf, [3, 8]) : drawn.tensor(tf, [3, 8], ranges[name]);
    expect(worstOfDifferences(tf, f, [x])).toBeLessThan(1e-3);
  });

  test('prelu, by its input and by its slopes', () => {
    const prelu = (x: Tensor, alpha: Tensor) => tf.prelu(x, alpha);
    const drawn = new RandomPoints(100);
    const inputs = [drawn.tensor(tf, [3, 1, 4], { kinks: [0] }), drawn.tensor(tf, [1, 4])];
    expect(worstOfDifferences(tf, prelu, inputs)).toBeLessThan(1e-3);
  });
});

describe('normalisation of each sample', () => {
  const wave = (size: number, by: number) => Float32Array.from({ length: size }, (_, i) => Math.sin(by * i) + 0.1 * i);
  const ofChannels = { shape: [8, 6], axes: [1], scaleShape: [1, 6], scaleAxes: [0] };
  const ofGroups = { shape: [2, 4, 3, 2], axes: [1, 3], scaleShape: [1, 1, 3, 2], scaleAxes: [0, 1] };

  test.each([
    ['layers', ofChannels],
    ['groups', ofGroups],
  ])(`of %s has the gradient of finite differences by input, gamma and beta ${atPoints}`, (_, view) => {
    const drawn = new RandomPoints(101);
    const f = (x: Tensor, scale: Tensor, offset: Tensor) => normalize(tf, x, scale, offset, 1e-2, view);
    const inputs = [drawn.tensor(tf, [2, 4, 6]), drawn.tensor(tf, [6]), drawn.tensor(tf, [6])];
    expect(worstOfDifferences(tf, f, inputs)).toBeLessThan(1e-3);
  });

  test('by hand: 1, 3 and 5, 11 in groups of two', () => {
    const layer = new (ourLayers(tf).GroupNormalization)({ groups: 2, epsilon: 0 });
    // Means 2 and 8, standard deviations 1 and 3.
    const y = layer.apply(tf.tensor2d([[1, 3, 5, 11]])) as Tensor;
    expect(Array.from(y.dataSync())).toEqual([-1, 1, -1, 1]);
    // As a layer: mean 5, variance (16 + 4 + 0 + 36) / 4 = 14.
    const whole = new (ourLayers(tf).LayerNormalization)({ epsilon: 0 });
    const z = whole.apply(tf.tensor2d([[1, 3, 5, 11]])) as Tensor;
    const expected = [-4, -2, 0, 6].map((value) => expect.closeTo(value / Math.sqrt(14), 6) as number);
    expect(Array.from(z.dataSync())).toEqual(expected);
  });

  test('a sample is the same whatever is beside it', () => {
    for (const type of ['LayerNormalization', 'GroupNormalization'] as const) {
      const layer = new (ourLayers(tf)[type])({ groups: 3 });
      const x = tf.tensor(wave(48, 1.3), [2, 4, 6]);
      const both = (layer.apply(x) as Tensor).dataSync();
      // A sum over other shapes may be made in another order.
      const first = (layer.apply(tf.slice(x, [0], [1])) as Tensor).dataSync();
      const expected = Array.from(first, (value) => expect.closeTo(value, 5) as number);
      expect(Array.from(both.subarray(0, 24))).toEqual(expected);
    }
  });

  test.each(['BatchNormalization', 'LayerNormalization', 'GroupNormalization'] as const)(
    '%s over another axis than the last is refused, and over one that is not there',
    (type) => {
      const appliedOver = (axis: number | number[]) => () => {
        const layer = new (ourLayers(tf)[type])({ axis, groups: 2, name: 'norm' });
        return layer.apply(tf.zeros([2, 3, 4]));
      };
      expect(appliedOver([1, 2])).toThrow(`${type} 'norm': axis is 1, 2; only the last is supported, take 2 or -1`);
      expect(appliedOver(1)).toThrow(`${type} 'norm': axis is 1; only the last is supported, take 2 or -1`);
      expect(appliedOver(7)).toThrow(`${type} 'norm': axis is 7; its input has 3 axes, take 2 or -1`);
      for (const last of [2, -1, [2]]) expect(appliedOver(last)).not.toThrow();
    },
  );
});

test('an ELU of any alpha is x above 0, to the bit', () => {
  const layer = new (ourLayers(tf).ELU)({ alpha: 0.7 });
  const y = (layer.apply(tf.tensor(points)) as Tensor).dataSync<'float32'>();
  points.forEach((x, index) => {
    if (x > 0) expect(y[index]).toBe(x);
    else expect(y[index]).toBeCloseTo(0.7 * Math.expm1(x), 6);
  });
});

test('maxout puts out the largest of its pieces, and its gradient goes to the first of equal ones', () => {
  const layer = new (ourLayers(tf).Maxout)({ pieces: 3 });
  // Channels 0, 2, 4 and channels 1, 3, 5.
  const x = tf.tensor2d([[1, 8, 5, 2, 5, 3]]);
  const f = (input: Tensor) => layer.apply(input) as Tensor;
  expect(Array.from(f(x).dataSync())).toEqual([5, 8]);
  expect(
    Array.from(
      tf
        .grad((input: Tensor) => tf.sum(f(input)))(x)
        .dataSync(),
    ),
  ).toEqual([0, 1, 1, 0, 0, 0]);
});

test('a bias is added to the last axis, and its gradient is the sum over all others', () => {
  const x = tf.tensor3d(points, [2, 3, 2]);
  const bias = tf.tensor1d([10, 20]);
  const sums = Float32Array.from(points, (value, index) => value + (index % 2 === 0 ? 10 : 20));
  expect(addBias(tf, x, bias).dataSync()).toEqual(sums);
  const factor = tf.tensor3d(points, [2, 3, 2]);
  const [dx, db] = tf.grads((a: Tensor, b: Tensor) => tf.sum(tf.mul(addBias(tf, a, b), factor)))([x, bias]);
  expect(Array.from(dx!.dataSync())).toEqual(Array.from(points));
  const sumOf = (from: number) =>
    points.filter((_, index) => index % 2 === from).reduce((sum, value) => sum + value, 0);
  expect(db!.dataSync()[0]).toBeCloseTo(sumOf(0), 4);
  expect(db!.dataSync()[1]).toBeCloseTo(sumOf(1), 4);
});

test('second installation changes nothing', async () => {
  await expect(loadTensorFlow('tensorflow')).resolves.toBe(tf);
});
