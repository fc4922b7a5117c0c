/**
 * Adding a bias to the last axis as TensorFlow's own operation. tfjs adds a broadcast vector instead, and sums over
 * all other axes for the gradient, which takes several times as long.
 */
import type { Tensor } from '@tensorflow/tfjs';
import { isNative, runNativeFloat, type Attributes } from '../native-operation.js';
import type { TF } from '../load.js';

const kernel = 'BiasAdd';
const attributes: Attributes = { data_format: ['string', 'NHWC'] };

export function installBiasGradient(tf: TF): void {
  tf.registerKernel({
    kernelName: kernel,
    backendName: 'tensorflow',
    kernelFunc: ({ inputs: { x, bias } }) => runNativeFloat(tf, kernel, [x as Tensor, bias as Tensor], attributes),
  });
  tf.registerGradient({
    kernelName: kernel,
    gradFunc: (dy) => ({
      x: () => tf.clone(dy as Tensor),
      bias: () => runNativeFloat(tf, 'BiasAddGrad', [dy as Tensor], attributes),
    }),
  });
}

/** x + bias, where bias has one value per index of the last of two or more axes. */
export function addBias(tf: TF, x: Tensor, bias: Tensor): Tensor {
  return isNative(tf) && x.rank >= 2 ? tf.engine().runKernel(kernel, { x, bias }) : tf.add(x, bias);
}
