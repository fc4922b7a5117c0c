/**
 * What is measured of the inputs over the training split before the first step, for those who ask: preprocessing, in the layouts
 * of preprocess-plan.ts, and lighting, which wants the six products of three colours, behind that. One vector, the sum
 * of a tree over micro-batches, and one that is kept with the weights.
 */
import type { Experiment } from './experiment/schema.js';
import { finishInThread } from './preprocessing/finish-in-thread.js';
import type { FinishedStatistics } from './preprocessing/finish-statistics.js';
import { needsStatistics, preprocessFloats, statisticsFloats } from './preprocessing/preprocess-plan.js';

const colourProducts = 6;

type Asking = Pick<Experiment, 'preprocess' | 'augment'>;

export function measuresColours({ augment }: Pick<Experiment, 'augment'>): boolean {
  return augment.some((entry) => 'lighting' in entry);
}

/** Is there anything to measure? */
export function isMeasured(experiment: Asking): boolean {
  return needsStatistics(experiment.preprocess) || measuresColours(experiment);
}

/** Floats that are summed. */
export function measuredFloats(experiment: Asking, features: number): number {
  return statisticsFloats(experiment.preprocess, features) + (measuresColours(experiment) ? colourProducts : 0);
}

/** Floats that are kept: what preprocessing keeps, then the means of the products of colours. */
export function keptFloats(experiment: Asking, features: number): number {
  return preprocessFloats(experiment.preprocess, features) + (measuresColours(experiment) ? colourProducts : 0);
}

/** `shape` is of one sample, `sums` are over all `samples`. Errors: as of `finishStatistics`. */
export async function finishMeasuring(
  experiment: Asking,
  { shape, sums, samples }: { shape: readonly number[]; sums: Float32Array; samples: number },
): Promise<FinishedStatistics> {
  const { preprocess: entries } = experiment;
  const features = shape.reduce((product, size) => product * size, 1);
  const length = statisticsFloats(entries, features);
  const finished = await finishInThread({ entries, shape, sums: sums.slice(0, length), samples });
  if (!measuresColours(experiment)) return finished;
  const reciprocal = Math.fround(1 / samples);
  const vector = new Float32Array(finished.vector.length + colourProducts);
  vector.set(finished.vector);
  vector.set(
    sums.subarray(length).map((sum) => sum * reciprocal),
    finished.vector.length,
  );
  return { ...finished, vector };
}
