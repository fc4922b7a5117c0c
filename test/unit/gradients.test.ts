import type { Tensor } from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { addBias } from '../../worker/tensorflow/gradients/bias.js';
import { configureTensorFlow, loadTensorFlow, type TF } from '../../worker/tensorflow/load.js';

/** Central differences of sum(weights * f(x)), where float32 leaves about three digits. */
function differences(tf: TF, f: (x: Tensor) => Tensor, x: Float32Array, shape: number[], weights: Tensor): number[] {
  const step = 1e-2;
  const value = (index: number, by: number) => {
    const moved = Float32Array.from(x);
    moved[index]! += by;
    return tf.tidy(() => tf.sum(tf.mul(f(tf.tensor(moved, shape)), weights)).dataSync<'float32'>()[0]!);
  };
  return Array.from(x, (_, index) => (value(index, step) - value(index, -step)) / (2 * step));
}

let tf: TF;
beforeAll(async () => {
  configureTensorFlow({ backend: 'tensorflow', threads: 1 });
  tf = await loadTensorFlow('tensorflow');
});

/** On both sides of each kink, and never within a step of one. */
const points = Float32Array.from([-7.3, -2.1, -0.9, -0.3, 0.2, 0.7, 1.4, 2.6, 5.1, 6.4, 8.2, -4.4]);

describe('the gradient by TensorFlow is that of finite differences for', () => {
  const activations: Record<string, (x: Tensor) => Tensor> = {
    relu: (x) => tf.relu(x),
    relu6: (x) => tf.relu6(x),
    leakyRelu: (x) => tf.leakyRelu(x, 0.3),
    elu: (x) => tf.elu(x),
    selu: (x) => tf.selu(x),
    sigmoid: (x) => tf.sigmoid(x),
    tanh: (x) => tf.tanh(x),
    softplus: (x) => tf.softplus(x),
    'tanh of a relu': (x) => tf.tanh(tf.relu(x)),
  };
  test.each(Object.keys(activations))('%s', (name) => {
    const f = activations[name]!;
    const shape = [3, 4];
    const weights = tf.linspace(-1, 2, 12).reshape(shape);
    const gradient = tf.grad((x: Tensor) => tf.sum(tf.mul(f(x), weights)))(tf.tensor(points, shape));
    const expected = differences(tf, f, points, shape, weights);
    gradient.dataSync<'float32'>().forEach((value, index) => expect(value).toBeCloseTo(expected[index]!, 2));
  });
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
