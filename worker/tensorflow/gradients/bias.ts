/**
 * The gradient of adding a bias: tfjs has no such operation, but adds a vector to the last axis and sums over all other
 * axes afterwards. Here that sum is TensorFlow's BiasAddGrad.
 */
import type { Tensor } from '@tensorflow/tfjs';
import { runNativeFloat } from '../native-operation.js';
import type { TF } from '../load.js';

export function installBiasGradient(tf: TF): void {
  const gradientFor = (input: Tensor, dy: Tensor): Tensor => {
    if (sameShape(input.shape, dy.shape)) {
      return tf.engine().runKernel('Identity', { x: dy }) as Tensor;
    }
    if (isBias(input.shape, dy.shape)) {
      return tf.reshape(runNativeFloat(tf, 'BiasAddGrad', [dy], { data_format: ['string', 'NHWC'] }), input.shape);
    }
    const axes = tf.broadcast_util.getReductionAxes(input.shape, dy.shape);
    return tf.reshape(tf.sum(dy, axes), input.shape);
  };
  tf.unregisterGradient('Add');
  tf.registerGradient({
    kernelName: 'Add',
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, [a, b]) => ({
      a: () => gradientFor(a!, dy as Tensor),
      b: () => gradientFor(b!, dy as Tensor),
    }),
  });
}

function sameShape(left: number[], right: number[]): boolean {
  return left.length === right.length && left.every((size, axis) => size === right[axis]);
}

/** One value per channel of the last axis; BiasAddGrad takes tensors of two and more axes. */
function isBias(shape: number[], outputShape: number[]): boolean {
  const channels = outputShape.at(-1);
  const others = shape.slice(0, -1);
  return outputShape.length >= 2 && shape.at(-1) === channels && others.every((size) => size === 1);
}
