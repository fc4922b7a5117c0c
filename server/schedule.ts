/** The learning rate of a step: a pure function, so that a replay or a resume needs no scheduler's state. */
import { cosineOfPi, integerPower } from '../common/exact-math.js';

/** Constant; times `factor` after every `every` epochs; or half a cosine down to `final` times the base rate. */
export type Schedule =
  { constant: Record<never, never> } | { step: { every: number; factor: number } } | { cosine: { final: number } };

/** The rate rises linearly over so many steps or epochs; the first step already has its share. */
export type WarmUp = { steps: number } | { epochs: number };

export interface LearningRateSchedule {
  /** Constant when left out. */
  schedule?: Schedule;
  warmUp?: WarmUp;
}

/**
 * The rate of `step`, counted from 0, of a training of `totalSteps`. In the warm-up of W steps it is
 * base (step + 1) / W. `step` decays by epochs counted from the first step:
 * base factor^floor(step / (every * stepsPerEpoch)). `cosine` is drawn over what follows the warm-up:
 * base (final + (1 - final) (1 + cos(pi t)) / 2), t = (step - W) / (totalSteps - W)
 * (Loshchilov and Hutter, "SGDR", 2017, without restarts); past the end it stays at base final.
 */
export function learningRateAt(
  { schedule = { constant: {} }, warmUp }: LearningRateSchedule,
  baseRate: number,
  step: number,
  stepsPerEpoch: number,
  totalSteps: number,
): number {
  const warmUpSteps = warmUp === undefined ? 0 : stepsOf(warmUp, stepsPerEpoch);
  if ('step' in schedule) {
    const { every, factor } = schedule.step;
    const decays = Math.floor(step / (every * stepsPerEpoch));
    return baseRate * warmUpShare(step, warmUpSteps) * integerPower(factor, decays);
  }
  if (step < warmUpSteps || 'constant' in schedule) {
    return baseRate * warmUpShare(step, warmUpSteps);
  }
  const { final } = schedule.cosine;
  const t = Math.min(1, (step - warmUpSteps) / Math.max(1, totalSteps - warmUpSteps));
  return baseRate * (final + ((1 - final) * (1 + cosineOfPi(t))) / 2);
}

function stepsOf(warmUp: WarmUp, stepsPerEpoch: number): number {
  return 'steps' in warmUp ? warmUp.steps : Math.round(warmUp.epochs * stepsPerEpoch);
}

function warmUpShare(step: number, warmUpSteps: number): number {
  return step < warmUpSteps ? (step + 1) / warmUpSteps : 1;
}
