/** Sums of deviations and of their products over some samples, in float64 in the samples' order, rounded once. */

/**
 * `deviations` are [count, features]. Into `out`: their sums; then the sums of their squares, or with `pairs` of the
 * products of each two, an upper triangle row by row.
 */
export function secondMoments(
  deviations: Float32Array,
  { count, features, pairs }: { count: number; features: number; pairs: boolean },
  out: Float32Array,
): void {
  const sums = new Float64Array(features);
  const products = new Float64Array(pairs ? (features * (features + 1)) / 2 : features);
  for (let sample = 0; sample < count; sample += 1) {
    const values = deviations.subarray(sample * features, (sample + 1) * features);
    let at = 0;
    for (let i = 0; i < features; i += 1) {
      const value = values[i]!;
      sums[i]! += value;
      const end = pairs ? features : i + 1;
      for (let j = i; j < end; j += 1) products[at++]! += value * values[j]!;
    }
  }
  out.set(sums);
  out.set(products, features);
}
