/**
 * The mean of the inputs over the training split, and of their colours where those are asked for, as the lead of a trial makes it: sums of micro-batches through the tree,
 * then one multiplication. For those who have the data and no cluster.
 */
import { passLeaves } from '../../common/plan.js';
import type { Batches } from '../../worker/batches.js';
import { vectorTree } from './vector-tree.js';

export function inputMean(batches: Batches, trainCount: number, microBatchSize: number): Float32Array {
  const leaves = passLeaves(trainCount, microBatchSize);
  const tree = vectorTree(leaves);
  for (let leaf = 0; leaf < leaves; leaf += 1) tree.fill({ first: leaf, leaves: 1 }, batches.statistics(leaf).sum);
  const reciprocal = Math.fround(1 / trainCount);
  return tree.takeRoot().map((sum) => sum * reciprocal);
}
