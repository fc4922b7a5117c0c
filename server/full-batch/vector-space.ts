/**
 * What a full-batch method sees of the weights: vectors by name, linear combinations of them, and inner products. Where the
 * vectors are, and in how many chunks, it does not know; the numbers do not depend on it.
 */

/** `weights`, `gradient` (the mean over the training split, L2 included), or a slot of the method. */
export type VectorName = string;

/** out = sum of coefficient times vector; `out` may be among the vectors. */
export interface Combination {
  out: VectorName;
  terms: readonly (readonly [coefficient: number, vector: VectorName])[];
}

export interface VectorSpace {
  /** Forms the combinations, one after another, then answers with the inner product of each pair, in float64. */
  measure(
    combinations: readonly Combination[],
    pairs: readonly (readonly [VectorName, VectorName])[],
  ): Promise<number[]>;
  /** The floats of a vector that are trained, in the manifest's order. For small models. */
  read(vector: VectorName): Promise<Float64Array>;
  /**
   * The last of a step: forms the combinations, or replaces the weights (those of `read`), which then are of the next step. Before that the
   * present weights go into their running average, where they are a point that was kept and not one that was only tried.
   */
  move(combinations: readonly Combination[], isKept: boolean): void;
  replace(weights: Float64Array, isKept: boolean): void;
}
