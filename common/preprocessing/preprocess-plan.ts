/**
 * What the entries of `preprocess` mean for samples of so many features: what is summed over the training split, what is
 * kept of it, and the shape that samples have afterwards. It computes nothing of the data.
 */
import type { Experiment } from '../experiment/schema.js';

type Entries = Experiment['preprocess'];

export interface PreprocessPlan {
  /** Whose mean is subtracted; undefined where none is. */
  mean: 'image' | 'channel' | undefined;
  /** What is divided by its standard deviation. */
  standardise: 'feature' | 'channel' | undefined;
  /** Of a rotation to the directions of most variance: what is kept of them. */
  pca: { components?: number | undefined; variance?: number | undefined } | undefined;
  /** Added to each variance that is divided by. */
  whiten: { epsilon: number } | undefined;
  /** Multiplies what comes out of all that. */
  scale: number;
  /** Every feature becomes a sum over all of them. */
  rotates: boolean;
}

export function preprocessPlan(entries: Entries): PreprocessPlan {
  const plan: PreprocessPlan = {
    ...{ mean: undefined, standardise: undefined, pca: undefined, whiten: undefined },
    ...{ scale: 1, rotates: false },
  };
  for (const entry of entries) {
    if ('subtractMean' in entry) plan.mean = entry.subtractMean;
    else if ('standardise' in entry) plan.standardise = entry.standardise;
    else if ('pca' in entry) plan.pca = entry.pca;
    else if ('whiten' in entry) plan.whiten = entry.whiten;
    else plan.scale *= entry.scale;
  }
  plan.rotates = plan.pca !== undefined || plan.whiten !== undefined;
  // Both are around the mean of every feature.
  if (plan.rotates || plan.standardise) plan.mean ??= 'image';
  return plan;
}

/** Whether anything of the training split must be known. */
export function needsStatistics(entries: Entries): boolean {
  return preprocessPlan(entries).mean !== undefined;
}

/**
 * Floats that are summed over the training split: each feature; and where variances are needed, each feature less its
 * reference, and the products of those: their squares, or the upper triangle, row by row.
 */
export function statisticsFloats(entries: Entries, features: number): number {
  const { standardise, rotates } = preprocessPlan(entries);
  if (rotates) return 2 * features + (features * (features + 1)) / 2;
  return standardise ? 3 * features : features;
}

/**
 * Floats that are kept with the weights: the mean of each feature; then a factor for each, or the matrix that a sample is
 * multiplied by, row by row, a row for each feature that comes out.
 */
export function preprocessFloats(entries: Entries, features: number): number {
  const { standardise, rotates } = preprocessPlan(entries);
  if (rotates) return features + features * widthOf(entries, features);
  return standardise ? 2 * features : features;
}

/** Features that come out. */
export function widthOf(entries: Entries, features: number): number {
  return preprocessPlan(entries).pca?.components ?? features;
}

/** Of a sample afterwards. What is rotated has no places any more. */
export function preparedShape(entries: Entries, shape: readonly number[]): number[] {
  if (!preprocessPlan(entries).rotates) return [...shape];
  return [
    widthOf(
      entries,
      shape.reduce((product, size) => product * size, 1),
    ),
  ];
}
