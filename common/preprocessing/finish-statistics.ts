/**
 * What is kept of the sums over the training split: means, factors or a matrix, in the layout of preprocess-plan.ts. All of it
 * in float64 in a fixed order, so that whoever has the sums has the same bits.
 */
import { PolyakError } from '../errors.js';
import type { Experiment } from '../experiment/schema.js';
import { preprocessFloats, preprocessPlan, widthOf, type PreprocessPlan } from './preprocess-plan.js';
import { symmetricEigen, type Eigen } from './symmetric-eigen.js';

export interface FinishedStatistics {
  vector: Float32Array;
  /** Of a PCA: the directions that are kept, and their share of all variance. */
  kept: { components: number; share: number } | undefined;
}

/** `sums` in the layout of `statisticsFloats`. Errors: `data` where a variance of nothing would be divided by. */
export function finishStatistics(
  entries: Experiment['preprocess'],
  shape: readonly number[],
  sums: Float32Array,
  samples: number,
): FinishedStatistics {
  const features = shape.reduce((product, size) => product * size, 1);
  const plan = preprocessPlan(entries);
  const vector = new Float32Array(preprocessFloats(entries, features));
  const reciprocal = Math.fround(1 / samples);
  for (let at = 0; at < features; at += 1) vector[at] = sums[at]! * reciprocal;
  if (!plan.standardise && !plan.rotates) return { vector, kept: undefined };
  const deviations = sums.subarray(features, 2 * features);
  const products = sums.subarray(2 * features);
  if (!plan.rotates) {
    const variances = Float64Array.from({ length: features }, (_, at) =>
      variance(products[at]!, deviations[at]!, samples),
    );
    vector.set(factorsOf(plan, vector.subarray(0, features), variances, shape), features);
    return { vector, kept: undefined };
  }
  const rows = covariance(products, deviations, samples);
  const variances = Float64Array.from(rows, (row, at) => row[at]!);
  const factors = plan.standardise
    ? factorsOf(plan, vector.subarray(0, features), variances, shape)
    : new Float64Array(features).fill(1);
  for (const [i, row] of rows.entries()) row.forEach((value, j) => (row[j] = value * factors[i]! * factors[j]!));
  const eigen = symmetricEigen(rows);
  const kept = keptOf(plan, eigen, widthOf(entries, features));
  const matrix = vector.subarray(features);
  for (let k = 0; k < kept.components; k += 1) {
    const length = plan.whiten ? 1 / Math.sqrt(requireVariance(eigen, k, plan.whiten.epsilon)) : 1;
    const direction = eigen.vectors[k]!;
    for (let at = 0; at < features; at += 1) matrix[k * features + at] = direction[at]! * factors[at]! * length;
  }
  return { vector, kept };
}

/** Of n samples, around their mean: Σ d² / n - (Σ d / n)², with deviations d from a reference that is near the mean. */
function variance(squares: number, sum: number, n: number): number {
  return Math.max(0, squares / n - (sum / n) ** 2);
}

/** Likewise of each two features: whole rows of what comes as an upper triangle. */
function covariance(products: Float32Array, sums: Float32Array, n: number): Float64Array[] {
  const rows = Array.from(sums, () => new Float64Array(sums.length));
  let at = 0;
  for (let i = 0; i < rows.length; i += 1) {
    for (let j = i; j < rows.length; j += 1) {
      const value = products[at]! / n - (sums[i]! / n) * (sums[j]! / n);
      rows[i]![j] = i === j ? Math.max(0, value) : value;
      rows[j]![i] = rows[i]![j]!;
      at += 1;
    }
  }
  return rows;
}

/** 1 / deviation of each feature, or of its channel; 1 for what never changes. Makes the means those of channels where they are. */
function factorsOf(
  { standardise }: PreprocessPlan,
  means: Float32Array,
  variances: Float64Array,
  shape: readonly number[],
): Float64Array {
  const inverse = (value: number) => (value > 0 ? 1 / Math.sqrt(value) : 1);
  if (standardise === 'feature') return variances.map(inverse);
  const channels = shape.at(-1) ?? 1;
  const places = means.length / channels;
  const channelMeans = new Float64Array(channels);
  const channelVariances = new Float64Array(channels);
  means.forEach((mean, at) => (channelMeans[at % channels]! += mean / places));
  // Variance within the places, and of the places' means.
  means.forEach((mean, at) => {
    const apart = mean - channelMeans[at % channels]!;
    channelVariances[at % channels]! += (variances[at]! + apart * apart) / places;
  });
  means.forEach((_, at) => (means[at] = channelMeans[at % channels]!));
  return variances.map((_, at) => inverse(channelVariances[at % channels]!));
}

/** The first directions that have the share of the variance that is asked for, or as many as are. */
function keptOf({ pca }: PreprocessPlan, { values }: Eigen, width: number): NonNullable<FinishedStatistics['kept']> {
  const total = values.reduce((sum, value) => sum + Math.max(0, value), 0);
  let components = 0;
  let held = 0;
  const wanted = pca?.variance === undefined ? Infinity : pca.variance * total;
  while (components < width && (held < wanted || components === 0)) {
    held += Math.max(0, values[components]!);
    components += 1;
  }
  return { components, share: total > 0 ? Math.min(1, held / total) : 1 };
}

/** Sums in float32 know variances to so much of the largest. */
const smallest = 1e-7;

/** What is divided by the root of. Errors: `data`. */
function requireVariance({ values }: Eigen, k: number, epsilon: number): number {
  const value = Math.max(0, values[k]!) + epsilon;
  if (value > smallest * values[0]!) return value;
  const found = `of ${values.length} directions, ${values.length - k} have next to no variance (${values[k]!.toPrecision(2)} of the first's ${values[0]!.toPrecision(2)})`;
  const ways = `give it an epsilon of ${(values[0]! * 1e-5).toPrecision(1)} or more, keep only the first with pca: { components: ${k} }, or put standardise: feature before it`;
  throw new PolyakError('data', `preprocess: whiten: ${found}, and dividing by it would make noise of it; ${ways}`);
}
