/** Which samples a batch consists of: a counter-based permutation of (seed, epoch), position by position. */
import { IndexPermutation } from '../../common/index-permutation.js';
import { Purpose } from '../../common/random.js';

/** Indices in the training split at positions [from, to) of the epoch's order. */
export function sampleIdsOf(seed: number, epoch: number, trainCount: number, from: number, to: number): Uint32Array {
  const order = new IndexPermutation(seed, Purpose.epochOrder, epoch, trainCount);
  return Uint32Array.from({ length: to - from }, (_, index) => order.at(from + index));
}
