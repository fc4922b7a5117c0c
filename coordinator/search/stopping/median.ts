/**
 * The median stopping rule. Source: Golovin, Solnik, Moitra, Kochanski, Karro and Sculley, "Google Vizier: a service for
 * black-box optimization", 2017, section 3.2.1: a trial is stopped at step s where its best value so far is strictly worse
 * than the median of the others' running averages up to s. The paper takes completed trials; here it is all that have
 * got to step s, so that the rule also works where most trials are stopped.
 */
import { isBetter } from '../ranking.js';
import type { PlannedStopping } from '../plan.js';
import type { TrialRecord } from '../search-table.js';
import type { StoppingRule } from './rule.js';

export function median({ fromStep, others: fewest }: NonNullable<PlannedStopping['median']>): StoppingRule {
  return (trial, { direction, table }) => {
    const newest = trial.evaluations.at(-1);
    if (newest?.step !== trial.step || trial.step < fromStep || !trial.best) return undefined;
    const averages = averagesOfOthers(trial, table.trials);
    if (averages.length < fewest) return undefined;
    const limit = medianOf(averages);
    const { value: compared } = trial.best;
    if (!isBetter(limit, compared, direction)) return undefined;
    return {
      reason: 'median',
      saw: { step: trial.step, value: newest.value, compared, limit, others: averages.length },
    };
  };
}

function averagesOfOthers(trial: TrialRecord, trials: Iterable<TrialRecord>): number[] {
  const averages: number[] = [];
  for (const other of trials) {
    if (other === trial || (other.evaluations.at(-1)?.step ?? 0) < trial.step) continue;
    const average = averageUpTo(other, trial.step);
    if (average !== undefined) averages.push(average);
  }
  return averages;
}

function averageUpTo({ evaluations }: TrialRecord, step: number): number | undefined {
  const index = evaluations.findLastIndex((evaluation) => evaluation.step <= step);
  return index === -1 ? undefined : evaluations[index]!.sum / (index + 1);
}

/** Of an even count the mean of the two in the middle. */
function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle - 0.5)]! + sorted[Math.floor(middle)]!) / 2;
}
