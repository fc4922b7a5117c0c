/**
 * What chooses a trial's hyperparameters. A sampler is pure: they are a function of the space, the seed, the trial's
 * number and, for those that learn, the results of earlier rounds in their order. Trial 17 is the same alone as among
 * others, in any order, on any machine.
 */
import { PolyakError } from '../../common/errors.js';
import type { SamplerChoice } from '../../common/experiment/sampler-schema.js';
import type { Hyperparameters } from './hyperparameters.js';
import type { Space } from './space.js';

/** How a trial of an earlier round ended. */
export interface TrialResult {
  number: number;
  hyperparameters: Hyperparameters;
  /** Undefined where the trial has none, because it diverged. */
  objective: number | undefined;
}

export interface Sampler {
  /** How many trials there are; undefined where there is no end. */
  readonly size: number | undefined;
  /**
   * Of trial `number`, from 0. `earlier` are the results of earlier rounds in the order of their numbers; none of the
   * samplers so far looks at them. Errors: `usage`, where constraints leave nothing, or there is no such trial.
   */
  draw(number: number, earlier?: readonly TrialResult[]): Hyperparameters;
}

export interface SamplerInput {
  space: Space;
  /** Of the experiment. */
  seed: number;
  /** Of the search. */
  trials: number;
  sampler: SamplerChoice;
  /** The text of the list of trials, where `sampler` names one. */
  list?: string | undefined;
}

/** Trials are counted from 0; there are fewer than 2^32. */
export function assertNumber(number: number, size: number | undefined): void {
  if (!Number.isInteger(number) || number < 0 || number >= 2 ** 32) {
    throw new RangeError(`a trial's number is a whole number from 0 to 2^32 - 1, not ${number}`);
  }
  if (size !== undefined && number >= size)
    throw new PolyakError('usage', `there is no trial ${number}, the last is ${size - 1}`);
}
