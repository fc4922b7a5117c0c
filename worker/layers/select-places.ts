/**
 * Rows or columns of a tensor by their number, some of them several times. Its gradient is sums in a fixed order, where
 * TensorFlow's own scatters, which on a GPU adds in whatever order threads come.
 */
import type { Tensor } from '@tensorflow/tfjs';
import type { TF } from '../tensorflow/load.js';

export function selectPlaces(tf: TF, x: Tensor, places: Int32Array, axis: number): Tensor {
  const size = x.shape[axis]!;
  const operation = tf.customGrad((...args) => ({
    value: tf.gather(args[0] as Tensor, tf.tensor1d(places, 'int32'), axis),
    gradFunc: (dy: Tensor) => tf.tidy(() => sumOver(tf, dy, usesOf(places, size), axis)),
  }));
  return operation(x);
}

/** For each of the places, where it was taken to. */
function usesOf(places: Int32Array, size: number): number[][] {
  const uses: number[][] = Array.from({ length: size }, () => []);
  places.forEach((place, at) => uses[place]!.push(at));
  return uses;
}

/** The first uses of all places, plus their second ones, and so on; 0 where a place has no more. */
function sumOver(tf: TF, dy: Tensor, uses: number[][], axis: number): Tensor {
  const most = Math.max(1, ...uses.map(({ length }) => length));
  const shape = dy.shape.map((_, at) => (at === axis ? uses.length : 1));
  const layers = Array.from({ length: most }, (_, time) => {
    const from = Int32Array.from(uses, (each) => each[time] ?? 0);
    const isThere = Float32Array.from(uses, (each) => (each[time] === undefined ? 0 : 1));
    return tf.mul(tf.gather(dy, tf.tensor1d(from, 'int32'), axis), tf.tensor(isThere, shape));
  });
  return layers.reduce((sum, layer) => tf.add(sum, layer));
}
