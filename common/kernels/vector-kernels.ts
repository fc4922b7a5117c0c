/**
 * The float32 vector arithmetic of servers and workers, with the types of the WebAssembly functions in
 * `assembly/vector.ts`. Everything that is summed or updated goes through these, so that bits agree everywhere.
 */
import { instantiateKernel } from './kernel-module.js';
import { scaleUnits, unitSquares } from './unit-norms.js';
import { combine, copyOf, dot, overwrite } from './linear-combination.js';

/**
 * A pointer is a byte offset in the memory, n counts floats. Factors are rounded to float32 on the way in. No argument
 * is checked: the caller owns the layout.
 */
export interface VectorKernels {
  /** out = left + right; out may be left or right. */
  add(out: number, left: number, right: number, n: number): void;
  copy(out: number, source: number, n: number): void;
  fill(out: number, n: number, value: number): void;
  /** p = p * factor */
  scale(p: number, n: number, factor: number): void;
  /** Moves each element into [-limit, limit]; a NaN stays one. */
  clip(p: number, n: number, limit: number): void;
  /** y = y + a * x */
  axpy(y: number, x: number, n: number, a: number): void;
  /** The sum of squares in float64, in a fixed order of lanes. */
  sumSquares(p: number, n: number): number;
  /** gradient = gradient * reciprocal + l2 * weights; returns the sum of squares of the result. */
  prepareGradient(gradient: number, weights: number, n: number, reciprocal: number, l2: number): number;
  /** gradient = gradient + l1 * sign(weights), the sign of 0 being 0. */
  addSigns(gradient: number, weights: number, n: number, l1: number): void;
  /** The sum of absolute values in float64, in the order of sumSquares. */
  sumAbsolutes(p: number, n: number): number;
  /** The index of the first element that is infinite or not a number, or -1. */
  firstNonFinite(p: number, n: number): number;
  /** An unsigned 32-bit checksum of the bits; a change of one float always changes it. */
  checksum(p: number, n: number): number;
  /** weights = weights - rate * gradient */
  sgd(weights: number, gradient: number, n: number, rate: number): void;
  /** velocity = momentum * velocity + gradient; weights = weights - rate * velocity */
  momentum(weights: number, gradient: number, velocity: number, n: number, rate: number, momentum: number): void;
  /** velocity = momentum * velocity + gradient; weights = weights - rate * (gradient + momentum * velocity) */
  nesterov(weights: number, gradient: number, velocity: number, n: number, rate: number, momentum: number): void;
  /** velocity = momentum * velocity + rate * gradient; weights = weights - velocity */
  momentumOfSteps(weights: number, gradient: number, velocity: number, n: number, rate: number, momentum: number): void;
  /** velocity = momentum * velocity + rate * gradient; weights = weights - (rate * gradient + momentum * velocity) */
  nesterovOfSteps(weights: number, gradient: number, velocity: number, n: number, rate: number, momentum: number): void;
  /** squares = squares + gradient^2; weights = weights - rate * gradient / (sqrt(squares) + epsilon) */
  adagrad(weights: number, gradient: number, squares: number, n: number, rate: number, epsilon: number): void;
  /**
   * square = decay * square + complement * gradient^2; weights = weights - rate * gradient / (sqrt(square) + epsilon),
   * where complement = 1 - decay.
   */
  rmsprop(
    weights: number,
    gradient: number,
    square: number,
    n: number,
    rate: number,
    decay: number,
    complement: number,
    epsilon: number,
  ): void;
  /** The formula is at `server/optimizer/adam.ts`; the weights are multiplied by `shrink` before. */
  adam(
    weights: number,
    gradient: number,
    first: number,
    second: number,
    n: number,
    rate: number,
    complement1: number,
    beta2: number,
    complement2: number,
    rootScale: number,
    epsilon: number,
    shrink: number,
  ): void;
  /** The formula is at `server/optimizer/amsgrad.ts`. */
  amsgrad(
    weights: number,
    gradient: number,
    first: number,
    second: number,
    largest: number,
    n: number,
    rate: number,
    complement1: number,
    beta2: number,
    complement2: number,
    rootScale: number,
    epsilon: number,
  ): void;
  /** The formula is at `server/optimizer/nadam.ts`. */
  nadam(
    weights: number,
    gradient: number,
    first: number,
    second: number,
    n: number,
    rateOfFirst: number,
    rateOfGradient: number,
    complement1: number,
    beta2: number,
    complement2: number,
    rootScale: number,
    epsilon: number,
  ): void;
  /** The sum of squares of what lamb moves the weights by at a rate of 1; in float64, in the order of sumSquares. */
  lambSquares(
    weights: number,
    gradient: number,
    first: number,
    second: number,
    n: number,
    firstScale: number,
    complement1: number,
    beta2: number,
    complement2: number,
    rootScale: number,
    epsilon: number,
    decay: number,
  ): number;
  /** The formula is at `server/optimizer/lamb.ts`. */
  lamb(
    weights: number,
    gradient: number,
    first: number,
    second: number,
    n: number,
    rate: number,
    firstScale: number,
    complement1: number,
    beta2: number,
    complement2: number,
    rootScale: number,
    epsilon: number,
    decay: number,
  ): void;
  /**
   * average = decay * average + (1 - decay) * weights, computed as average + (1 - decay) * (weights - average), whose
   * fixed point is exactly the weights, whatever the rounding of decay.
   */
  movingAverage(average: number, weights: number, n: number, decay: number): void;
  /** running = momentum * running + (1 - momentum) * sum * reciprocal, computed likewise. */
  runningStatistics(running: number, sum: number, n: number, reciprocal: number, momentum: number): void;
  /** The next four are of full-batch methods: see linear-combination.ts. */
  combine(out: number, terms: readonly (readonly [coefficient: number, vector: number])[], n: number): void;
  dot(left: number, right: number, n: number): number;
  read(p: number, n: number): Float32Array;
  write(p: number, values: Float32Array): void;
  /** Of max-norm: see unit-norms.ts. `first` is the place in its tensor of the first of the n floats. */
  unitSquares(p: number, n: number, first: number, units: number): number[];
  scaleUnits(p: number, n: number, first: number, factors: readonly number[]): void;
}

/** The kernels over a shared memory; make them once per memory and thread. */
export function vectorKernels(memory: WebAssembly.Memory): VectorKernels {
  const kernels = instantiateKernel('vector', memory) as unknown as VectorKernels;
  return {
    ...kernels,
    // WebAssembly gives its 32-bit results signed.
    checksum: (p, n) => kernels.checksum(p, n) >>> 0,
    movingAverage: (average, weights, n, decay) => kernels.movingAverage(average, weights, n, 1 - decay),
    runningStatistics: (running, sum, n, reciprocal, momentum) =>
      kernels.runningStatistics(running, sum, n, reciprocal, 1 - momentum),
    combine: (out, terms, n) => combine(memory, out, terms, n),
    dot: (left, right, n) => dot(memory, left, right, n),
    read: (p, n) => copyOf(memory, p, n),
    write: (p, values) => overwrite(memory, p, values),
    unitSquares: (p, n, first, units) => unitSquares(memory, p, n, first, units),
    scaleUnits: (p, n, first, factors) => scaleUnits(memory, p, n, first, factors),
  };
}
