/** What a sweep has cost, and what it will: by its price, from how it stands. */
import type { SweepSnapshot } from '../../coordinator/sweep/sweep-snapshot.js';
import type { CostFacts } from '../report/sweep-facts.js';

/** Undefined without a price. Projected by what a trial that is over has cost so far. */
export function costOf({
  settings,
  spent,
  counts,
  trials,
}: Pick<SweepSnapshot, 'settings' | 'spent' | 'counts' | 'trials'>): CostFacts | undefined {
  const { price } = settings;
  if (price === undefined) return undefined;
  const cost = (spent.computeSeconds / 3600) * price;
  const over = counts.finished + counts.stopped + counts.failed;
  const isDone = trials === null || over === 0 || over >= trials;
  return { pricePerWorkerHour: price, spent: cost, projected: isDone ? null : (cost / over) * trials };
}
