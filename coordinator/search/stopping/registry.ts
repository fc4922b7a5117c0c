/** The stopping rules of a plan, in the order in which they are asked; the first that stops a trial gives the reason. */
import type { PlannedStopping } from '../plan.js';
import { diverged, notFinite } from './divergence.js';
import { median } from './median.js';
import { patience } from './patience.js';
import type { StoppingRule } from './rule.js';
import { threshold } from './threshold.js';

/** Of the median rule only: the others look at the trial's own past. */
export const medianDependsOnArrival = 'the median rule compares with what other trials have reported by then';

export function stoppingRules(stopping: PlannedStopping): StoppingRule[] {
  return [
    notFinite,
    diverged(stopping.diverged),
    ...(stopping.threshold ? [threshold(stopping.threshold)] : []),
    ...(stopping.patience ? [patience(stopping.patience)] : []),
    ...(stopping.median ? [median(stopping.median)] : []),
  ];
}
