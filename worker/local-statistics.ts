/**
 * What preprocessing knows of the training split, as the lead of a trial makes it, to the bit: sums of micro-batches through
 * the tree, finished by the same function. For those who have the data and no cluster, or cannot wait for it.
 */
import { setImmediate } from 'node:timers/promises';
import type { Experiment } from '../common/experiment/schema.js';
import { finishMeasuring } from '../common/input-statistics.js';
import { passLeaves } from '../common/plan.js';
import type { Batches } from './batches.js';
import { vectorTree } from './vector-tree.js';

export interface StatisticsOf {
  experiment: Pick<Experiment, 'preprocess' | 'augment' | 'train'>;
  /** Of a sample in the data. */
  shape: readonly number[];
  trainCount: number;
}

/** Errors: as of `finishStatistics`. */
export async function localStatistics(
  batches: Pick<Batches, 'statistics'>,
  { experiment, shape, trainCount }: StatisticsOf,
): Promise<Float32Array> {
  const leaves = passLeaves(trainCount, experiment.train.microBatchSize);
  const tree = vectorTree(leaves);
  for (let leaf = 0; leaf < leaves; leaf += 1) {
    tree.fill({ first: leaf, leaves: 1 }, batches.statistics(leaf).sum);
    // So that heartbeats go on.
    if (leaf % 16 === 15) await setImmediate();
  }
  const { vector } = await finishMeasuring(experiment, { shape, sums: tree.takeRoot(), samples: trainCount });
  return vector;
}
