/** Gradients of the element-wise activations, each one operation of TensorFlow. */
import type { Tensor } from '@tensorflow/tfjs';
import { runNativeFloat, type Attributes } from '../native-operation.js';
import type { TF } from '../load.js';

interface ActivationGradient {
  /** tfjs's name of the forward kernel, and of its only input. */
  kernel: string;
  operation: string;
  /** What the operation reads besides dy: the activation's input or its output. */
  saved: 'input' | 'output';
  /** TensorFlow is not of one mind about which comes first. */
  order: 'dy first' | 'dy last';
  attributes?: (attributes: Record<string, unknown>) => Attributes;
}

const gradients: readonly ActivationGradient[] = [
  { kernel: 'Relu', operation: 'ReluGrad', saved: 'output', order: 'dy first' },
  { kernel: 'Relu6', operation: 'Relu6Grad', saved: 'output', order: 'dy first' },
  {
    kernel: 'LeakyRelu',
    operation: 'LeakyReluGrad',
    saved: 'input',
    order: 'dy first',
    attributes: ({ alpha }) => ({ alpha: ['float', alpha as number] }),
  },
  { kernel: 'Elu', operation: 'EluGrad', saved: 'output', order: 'dy first' },
  { kernel: 'Selu', operation: 'SeluGrad', saved: 'output', order: 'dy first' },
  { kernel: 'Sigmoid', operation: 'SigmoidGrad', saved: 'output', order: 'dy last' },
  { kernel: 'Tanh', operation: 'TanhGrad', saved: 'output', order: 'dy last' },
  { kernel: 'Softplus', operation: 'SoftplusGrad', saved: 'input', order: 'dy first' },
];

export function installActivationGradients(tf: TF): void {
  for (const { kernel, operation, saved, order, attributes } of gradients) {
    tf.unregisterGradient(kernel);
    tf.registerGradient({
      kernelName: kernel,
      inputsToSave: saved === 'input' ? ['x'] : [],
      outputsToSave: saved === 'output' ? [true] : [],
      gradFunc: (dy, [value], attrs) => {
        const inputs = order === 'dy first' ? [dy as Tensor, value!] : [value!, dy as Tensor];
        return { x: () => runNativeFloat(tf, operation, inputs, attributes?.(attrs)) };
      },
    });
  }
}
