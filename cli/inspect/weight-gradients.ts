/** What the gradient of a layer's weights tells: how large it is, and for how many units all its signs are one. */
import type { TensorSpec } from '../../common/manifest.js';
import { momentsOf, type MomentsFound } from '../../worker/model/moments.js';

export interface WeightGradient {
  /** Such as `dense_1/kernel`. */
  tensor: string;
  gradient: MomentsFound;
  /** The share of units, of those that have a gradient, whose weights' gradients are all positive or all negative. */
  oneSign: number | null;
}

/**
 * Of the layer's kernel, or else of its first weights that are trained. `gradient` is a vector in the order of the
 * manifest. Undefined where nothing is trained.
 */
export function weightGradient(
  layer: string,
  parameters: readonly TensorSpec[],
  gradient: Float32Array,
): WeightGradient | undefined {
  const trained = parameters.filter(({ name, frozen }) => !frozen && layerOf(name) === layer);
  const kernel = kernelOf(layer, trained);
  const chosen = kernel ?? trained[0];
  if (!chosen) return undefined;
  const values = gradient.subarray(chosen.offset, chosen.offset + chosen.length);
  const oneSign = kernel ? shareOfOneSign(values, unitsOf(kernel)) : null;
  return { tensor: chosen.name, gradient: momentsOf(values)!, oneSign };
}

/** The layer's first, where it has several. */
export function kernelOf(layer: string, parameters: readonly TensorSpec[]): TensorSpec | undefined {
  return parameters.find(({ name }) => layerOf(name) === layer && name.endsWith('kernel'));
}

function layerOf(tensor: string): string {
  return tensor.slice(0, tensor.lastIndexOf('/'));
}

/** A depthwise kernel has units for each channel that comes in. */
function unitsOf({ name, shape }: TensorSpec): number {
  const [channels = 1, units = 1] = shape.slice(-2);
  return name.endsWith('/depthwise_kernel') ? channels * units : units;
}

/** A weight whose input is always 0 has no sign; a unit needs two that have one. */
function shareOfOneSign(values: Float32Array, units: number): number | null {
  const positive = new Uint32Array(units);
  const negative = new Uint32Array(units);
  values.forEach((value, index) => {
    if (value > 0) positive[index % units]! += 1;
    if (value < 0) negative[index % units]! += 1;
  });
  let signed = 0;
  let locked = 0;
  for (let unit = 0; unit < units; unit += 1) {
    const [ups, downs] = [positive[unit]!, negative[unit]!];
    if (ups + downs < 2) continue;
    signed += 1;
    if (ups === 0 || downs === 0) locked += 1;
  }
  return signed === 0 ? null : locked / signed;
}
