/**
 * The lengths of rungs and the sizes of brackets. Lengths are whole epochs: a trial is judged by the validation that ends
 * one.
 */
import { integerPower } from '../../common/exact-math.js';

export interface RungOptions {
  /** Epochs of the first rung at least. */
  minEpochs: number;
  /** Epochs of the last. */
  maxEpochs: number;
  /** One in so many goes on to the next rung, which is so many times as long. */
  eta: number;
}

/**
 * R eta^-s, R eta^-(s-1), …, R, rounded, with the largest s for which the first is minEpochs or more. It is counted from
 * the end, as in Hyperband, so that the last rung is the whole training also where R / minEpochs is no power of eta.
 */
export function rungEpochs({ minEpochs, maxEpochs, eta }: RungOptions): number[] {
  let last = 0;
  while (minEpochs * integerPower(eta, last + 1) <= maxEpochs) last += 1;
  return Array.from({ length: last + 1 }, (_, rung) => Math.round(maxEpochs / integerPower(eta, last - rung)));
}

/** How many of `trials` are in each of so many rungs: n eta^-i, rounded down. */
export function rungSizes(trials: number, rungs: number, eta: number): number[] {
  return Array.from({ length: rungs }, (_, rung) => Math.floor(trials / integerPower(eta, rung)));
}

export interface BracketShape {
  /** Its name in the paper: how often its trials are halved. */
  s: number;
  /** n_i and r_i of each rung. */
  rungs: { trials: number; epochs: number }[];
}

/**
 * Hyperband's brackets, from the most halvings to none: n = floor((s_max + 1) / (s + 1)) eta^s trials begin with
 * r = R eta^-s epochs. Source: Li, Jamieson, DeSalvo, Rostamizadeh and Talwalkar, "Hyperband: a novel bandit-based
 * approach to hyperparameter optimization", 2018, table 1. Algorithm 1 of the same paper rounds up only at the end, and
 * would begin with 34, 15 and 8 trials where its table (R = 81, eta = 3) has 27, 9 and 6. The table's are taken: they
 * divide by eta nearly everywhere, so that hardly a trial is lost to rounding.
 */
export function hyperbandBrackets(options: RungOptions): BracketShape[] {
  const epochs = rungEpochs(options);
  const last = epochs.length - 1;
  return epochs.map((_, skipped) => {
    const s = last - skipped;
    const trials = Math.floor((last + 1) / (s + 1)) * integerPower(options.eta, s);
    const sizes = rungSizes(trials, s + 1, options.eta);
    return { s, rungs: sizes.map((size, rung) => ({ trials: size, epochs: epochs[skipped + rung]! })) };
  });
}

/** The trials of all brackets together. */
export function hyperbandTrials(options: RungOptions): number {
  return hyperbandBrackets(options).reduce((sum, { rungs }) => sum + rungs[0]!.trials, 0);
}
