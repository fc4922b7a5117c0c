/** The reduction tree over whole vectors in float32: the order of a step's sums, for those who have all its leaves. */
import { PartialTree } from '../common/reduction-tree.js';

/** Takes the vectors over. */
export function vectorTree(leaves: number): PartialTree<Float32Array> {
  return new PartialTree<Float32Array>(leaves, { add: addTo, release: () => undefined });
}

/** A sum of two float32 made in float64 and rounded is their sum in float32. */
function addTo(left: Float32Array, right: Float32Array): Float32Array {
  for (let at = 0; at < left.length; at += 1) left[at]! += right[at]!;
  return left;
}
