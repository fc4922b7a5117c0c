/**
 * What preprocessing does to centred samples beyond subtracting: a factor for each feature, or a matrix that makes other
 * features of them; and the second moments by which those are found. By kernels, in memory of its own beside the data's.
 */
import type { Experiment } from '../../common/experiment/schema.js';
import { transformKernels, type TransformKernels } from '../../common/kernels/transform-kernels.js';
import { preprocessPlan, widthOf } from '../../common/preprocessing/preprocess-plan.js';

export class SampleTransform {
  /** Features that come out. */
  readonly width: number;
  /** Whether they are others than those that went in. */
  readonly rotates: boolean;
  /** Whether second moments are wanted. */
  private readonly measures: boolean;
  private readonly productCount: number;
  /** Offsets of the factors or the matrix, of sums and of products of features. */
  private readonly values: number;
  private readonly sums: number;
  private readonly products: number;
  private base = 0;
  private memory: WebAssembly.Memory | undefined;
  private kernels: TransformKernels | undefined;
  private isKnown = false;

  /** `take` answers with offsets of room for it, from where `attach` says. */
  constructor(
    entries: Experiment['preprocess'],
    private readonly features: number,
    take: (bytes: number) => number,
  ) {
    const plan = preprocessPlan(entries);
    this.rotates = plan.rotates;
    this.measures = plan.standardise !== undefined || plan.rotates;
    this.width = widthOf(entries, features);
    this.productCount = plan.rotates ? (features * (features + 1)) / 2 : features;
    const valueCount = plan.rotates ? features * this.width : features;
    this.values = take(this.measures ? valueCount * 4 : 0);
    this.sums = take(this.measures ? Math.max(features, this.width) * 8 : 0);
    this.products = take(this.measures ? this.productCount * 8 : 0);
  }

  attach(memory: WebAssembly.Memory, base: number): void {
    this.memory = memory;
    this.base = base;
    if (this.measures) this.kernels = transformKernels(memory);
  }

  /** In the layout of preprocess-plan.ts; null before it is known. */
  set(vector: Float32Array | null): void {
    this.isKnown = vector !== null;
    if (!vector || !this.memory || !this.measures) return;
    const { features, width } = this;
    const behind = vector.subarray(features);
    const values = new Float32Array(this.memory.buffer, this.base + this.values, behind.length);
    if (!this.rotates) return values.set(behind);
    // A row for each feature that goes in, for the kernel's sake.
    for (let row = 0; row < width; row += 1)
      for (let at = 0; at < features; at += 1) values[at * width + row] = behind[row * features + at]!;
  }

  /**
   * [count, features] at `samples` into [count, width] at `out`, which is the same place where nothing is rotated. Without a
   * matrix it takes the first features as they are, since a model is tried once before anything is known of the data.
   */
  apply(samples: number, count: number, out: number): Float32Array {
    const { features, width, rotates, kernels } = this;
    const { buffer } = this.memory!;
    const values = this.base + this.values;
    const prepared = new Float32Array(buffer, out, count * width);
    if (this.isKnown && rotates) kernels?.project(out, samples, values, this.base + this.sums, count, features, width);
    else if (this.isKnown) kernels?.scaleFeatures(samples, values, count, features);
    else if (rotates) {
      for (let sample = 0; sample < count; sample += 1) {
        prepared.set(new Float32Array(buffer, samples + sample * features * 4, width), sample * width);
      }
    }
    return prepared;
  }

  /**
   * Of deviations [count, features] at `deviations`, rounded once from float64: their sums; then the sums of their squares, or
   * where features are rotated of the products of each two, an upper triangle row by row.
   */
  secondMoments(deviations: number, count: number, into: Float32Array): void {
    const { features, productCount } = this;
    const { buffer } = this.memory!;
    const [sumsAt, productsAt] = [this.base + this.sums, this.base + this.products];
    const sums = new Float64Array(buffer, sumsAt, features).fill(0);
    const products = new Float64Array(buffer, productsAt, productCount).fill(0);
    this.kernels?.secondMoments(sumsAt, productsAt, deviations, count, features, this.rotates);
    into.set(sums);
    into.set(products, features);
  }
}
