/**
 * The sums that metrics are made of, over the samples of a micro-batch; what follows from them at the root of the tree
 * is in common/experiment/metrics.ts. Right answers are counted, which is exact; what is no count is added in float64.
 */
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { PolyakError } from '../../common/errors.js';
import { metricFacts } from '../../common/experiment/metrics.js';
import { nameOf, numbersOf, type NamedOption } from '../../common/experiment/named-option.js';
import type { LoadedModule } from '../module/loaded-module.js';
import type { TF } from '../tensorflow/load.js';
import type { Loss } from './loss.js';

export type Metric = (tf: TF, logits: Tensor2D, labels: Tensor) => number[];

const floatsOf = (tensor: Tensor) => tensor.dataSync<'float32'>();
const count = (tf: TF, conditions: Tensor) => [...floatsOf(tf.sum(tf.cast(conditions, 'float32')))];

/** Right answers: the largest logit is the label's, or, for labels of floats, each output is on its label's side. */
const accuracy: Metric = (tf, logits, labels) => {
  if (labels.rank === 1) return count(tf, tf.equal(tf.argMax(logits, 1), labels));
  const right = tf.equal(tf.greater(logits, 0), tf.greater(labels, 0.5));
  return [...floatsOf(tf.sum(tf.mean(tf.cast(right, 'float32'), 1)))];
};

/** Samples of whose label fewer than k other classes have a larger logit; a logit that is no number is never right. */
const topKAccuracy =
  (k: number): Metric =>
  (tf, logits, labels) => {
    const ofLabel = tf.sum(tf.mul(tf.oneHot(labels as Tensor1D, logits.shape[1]), logits), 1, true);
    const larger = tf.sum(tf.cast(tf.greater(logits, ofLabel), 'float32'), 1, true);
    return count(tf, tf.logicalAnd(tf.less(larger, k), tf.equal(ofLabel, ofLabel)));
  };

/** Sums of functions of the prediction and the label, each averaged over the outputs. */
function sumsOver(...functions: ((predicted: number, label: number) => number)[]): Metric {
  return (_tf, logits, labels) => {
    const [predicted, wanted] = [floatsOf(logits), floatsOf(labels)];
    const sumOf = (each: (typeof functions)[number]) =>
      predicted.reduce((sum, value, index) => sum + each(value, wanted[index]!), 0);
    return functions.map((each) => sumOf(each) / logits.shape[1]);
  };
}

const squaredError = (predicted: number, label: number) => (predicted - label) ** 2;

/** By name; each takes the options of the experiment file. */
const metrics: Record<string, (options: Record<string, number>) => Metric> = {
  accuracy: () => accuracy,
  topKAccuracy: ({ k = 5 }) => topKAccuracy(k),
  meanAbsoluteError: () => sumsOver((predicted, label) => Math.abs(predicted - label)),
  meanSquaredError: () => sumsOver(squaredError),
  rootMeanSquaredError: () => sumsOver(squaredError),
  rSquared: () =>
    sumsOver(
      squaredError,
      (_, label) => label,
      (_, label) => label * label,
    ),
};

/** Errors: PolyakError `usage` for an unknown name, or one that does not go with the loss's labels. */
export function metricsNamed(
  options: readonly NamedOption[],
  loss: Loss,
  lossName: string,
  module?: LoadedModule,
): Metric[] {
  return options.map((option, index) => {
    const name = nameOf(option);
    const own = module?.metric(name);
    if (own) return (tf, logits, labels) => [...floatsOf(tf.sum(own(logits, labels)))];
    const make = Object.hasOwn(metrics, name) ? metrics[name] : undefined;
    if (!make) {
      throw new PolyakError('usage', `metrics[${index}]: '${name}' is not one of ${Object.keys(metrics).join(', ')}`);
    }
    if (metricFacts(name)?.targets.includes(loss.target) === false) {
      throw new PolyakError('usage', `metrics[${index}]: '${name}' does not go with loss '${lossName}'`);
    }
    return make(numbersOf(option));
  });
}

/** The sums, in the order of the metrics. */
export function metricSums(tf: TF, all: readonly Metric[], logits: Tensor2D, labels: Tensor): number[] {
  return all.flatMap((metric) => metric(tf, logits, labels));
}
