/** The types of `assembly/transform.ts`: what preprocessing does to samples that have been gathered. */
import { instantiateKernel } from './kernel-module.js';

export interface TransformKernels {
  /** [n, features] in place. */
  scaleFeatures(this: void, samples: number, factors: number, n: number, features: number): void;
  /** By a matrix of [features, width]; `sums` is room for `width` float64. */
  project(
    this: void,
    out: number,
    samples: number,
    matrix: number,
    sums: number,
    n: number,
    features: number,
    width: number,
  ): void;
  /** Adds to float64; with `pairs` the products are an upper triangle row by row, else squares. */
  secondMoments(
    this: void,
    sums: number,
    products: number,
    deviations: number,
    n: number,
    features: number,
    pairs: boolean,
  ): void;
}

/** The kernels over a shared memory. */
export function transformKernels(memory: WebAssembly.Memory): TransformKernels {
  return instantiateKernel('transform', memory) as unknown as TransformKernels;
}
