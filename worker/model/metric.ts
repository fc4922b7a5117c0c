/** The metrics: each a sum over the samples of a micro-batch, to be divided by their number at the root of the tree. */
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { PolyakError } from '../../common/errors.js';
import type { LoadedModule } from '../module/loaded-module.js';
import type { TF } from '../tensorflow/load.js';

export type Metric = (tf: TF, logits: Tensor2D, labels: Tensor) => Tensor;

const count = (tf: TF, conditions: Tensor) => tf.sum(tf.cast(conditions, 'float32'));

/** Right answers: the largest logit is the label's, or, for labels of floats, each output is on its label's side. */
const accuracy: Metric = (tf, logits, labels) => {
  if (labels.rank === 1) return count(tf, tf.equal(tf.argMax(logits, 1), labels));
  const right = tf.equal(tf.greater(logits, 0), tf.greater(labels, 0.5));
  return tf.sum(tf.mean(tf.cast(right, 'float32'), 1));
};

/** Samples of whose label fewer than five other classes have a larger logit. */
const top5Accuracy: Metric = (tf, logits, labels) => {
  const ofLabel = tf.sum(tf.mul(tf.oneHot(labels as Tensor1D, logits.shape[1]), logits), 1, true);
  return count(tf, tf.less(tf.sum(tf.cast(tf.greater(logits, ofLabel), 'float32'), 1), 5));
};

const meanAbsoluteError: Metric = (tf, logits, labels) => tf.sum(tf.mean(tf.abs(tf.sub(logits, labels)), 1));
const meanSquaredError: Metric = (tf, logits, labels) => tf.sum(tf.mean(tf.square(tf.sub(logits, labels)), 1));

const metrics: Record<string, Metric> = { accuracy, top5Accuracy, meanAbsoluteError, meanSquaredError };

export const metricNames: readonly string[] = Object.keys(metrics);

/** For classes, or for floats? */
const forClasses = new Set(['top5Accuracy']);
const forFloats = new Set(['meanAbsoluteError', 'meanSquaredError']);

/** Errors: PolyakError `usage` for an unknown name, or one that does not go with the loss's labels. */
export function metricsNamed(names: readonly string[], loss: string, module?: LoadedModule): Metric[] {
  const ofModule = loss === 'module' && module?.loss.labels === 'classes';
  const classes = loss === 'softmaxCrossEntropy' || ofModule;
  return names.map((name, index) => {
    const own = module?.metric(name);
    if (own) return (tf, logits, labels) => tf.sum(own(logits, labels));
    const metric = Object.hasOwn(metrics, name) ? metrics[name] : undefined;
    if (!metric) {
      throw new PolyakError('usage', `metrics[${index}]: '${name}' is not one of ${Object.keys(metrics).join(', ')}`);
    }
    if ((classes ? forFloats : forClasses).has(name)) {
      throw new PolyakError('usage', `metrics[${index}]: '${name}' does not go with loss '${loss}'`);
    }
    return metric;
  });
}

/** The sums, in the order of the metrics. */
export function metricSums(tf: TF, all: readonly Metric[], logits: Tensor2D, labels: Tensor): number[] {
  return all.map((metric) => metric(tf, logits, labels).dataSync<'float32'>()[0]!);
}
