/**
 * What a method of full batches is, and which there are. Each of its steps is one evaluation: loss and gradient over the
 * whole training split at the present weights. The method then says where the next one is. It runs in the trial's lead and has only
 * numbers; its vectors are slots of the chunks. Its state is in every checkpoint, so that any step can be the first again.
 */
import type { Experiment } from '../../common/experiment/schema.js';
import { bfgs } from './bfgs.js';
import { lbfgs } from './lbfgs.js';
import { newton } from './newton.js';
import type { VectorName, VectorSpace } from './vector-space.js';

/** JSON: named numbers, without infinities. */
export type MethodState = Readonly<Record<string, unknown>>;

export interface Evaluation {
  /** Mean over the training split, L2 included. */
  loss: number;
  /** No other will follow: the weights are left at the lowest point that is known. */
  isLast: boolean;
  space: VectorSpace;
}

export interface MethodStep {
  state: MethodState;
  /** The step length along the direction that is tried next. */
  stepLength: number;
  /** Set where nothing is left to be done: why. The weights are the result. */
  ended?: string;
}

/** As the experiment's schema has checked them. */
export type MethodOptions = Readonly<Record<string, number>>;

export interface FullBatchMethod {
  slots(options: MethodOptions): readonly VectorName[];
  /** The most floats that are trained; undefined for any number. */
  parametersMax?: number;
  /** `state` is undefined at the first step. Ends with one call of `move` or `replace`. */
  step(options: MethodOptions, state: MethodState | undefined, evaluation: Evaluation): Promise<MethodStep>;
}

/** By the name that the experiment file uses. */
export const fullBatchMethods: Readonly<Record<string, FullBatchMethod>> = { lbfgs, bfgs, newton };

export interface ChosenMethod {
  name: string;
  method: FullBatchMethod;
  options: MethodOptions;
}

/** Undefined where the experiment's optimizer is one of mini-batches. */
export function chosenMethod({ optimizer }: Pick<Experiment, 'optimizer'>): ChosenMethod | undefined {
  const [name, options] = Object.entries(optimizer)[0] ?? ['', {}];
  const method = Object.hasOwn(fullBatchMethods, name) ? fullBatchMethods[name] : undefined;
  return method && { name, method, options: options as MethodOptions };
}
