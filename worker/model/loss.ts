/**
 * The losses, each with its gradient by hand: what a loss gives is summed over the samples of the micro-batch, never
 * averaged, because the server divides once by the step's samples.
 */
import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs';
import { PolyakError } from '../../common/errors.js';
import type { Target } from '../../common/experiment/losses.js';
import { nameOf, numbersOf, type NamedOption } from '../../common/experiment/named-option.js';
import { isNative, runNative, type Attributes } from '../tensorflow/native-operation.js';
import type { LoadedModule } from '../module/loaded-module.js';
import type { TF } from '../tensorflow/load.js';

export type Labels = Int32Array | Float32Array;

export interface Loss {
  target: Target;
  /** The activation that the loss includes, and that predictions get back. */
  finalActivation: 'softmax' | 'sigmoid' | undefined;
  /** [count] class numbers, or [count, outputs] floats. */
  labelsTensor(tf: TF, labels: Labels, count: number, outputs: number): Tensor;
  /**
   * The loss of each sample, [count], and its gradient by the logits, [count, outputs], which a composed one leaves
   * to automatic differentiation. Only softmaxCrossEntropy looks at a second label.
   */
  compute(tf: TF, logits: Tensor2D, labels: Tensor, mixed?: Mixed): { perSample: Tensor; gradient?: Tensor };
  isComposed?: boolean;
}

/** Of samples that are mixed of two, by sample: the other class, and what the label itself counts. */
export interface Mixed {
  labels: Tensor;
  shares: Tensor;
}

const classLabels: Loss['labelsTensor'] = (tf, labels, count) =>
  tf.tensor1d(Int32Array.from(labels.subarray(0, count)), 'int32');

const floatLabels: Loss['labelsTensor'] = (tf, labels, count, outputs) => {
  const type = labels instanceof Int32Array ? 'int32' : 'float32';
  return tf.cast(tf.tensor2d(labels.subarray(0, count * outputs), [count, outputs], type), 'float32');
};

const ofNumbers = { target: 'numbers', finalActivation: undefined, labelsTensor: floatLabels } as const;

/** By name; each takes the options of the experiment file. */
const losses: Record<string, (options: Record<string, number>) => Loss> = {
  /**
   * -sum t log softmax(z), gradient softmax(z) - t, with t = (1 - s) onehot(label) + s / classes (Szegedy et al. 2016)
   * and s the smoothing; without it -log softmax(z)[label]. A mixed sample's onehot(label) is that of both, in their parts.
   */
  softmaxCrossEntropy: ({ labelSmoothing = 0 }) => ({
    target: 'classes',
    finalActivation: 'softmax',
    labelsTensor: classLabels,
    compute(tf, logits, labels, mixed) {
      if (labelSmoothing > 0 || mixed) {
        const classes = logits.shape[1];
        const hard = mixed ? mixedLabels(tf, labels, mixed, classes) : oneHotOf(tf, labels, classes);
        const smooth = () => tf.add(tf.mul(hard, 1 - labelSmoothing), labelSmoothing / classes);
        return crossEntropy(tf, logits, labelSmoothing > 0 ? smooth() : hard);
      }
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
  }),
  /**
   * max(z, 0) - z y + log(1 + e^-|z|), averaged over the outputs; gradient sigmoid(z) - y. A smoothed y is
   * (1 - s) y + s / 2.
   */
  binaryCrossEntropy: ({ labelSmoothing = 0 }) => ({
    target: 'twoClasses',
    finalActivation: 'sigmoid',
    labelsTensor: floatLabels,
    compute(tf, logits, labels) {
      const targets = labelSmoothing > 0 ? tf.add(tf.mul(labels, 1 - labelSmoothing), labelSmoothing / 2) : labels;
      const stable = tf.sub(tf.relu(logits), tf.mul(logits, targets));
      const perSample = tf.mean(tf.add(stable, tf.softplus(tf.neg(tf.abs(logits)))), 1);
      return { perSample, gradient: tf.div(tf.sub(tf.sigmoid(logits), targets), logits.shape[1]) };
    },
  }),
  /**
   * sum over j != label of max(0, z_j - z_label + margin) (Weston and Watkins 1999, as CS231n has it); its gradient
   * counts the classes within the margin: 1 for each of them, minus their number for the label.
   */
  hinge: ({ margin = 1 }) => ({
    target: 'classes',
    finalActivation: undefined,
    labelsTensor: classLabels,
    compute(tf, logits, labels) {
      const oneHot = tf.cast(tf.oneHot(labels, logits.shape[1]), 'float32');
      const ofLabel = tf.sum(tf.mul(oneHot, logits), 1, true);
      const others = tf.sub(1, oneHot);
      const short = tf.mul(others, tf.relu(tf.add(tf.sub(logits, ofLabel), margin)));
      const within = tf.cast(tf.greater(short, 0), 'float32');
      const gradient = tf.sub(within, tf.mul(oneHot, tf.sum(within, 1, true)));
      return { perSample: tf.sum(short, 1), gradient };
    },
  }),
  /** max(0, margin - t z) with t = -1 for the first class and 1 for the second, averaged over the outputs. */
  binaryHinge: ({ margin = 1 }) => ({
    target: 'twoClasses',
    finalActivation: undefined,
    labelsTensor: floatLabels,
    compute(tf, logits, labels) {
      const sides = tf.sub(tf.mul(labels, 2), 1);
      const short = tf.relu(tf.sub(margin, tf.mul(sides, logits)));
      const within = tf.cast(tf.greater(short, 0), 'float32');
      return { perSample: tf.mean(short, 1), gradient: tf.mul(tf.mul(sides, within), -1 / logits.shape[1]) };
    },
  }),
  /** (z - y)^2, averaged over the outputs. */
  meanSquaredError: () => ({
    ...ofNumbers,
    compute(tf, logits, labels) {
      const difference = tf.sub(logits, labels);
      const gradient = tf.mul(difference, 2 / logits.shape[1]);
      return { perSample: tf.mean(tf.square(difference), 1), gradient };
    },
  }),
  /** |z - y|, averaged over the outputs; gradient sign(z - y), 0 where they are equal. */
  meanAbsoluteError: () => ({
    ...ofNumbers,
    compute(tf, logits, labels) {
      const difference = tf.sub(logits, labels);
      return {
        perSample: tf.mean(tf.abs(difference), 1),
        gradient: tf.mul(tf.sign(difference), 1 / logits.shape[1]),
      };
    },
  }),
  /**
   * d^2 / 2 where |d| = |z - y| is up to delta, else delta (|d| - delta / 2), averaged over the outputs (Huber 1964).
   * With g, which is d cut off at delta, both are g (d - g / 2), and g is the gradient.
   */
  huber: ({ delta = 1 }) => ({
    ...ofNumbers,
    compute(tf, logits, labels) {
      const difference = tf.sub(logits, labels);
      const cut = tf.clipByValue(difference, -delta, delta);
      const perSample = tf.mean(tf.mul(cut, tf.sub(difference, tf.mul(cut, 0.5))), 1);
      return { perSample, gradient: tf.mul(cut, 1 / logits.shape[1]) };
    },
  }),
};

function oneHotOf(tf: TF, labels: Tensor, classes: number): Tensor {
  return tf.cast(tf.oneHot(labels, classes), 'float32');
}

function mixedLabels(tf: TF, labels: Tensor, { labels: others, shares }: Mixed, classes: number): Tensor {
  const share = tf.expandDims(shares, 1);
  const own = tf.mul(share, oneHotOf(tf, labels, classes));
  return tf.add(own, tf.mul(tf.sub(1, share), oneHotOf(tf, others, classes)));
}

function crossEntropy(tf: TF, logits: Tensor2D, targets: Tensor) {
  if (isNative(tf)) {
    const types: Attributes = { T: ['type', 'float32'] };
    const name = 'SoftmaxCrossEntropyWithLogits';
    const [perSample, gradient] = runNative(tf, name, types, [logits, targets], 2) as [Tensor, Tensor];
    return { perSample, gradient };
  }
  const perSample = tf.neg(tf.sum(tf.mul(targets, tf.logSoftmax(logits)), 1));
  return { perSample, gradient: tf.sub(tf.softmax(logits), targets) };
}

/** Errors: PolyakError `usage` for an unknown name. */
export function lossNamed(option: NamedOption, module?: LoadedModule): Loss {
  const name = nameOf(option);
  if (name === 'module' && module) return moduleLoss(module);
  const make = Object.hasOwn(losses, name) ? losses[name] : undefined;
  if (!make) {
    throw new PolyakError('usage', `loss: '${name}' is not one of ${Object.keys(losses).join(', ')}`);
  }
  return make(numbersOf(option));
}

function moduleLoss(module: LoadedModule): Loss {
  const { labels, finalActivation } = module.loss;
  return {
    finalActivation: finalActivation === 'none' ? undefined : finalActivation,
    target: targetOfModule(module.loss),
    isComposed: true,
    labelsTensor: labels === 'classes' ? classLabels : floatLabels,
    compute: (_, logits, label) => ({ perSample: module.lossPerSample(logits, label) }),
  };
}

function targetOfModule({ labels, finalActivation }: LoadedModule['loss']): Target {
  if (finalActivation === 'sigmoid') return 'twoClasses';
  return labels === 'classes' ? 'classes' : 'numbers';
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
  mixed?: Mixed,
): Scalar {
  if (loss.isComposed) {
    const { perSample } = weighted(tf, loss.compute(tf, logits, labels, mixed), weights);
    see(perSample);
    return tf.sum(perSample);
  }
  const operation = tf.customGrad((...args) => {
    const save = args.pop() as unknown as (tensors: Tensor[]) => void;
    const { perSample, gradient } = weighted(tf, loss.compute(tf, args[0] as Tensor2D, labels, mixed), weights);
    see(perSample);
    save([gradient!]);
    return { value: tf.sum(perSample), gradFunc: (dy: Tensor, [saved]: Tensor[]) => tf.mul(saved!, dy) };
  });
  return operation(logits) as Scalar;
}

/** In float64, in the samples' order. */
export function sumOf(perSample: Tensor): number {
  return perSample.dataSync<'float32'>().reduce((sum, value) => sum + value, 0);
}

function weighted(tf: TF, { perSample, gradient }: ReturnType<Loss['compute']>, weights?: Tensor) {
  if (!weights) return { perSample, gradient };
  return { perSample: tf.mul(perSample, weights), gradient: gradient && tf.mul(gradient, tf.expandDims(weights, 1)) };
}
