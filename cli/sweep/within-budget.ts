/**
 * How far the planned stages of a sweep get within its budget, one stage after the other. Of a budget of epochs as the coordinator
 * keeps it: what does not fit as a whole does not begin. Of budgets of time by what an epoch of one trial took.
 */
import type { Budget } from '../../coordinator/sweep/sweep-settings.js';
import type { Stage } from './planned-stages.js';

export interface Pace {
  secondsPerEpoch: number;
  /** At once, one run each. */
  workers: number;
  /** Runs of a trial. */
  members: number;
}

export interface StageWithin extends Stage {
  /** What of it is trained within the budget: whole trials, and epochs of all runs. */
  within: { trials: number; epochs: number };
}

export interface BudgetEnd {
  limit: 'epochs' | 'time' | 'computeTime';
  /** Epochs, or seconds. */
  most: number;
  /** The stage that is not trained to its end. */
  stage: string;
}

/** `end` is undefined where the budget is enough. */
export function withinBudget(
  stages: readonly Stage[],
  budget: Budget,
  pace: Pace,
): { stages: StageWithin[]; end: BudgetEnd | undefined } {
  const limits = limitsOf(budget, pace).map((limit) => ({ limit, reached: reach(stages, limit, pace.members) }));
  const least = limits.toSorted((one, other) => epochsWithin(one.reached) - epochsWithin(other.reached))[0];
  const all = reach(stages, { epochs: Infinity, isByTrial: true }, pace.members);
  if (!least || epochsWithin(least.reached) === epochsWithin(all)) return { stages: all, end: undefined };
  const ended = least.reached.find(({ within, trials, epochs }) => within.epochs < trials * epochs * pace.members)!;
  const { name: limit, most } = least.limit;
  return { stages: least.reached, end: { limit, most, stage: ended.name } };
}

export function epochsWithin(stages: readonly StageWithin[]): number {
  return stages.reduce((sum, { within }) => sum + within.epochs, 0);
}

interface Limit {
  epochs: number;
  /** What begins is trained to the end of its stage; else it is left at a checkpoint. */
  isByTrial: boolean;
}

function limitsOf({ epochs, time, computeTime }: Budget, { secondsPerEpoch, workers }: Pace) {
  const inSeconds = (name: 'time' | 'computeTime', most: number | undefined, atOnce: number) =>
    most === undefined ? [] : [{ name, most, epochs: Math.floor((most * atOnce) / secondsPerEpoch), isByTrial: false }];
  return [
    ...(epochs === undefined ? [] : [{ name: 'epochs' as const, most: epochs, epochs, isByTrial: true }]),
    ...inSeconds('time', time, workers),
    ...inSeconds('computeTime', computeTime, 1),
  ];
}

/** A stage waits for the one before it, so nothing is trained behind one that is not trained to its end. */
function reach(stages: readonly Stage[], { epochs: most, isByTrial }: Limit, members: number): StageWithin[] {
  let left = most;
  let isOver = false;
  return stages.map((stage) => {
    const planned = stage.trials * stage.epochs * members;
    // A trial begins with all its runs; what is promoted, run by run.
    const unit = stage.epochs * (stage.isPromotion ? 1 : members);
    const fitting = isByTrial ? left - (left === Infinity ? 0 : left % unit) : left;
    const epochs = isOver ? 0 : Math.min(planned, fitting);
    left -= epochs;
    isOver ||= epochs < planned;
    return { ...stage, within: { trials: Math.floor(epochs / (stage.epochs * members)), epochs } };
  });
}
