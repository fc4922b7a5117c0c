/**
 * A whole sequence through an LSTM, and back, as one operation of TensorFlow each: a composition of small operations
 * takes several times as long. For the native backend on a CPU only; the order of the gates is Keras's: i, f, c, o.
 */
import type { Tensor } from '@tensorflow/tfjs';
import { runNative, type Attributes } from './native-operation.js';
import type { TF } from './load.js';

const attributes: Attributes = { T: ['type', 'float32'], use_peephole: ['bool', false] };

/**
 * h of every step, [steps, samples, units], from x [steps, samples, features], weights [features + units, 4 units] and
 * bias [4 units]; the first h and c are 0.
 */
export function nativeLstm(tf: TF, x: Tensor, weights: Tensor, bias: Tensor): Tensor {
  const [steps, samples] = x.shape as [number, number];
  const units = bias.size / 4;
  const state = () => tf.zeros([samples, units]);
  const peephole = () => tf.zeros([units]);
  const inputsOf = (sequence: Tensor, kernel: Tensor, offset: Tensor) => [
    ...[sequence, state(), state(), kernel],
    ...[peephole(), peephole(), peephole(), offset],
  ];
  const operation = tf.customGrad((...args) => {
    const save = args.pop() as unknown as (tensors: Tensor[]) => void;
    const [sequence, kernel, offset] = args as [Tensor, Tensor, Tensor];
    const forward: Attributes = { ...attributes, cell_clip: ['float', 0] };
    const inputs = inputsOf(sequence, kernel, offset);
    const outputs = runNative(tf, 'BlockLSTMV2', forward, inputs, 7, steps);
    save([sequence, kernel, offset, ...outputs]);
    return {
      value: outputs[6]!,
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [first, second, third, ...gates] = saved as [Tensor, Tensor, Tensor, ...Tensor[]];
        const all = [...inputsOf(first, second, third), ...gates, tf.zerosLike(dy), dy];
        const gradients = runNative(tf, 'BlockLSTMGradV2', attributes, all, 8, steps);
        return [gradients[0]!, gradients[3]!, gradients[7]!];
      },
    };
  });
  return operation(x, weights, bias);
}
