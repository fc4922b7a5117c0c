/** How a sweep stands: as watchers are told once a second, and as `status` shows it. */
import { reproducibilityOf, type Reproducibility } from '../search/reproducibility.js';
import type { SweepRow, TrialRow } from '../store/rows.js';
import type { Best } from './best-so-far.js';
import type { Sweep } from './sweep.js';
import type { Budget, SweepSettings } from './sweep-settings.js';
import type { TrialPlan } from './trial-plan.js';

export type TrialCounts = Record<TrialRow['status'], number>;

export interface SweepSnapshot extends Omit<SweepRow, 'experiment' | 'settings' | 'shards'> {
  settings: SweepSettings;
  metric: string;
  direction: 'maximise' | 'minimise';
  counts: TrialCounts;
  /** Planned in all; null for a repetition, which has as many as what it repeats. */
  trials: number | null;
  best: Best | null;
  spent: { seconds: number; computeSeconds: number; epochs: number };
  reproducibility: Reproducibility;
}

export function snapshotOf(sweep: Sweep): SweepSnapshot {
  const { key, name, state, reason, directory, createdAt, endedAt } = sweep.row;
  const { seconds, computeSeconds, epochs } = sweep.spending;
  const { metric, direction } = sweep.plan.search;
  return {
    ...{ key, name, state, reason, directory, createdAt, endedAt, settings: sweep.settings },
    ...{ metric, direction, counts: { ...sweep.counts }, best: sweep.best },
    trials: sweep.isRepetition ? null : sweep.settings.trials,
    spent: { seconds, computeSeconds, epochs },
    reproducibility: reproducibilityOfSweep(sweep.plan, sweep.settings.budget, sweep.row),
  };
}

/** `row` where it has begun. */
export function reproducibilityOfSweep(
  { search }: TrialPlan,
  { time, computeTime }: Budget,
  row?: Pick<SweepRow, 'state' | 'reason'>,
): Reproducibility {
  const isStopped = row?.state === 'stopped' && row.reason === null;
  return reproducibilityOf(search, [
    ...(time === undefined ? [] : ['search.budget.time ends it by the clock']),
    ...(computeTime === undefined ? [] : ['search.budget.computeTime ends it by the clock']),
    ...(isStopped || row?.state === 'failed' ? ['it was halted before all its trials were over'] : []),
  ]);
}
