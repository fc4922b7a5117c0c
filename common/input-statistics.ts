/**
 * What is measured of the inputs over the training split before the first step: the mean of each feature and, for
 * lighting, the means of the six products of three colours behind it. One vector, the sum of a tree over micro-batches.
 */
import type { Experiment } from './experiment/schema.js';

const colourProducts = 6;

type Asking = Pick<Experiment, 'preprocess' | 'augment'>;

export function measuresColours({ augment }: Pick<Experiment, 'augment'>): boolean {
  return augment.some((entry) => 'lighting' in entry);
}

export function subtractsMean({ preprocess }: Pick<Experiment, 'preprocess'>): boolean {
  return preprocess.some((entry) => 'subtractMean' in entry);
}

/** Is there anything to measure? */
export function needsStatistics(experiment: Asking): boolean {
  return subtractsMean(experiment) || measuresColours(experiment);
}

/** Length of the vector. */
export function statisticsFloats(experiment: Asking, features: number): number {
  return features + (measuresColours(experiment) ? colourProducts : 0);
}
