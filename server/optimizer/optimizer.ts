/**
 * What an optimizer is, and which there are. An optimizer is pure: named slots beside the weights, each starting at
 * zero, numbers computed once a step, and a loop over one segment of a chunk. Adding one is one file and one line here.
 */
import type { VectorKernels } from '../../common/kernels/vector-kernels.js';
import { PolyakError } from '../../common/errors.js';
import { adagrad } from './adagrad.js';
import { adam } from './adam.js';
import { adamw } from './adamw.js';
import { amsgrad } from './amsgrad.js';
import { lamb } from './lamb.js';
import { momentum } from './momentum.js';
import { nadam } from './nadam.js';
import { nesterov } from './nesterov.js';
import { rmsprop } from './rmsprop.js';
import { sgd } from './sgd.js';

/** A run of floats of one chunk that share their settings. Pointers are byte offsets in the kernels' memory. */
export interface OptimizerSegment {
  weights: number;
  /** The mean gradient, L2 included and clipped. */
  gradient: number;
  /** In the order of the optimizer's `slots`. */
  slots: readonly number[];
  /** Floats. */
  length: number;
  /** Multiplies the learning rate. */
  rateMultiplier: number;
  /** Weight decay applies to it: it is of a kernel. */
  decays?: boolean;
}

/** As the experiment's schema has checked them. */
export type OptimizerOptions = Readonly<Record<string, number | string>>;

export interface Optimizer<Options> {
  readonly name: string;
  /** Names of the state vectors, such as `adam.firstMoment`; they are as long as the weights and start at zero. */
  readonly slots: readonly string[];
  /** The step's numbers in float64, from the step counted from 1 and its learning rate. */
  coefficients(options: Options, step: number, learningRate: number): number[];
  /**
   * Of an optimizer whose rate is multiplied by a trust ratio, |weights| / |update| of each tensor: the sum of squares of
   * the segment's update at a rate of 1, in float64. Nothing is changed yet.
   */
  updateSquares?(kernels: VectorKernels, segment: OptimizerSegment, coefficients: readonly number[]): number;
  /** Updates weights and slots in place. */
  apply(kernels: VectorKernels, segment: OptimizerSegment, coefficients: readonly number[]): void;
}

/** The optimizers by the name that the experiment file uses. */
export const optimizers = { sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw, amsgrad, nadam, lamb } as const;

export type OptimizerName = keyof typeof optimizers;

/** The optimizer of that name; its options are those that the experiment's schema has checked. */
export function optimizerNamed(name: string): Optimizer<OptimizerOptions> {
  if (!Object.hasOwn(optimizers, name)) {
    throw new PolyakError('usage', `optimizer: there is no '${name}'; one of ${Object.keys(optimizers).join(', ')}`);
  }
  return optimizers[name as OptimizerName] as Optimizer<OptimizerOptions>;
}
