/**
 * The learning rate of a step: a pure function, so that a replay or a resume needs no scheduler's state. What the lead
 * decides on a plateau (plateau.ts) is multiplied to it elsewhere.
 */
import { cosineOfPi, exactPower, integerPower } from '../common/exact-math.js';
import type { PlateauOptions } from './plateau.js';

export type Schedule =
  | { constant: Record<never, never> }
  | { step: { every: number; factor: number } }
  | { exponential: { factor: number } }
  | { inverseTime: { decay: number } }
  | { linear: { final: number } }
  | { cosine: { final: number } }
  | { cosineRestarts: { every: number; final: number } }
  | { oneCycle: { rise: number; initial: number; final: number } }
  | { reduceOnPlateau: PlateauOptions };

/** The rate rises linearly over so many steps or epochs; the first step already has its share. */
export type WarmUp = { steps: number } | { epochs: number };

export interface LearningRateSchedule {
  /** Constant when left out. */
  schedule?: Schedule;
  warmUp?: WarmUp;
}

/**
 * The rate of `step`, counted from 0, of a training of `totalSteps`. In the warm-up of W steps it is
 * base (step + 1) / W. Schedules by epochs, e = step / stepsPerEpoch, count from the first step, and are multiplied by
 * the warm-up's share:
 *   step         base factor^floor(e / every)
 *   exponential  base factor^e
 *   inverseTime  base / (1 + decay e)
 *   cosineRestarts  base (final + (1 - final) (1 + cos(pi t)) / 2), t = (e mod every) / every, Loshchilov and Hutter, "SGDR",
 *                2017, whose cycles Huang et al., "Snapshot ensembles", 2017, take their members from
 * Those that end with the training are drawn over what follows the warm-up, t = (step - W) / (totalSteps - W), and stay
 * where they end:
 *   linear       base (final + (1 - final) (1 - t))
 *   cosine       base (final + (1 - final) (1 + cos(pi t)) / 2), Loshchilov and Hutter, "SGDR", 2017, without restarts
 */
export function learningRateAt(
  { schedule = { constant: {} }, warmUp }: LearningRateSchedule,
  baseRate: number,
  step: number,
  stepsPerEpoch: number,
  totalSteps: number,
): number {
  if ('oneCycle' in schedule) return baseRate * oneCycle(schedule.oneCycle, step, totalSteps);
  const warmUpSteps = warmUp === undefined ? 0 : stepsOf(warmUp, stepsPerEpoch);
  const warming = step < warmUpSteps ? (step + 1) / warmUpSteps : 1;
  if ('step' in schedule) {
    const { every, factor } = schedule.step;
    return baseRate * warming * integerPower(factor, Math.floor(step / (every * stepsPerEpoch)));
  }
  if ('exponential' in schedule) {
    return baseRate * warming * exactPower(schedule.exponential.factor, step / stepsPerEpoch);
  }
  if ('inverseTime' in schedule) {
    return (baseRate * warming) / (1 + (schedule.inverseTime.decay * step) / stepsPerEpoch);
  }
  if ('cosineRestarts' in schedule) {
    const { every, final } = schedule.cosineRestarts;
    const cycle = every * stepsPerEpoch;
    return baseRate * warming * between(1, final, (step % cycle) / cycle);
  }
  if (step < warmUpSteps || 'constant' in schedule || 'reduceOnPlateau' in schedule) return baseRate * warming;
  const t = Math.min(1, (step - warmUpSteps) / Math.max(1, totalSteps - warmUpSteps));
  if ('linear' in schedule) {
    const { final } = schedule.linear;
    return baseRate * (final + (1 - final) * (1 - t));
  }
  return baseRate * between(1, schedule.cosine.final, t);
}

/**
 * Up from `initial` at step 0 to 1 at step rise totalSteps - 1, and down to `final` at the last step, each by half a cosine
 * (Smith and Topin, "Super-convergence", 2019, as `torch.optim.lr_scheduler.OneCycleLR` has it, without its momentum).
 */
function oneCycle(
  { rise, initial, final }: { rise: number; initial: number; final: number },
  step: number,
  total: number,
) {
  const top = Math.max(0, rise * total - 1);
  if (step < top) return between(initial, 1, step / top);
  return between(1, final, Math.min(1, (step - top) / Math.max(1, total - 1 - top)));
}

/** Half a cosine from one value, at t = 0, to the other, at t = 1. */
function between(from: number, to: number, t: number): number {
  return to + ((from - to) * (1 + cosineOfPi(t))) / 2;
}

function stepsOf(warmUp: WarmUp, stepsPerEpoch: number): number {
  return 'steps' in warmUp ? warmUp.steps : Math.round(warmUp.epochs * stepsPerEpoch);
}
