/**
 * What layer and group normalisation compute, (x - mean) / sqrt(variance + epsilon) gamma + beta over some axes, with its
 * gradient in closed form: automatic differentiation would go through mean and variance separately, at several times
 * the cost. Every sample is normalised by itself, so nothing is reported and nothing differs in evaluation.
 */
import type { Tensor } from '@tensorflow/tfjs';
import type { TF } from '../tensorflow/load.js';

export interface NormalizedView {
  /** What the input is seen as. */
  shape: number[];
  /** What mean and (biased) variance are over. */
  axes: number[];
  /** Gamma and beta, seen so that they broadcast over the shape. */
  scaleShape: number[];
  /** What their gradients are summed over. */
  scaleAxes: number[];
}

/**
 * Gamma and beta are [channels]. The gradient, with d = dy gamma and n the normalised x:
 * dx = (d - mean(d) - n mean(d n)) / sqrt(variance + epsilon), dgamma = sum(dy n), dbeta = sum(dy).
 */
export function normalize(
  tf: TF,
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  epsilon: number,
  { shape, axes, scaleShape, scaleAxes }: NormalizedView,
): Tensor {
  const operation = tf.customGrad((...args) => {
    const save = args.pop() as unknown as (tensors: Tensor[]) => void;
    const [input, scale, offset] = args as [Tensor, Tensor, Tensor];
    const centred = tf.sub(input, tf.mean(input, axes, true));
    const variance = tf.mean(tf.square(centred), axes, true);
    const inverse = tf.div(1, tf.sqrt(tf.add(variance, epsilon)));
    const normalized = tf.mul(centred, inverse);
    save([normalized, inverse, scale]);
    return {
      value: tf.add(tf.mul(normalized, tf.reshape(scale, scaleShape)), tf.reshape(offset, scaleShape)),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [n, perGroup, factor] = saved as [Tensor, Tensor, Tensor];
        const d = tf.mul(dy, tf.reshape(factor, scaleShape));
        const along = tf.mul(n, tf.mean(tf.mul(d, n), axes, true));
        return [
          tf.mul(tf.sub(tf.sub(d, tf.mean(d, axes, true)), along), perGroup),
          tf.reshape(tf.sum(tf.mul(dy, n), scaleAxes), factor.shape),
          tf.reshape(tf.sum(dy, scaleAxes), factor.shape),
        ];
      },
    };
  });
  return tf.reshape(operation(tf.reshape(x, shape), gamma, beta), x.shape);
}
