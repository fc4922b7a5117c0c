/** Which axis a normalisation has its channels on: only the last, since our samples have them there. */
import type { layers } from '@tensorflow/tfjs';

/** `axis` is as tfjs and Keras write it. Errors: one that is not the last, or that the input does not have. */
export function requireLastAxis(layer: layers.Layer, axis: unknown, inputShape: readonly unknown[]): void {
  const given = [axis ?? -1].flat().map(Number);
  const rank = inputShape.length;
  if (given.length === 1 && (given[0] === -1 || given[0] === rank - 1)) return;
  const isThere = given.every((each) => Number.isInteger(each) && each >= -rank && each < rank);
  const what = isThere ? 'only the last is supported' : `its input has ${rank} axes`;
  const way = `take ${rank - 1} or -1`;
  throw new Error(`${layer.getClassName()} '${layer.name}': axis is ${given.join(', ')}; ${what}, ${way}`);
}
