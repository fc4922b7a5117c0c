/** Which kind a sweep is: one whose table follows from the experiment, or one that must be replayed to come again. */
import type { SearchPlan } from './plan.js';
import { schedules } from './schedulers/registry.js';
import { medianDependsOnArrival } from './stopping/registry.js';

export interface Reproducibility {
  kind: 'same for any workers' | 'by replay';
  /** Empty for the first kind. */
  reasons: string[];
}

/** `budgets`: what else ends a sweep by the clock, in words. */
export function reproducibilityOf(
  { schedule, stopping }: Pick<SearchPlan, 'schedule' | 'stopping'>,
  budgets: readonly string[] = [],
): Reproducibility {
  const { dependsOnArrival } = schedules[schedule.name];
  const reasons = [
    ...(dependsOnArrival === undefined ? [] : [dependsOnArrival]),
    ...(stopping.median ? [medianDependsOnArrival] : []),
    ...budgets,
  ];
  return { kind: reasons.length === 0 ? 'same for any workers' : 'by replay', reasons };
}

/** A line for the sweep's report. */
export function describeReproducibility({ kind, reasons }: Reproducibility): string {
  return kind === 'same for any workers'
    ? 'reproducible: the same table for any number of workers'
    : `recorded: another run gives this table with --replay only, because ${reasons.join(', and ')}`;
}
