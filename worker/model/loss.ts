/**
 * The losses, each with its gradient by hand: what a loss gives is summed over the samples of the micro-batch, never
 * averaged, because the server divides once by the step's samples.
 */
import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs';
import { PolyakError } from '../../common/errors.js';
import { isNative, runNative, type Attributes } from '../tensorflow/native-operation.js';
import type { LoadedModule } from '../module/loaded-module.js';
import type { TF } from '../tensorflow/load.js';

export type Labels = Int32Array | Float32Array;

export interface Loss {
  /** The activation that the loss includes, and that predictions get back. */
  finalActivation: 'softmax' | 'sigmoid' | undefined;
  /** [count] class numbers, or [count, outputs] floats. */
  labelsTensor(tf: TF, labels: Labels, count: number, outputs: number): Tensor;
  /**
   * The loss of each sample, [count], and its gradient by the logits, [count, outputs], which a composed one leaves
   * to automatic differentiation.
   */
  compute(tf: TF, logits: Tensor2D, labels: Tensor): { perSample: Tensor; gradient?: Tensor };
  isComposed?: boolean;
  /** It is for classes, also where it has no final activation. */
  isForClasses?: boolean;
}

const floatLabels: Loss['labelsTensor'] = (tf, labels, count, outputs) => {
  const type = labels instanceof Int32Array ? 'int32' : 'float32';
  return tf.cast(tf.tensor2d(labels.subarray(0, count * outputs), [count, outputs], type), 'float32');
};

const classLabels: Loss['labelsTensor'] = (tf, labels, count) =>
  tf.tensor1d(Int32Array.from(labels.subarray(0, count)), 'int32');

const losses: Record<string, Loss> = {
  /** -log softmax(z)[label]; gradient softmax(z) - onehot(label). */
  softmaxCrossEntropy: {
    finalActivation: 'softmax',
    labelsTensor: classLabels,
    compute(tf, logits, labels) {
      if (isNative(tf)) {
        const types: Attributes = { T: ['type', 'float32'], Tlabels: ['type', 'int32'] };
        const name = 'SparseSoftmaxCrossEntropyWithLogits';
        const [perSample, gradient] = runNative(tf, name, types, [logits, labels], 2) as [Tensor, Tensor];
        return { perSample, gradient };
      }
      const oneHot = tf.oneHot(labels, logits.shape[1]);
      const perSample = tf.neg(tf.sum(tf.mul(oneHot, tf.logSoftmax(logits)), 1));
      return { perSample, gradient: tf.sub(tf.softmax(logits), oneHot) };
    },
  },
  /** max(z, 0) - z y + log(1 + e^-|z|), averaged over the outputs; gradient sigmoid(z) - y. */
  binaryCrossEntropy: {
    finalActivation: 'sigmoid',
    labelsTensor: floatLabels,
    compute(tf, logits, labels) {
      const stable = tf.sub(tf.relu(logits), tf.mul(logits, labels));
      const perSample = tf.mean(tf.add(stable, tf.softplus(tf.neg(tf.abs(logits)))), 1);
      return { perSample, gradient: tf.div(tf.sub(tf.sigmoid(logits), labels), logits.shape[1]) };
    },
  },
  /** (z - y)^2, averaged over the outputs. */
  meanSquaredError: {
    finalActivation: undefined,
    labelsTensor: floatLabels,
    compute(tf, logits, labels) {
      const difference = tf.sub(logits, labels);
      const gradient = tf.mul(difference, 2 / logits.shape[1]);
      return { perSample: tf.mean(tf.square(difference), 1), gradient };
    },
  },
};

/** Errors: PolyakError `usage` for an unknown name. */
export function lossNamed(name: string, module?: LoadedModule): Loss {
  if (name === 'module' && module) return moduleLoss(module);
  const loss = Object.hasOwn(losses, name) ? losses[name] : undefined;
  if (!loss) {
    throw new PolyakError('usage', `loss: '${name}' is not one of ${Object.keys(losses).join(', ')}`);
  }
  return loss;
}

function moduleLoss(module: LoadedModule): Loss {
  const { labels, finalActivation } = module.loss;
  return {
    finalActivation: finalActivation === 'none' ? undefined : finalActivation,
    isComposed: true,
    isForClasses: labels === 'classes',
    labelsTensor: labels === 'classes' ? classLabels : floatLabels,
    compute: (_, logits, label) => ({ perSample: module.lossPerSample(logits, label) }),
  };
}

/** The sum of the loss over the samples, each times its weight, as a differentiable scalar; `see` is given the loss of each. */
export function summedLoss(
  tf: TF,
  loss: Loss,
  logits: Tensor2D,
  labels: Tensor,
  see: (perSample: Tensor) => void,
  /** [count]; 1 unless given. */
  weights?: Tensor,
): Scalar {
  if (loss.isComposed) {
    const { perSample } = weighted(tf, loss.compute(tf, logits, labels), weights);
    see(perSample);
    return tf.sum(perSample);
  }
  const operation = tf.customGrad((...args) => {
    const save = args.pop() as unknown as (tensors: Tensor[]) => void;
    const { perSample, gradient } = weighted(tf, loss.compute(tf, args[0] as Tensor2D, labels), weights);
    see(perSample);
    save([gradient!]);
    return { value: tf.sum(perSample), gradFunc: (dy: Tensor, [saved]: Tensor[]) => tf.mul(saved!, dy) };
  });
  return operation(logits) as Scalar;
}

function weighted(tf: TF, { perSample, gradient }: ReturnType<Loss['compute']>, weights?: Tensor) {
  if (!weights) return { perSample, gradient };
  return { perSample: tf.mul(perSample, weights), gradient: gradient && tf.mul(gradient, tf.expandDims(weights, 1)) };
}
