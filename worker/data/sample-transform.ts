/**
 * What preprocessing does to centred samples beyond subtracting: a factor for each feature, or a matrix that makes other
 * features of them. Sums are in float64 in the features' order, so the bits are the same wherever it runs.
 */
import type { Experiment } from '../../common/experiment/schema.js';
import { preprocessPlan, widthOf } from '../../common/preprocessing/preprocess-plan.js';

export class SampleTransform {
  /** Features that come out. */
  readonly width: number;
  /** Whether they are others than those that went in. */
  readonly rotates: boolean;
  private readonly scales: boolean;
  private values: Float32Array | undefined;

  constructor(
    entries: Experiment['preprocess'],
    private readonly features: number,
  ) {
    const plan = preprocessPlan(entries);
    this.rotates = plan.rotates;
    this.scales = plan.standardise !== undefined && !plan.rotates;
    this.width = widthOf(entries, features);
  }

  /** Behind the mean, in the layout of preprocess-plan.ts; null before it is known. */
  set(vector: Float32Array | null): void {
    this.values = vector?.slice(this.features);
  }

  /**
   * [count, features] into [count, width], which may be the same place where nothing is rotated. Without a matrix it takes
   * the first features as they are, since a model is tried once before anything is known of the data.
   */
  apply(samples: Float32Array, count: number, out: Float32Array): void {
    const { values, features, width } = this;
    if (this.rotates) {
      for (let sample = 0; sample < count; sample += 1) {
        const x = samples.subarray(sample * features, (sample + 1) * features);
        if (values) multiply(values, x, out, sample * width);
        else out.set(x.subarray(0, width), sample * width);
      }
    } else if (this.scales && values) {
      for (let at = 0; at < count * features; at += 1) out[at] = samples[at]! * values[at % features]!;
    }
  }
}

/** Rows of the matrix times the sample. */
function multiply(matrix: Float32Array, x: Float32Array, out: Float32Array, offset: number): void {
  const rows = matrix.length / x.length;
  for (let row = 0; row < rows; row += 1) {
    const base = row * x.length;
    let sum = 0;
    for (let at = 0; at < x.length; at += 1) sum += matrix[base + at]! * x[at]!;
    out[offset + row] = sum;
  }
}
