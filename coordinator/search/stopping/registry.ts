/** The stopping rules of a plan, in the order in which they are asked; the first that stops a trial gives the reason. */
import type { PlannedStopping } from '../plan.js';
import { diverged, notFinite } from './divergence.js';
import { median } from './median.js';
import { patience } from './patience.js';
import type { StoppingRule } from './rule.js';
import { threshold } from './threshold.js';

/** Of the median rule only: the others look at the trial's own past. */
export const medianDependsOnArrival = 'the median rule compares with what other trials have reported by then';

export interface StoppingRules {
  /** Asked at every report: a trial that they stop has come to nothing. */
  always: StoppingRule[];
  /** They save steps, so they are not asked at the last one. */
  early: StoppingRule[];
}

export function stoppingRules(stopping: PlannedStopping): StoppingRules {
  return {
    always: [notFinite, diverged(stopping.diverged)],
    early: [
      ...(stopping.threshold ? [threshold(stopping.threshold)] : []),
      ...(stopping.patience ? [patience(stopping.patience)] : []),
      ...(stopping.median ? [median(stopping.median)] : []),
    ],
  };
}
