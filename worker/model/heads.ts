/** A model's outputs as those of several classifiers side by side: what the loss and the metrics of all of them are. */
import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { TF } from '../tensorflow/load.js';
import { sumOf, type Loss } from './loss.js';
import type { Metric } from './metric.js';

/** The logits of each, [count, outputs]. */
export function headsOf(tf: TF, logits: Tensor2D, count: number): Tensor2D[] {
  return count === 1 ? [logits] : tf.split(logits, count, 1);
}

/** Of the one that predicts. */
export function lastHead(tf: TF, logits: Tensor2D, count: number): Tensor2D {
  return headsOf(tf, logits, count).at(-1)!;
}

/** The sum of the losses of all, so that the gradient of each is what it would be alone. */
export function lossOfHeads(loss: Loss, count: number): Loss {
  if (count === 1) return loss;
  return {
    ...loss,
    compute(tf, logits, labels, mixed) {
      const each = headsOf(tf, logits, count).map((head) => loss.compute(tf, head, labels, mixed));
      const perSample = each.map((one) => one.perSample).reduce((sum, one) => tf.add(sum, one));
      const gradients = each.flatMap(({ gradient }) => (gradient ? [gradient as Tensor2D] : []));
      return gradients.length === count ? { perSample, gradient: tf.concat2d(gradients, 1) } : { perSample };
    },
  };
}

/** In the order of `measuredMetrics`: those of the last head; then of each its loss and its metrics. */
export function metricsOfHeads(metrics: readonly Metric[], loss: Loss, stages: number): Metric[] {
  if (stages === 0) return [...metrics];
  const lossSum: Metric = (tf, logits, labels) => [sumOf(loss.compute(tf, logits, labels).perSample)];
  const ofHead =
    (metric: Metric, head: number): Metric =>
    (tf: TF, logits: Tensor2D, labels: Tensor) =>
      metric(tf, headsOf(tf, logits, stages)[head]!, labels);
  return [
    ...metrics.map((metric) => ofHead(metric, stages - 1)),
    ...Array.from({ length: stages }, (_, head) => [lossSum, ...metrics].map((metric) => ofHead(metric, head))).flat(),
  ];
}
