/**
 * The median stopping rule. Source: Golovin, Solnik, Moitra, Kochanski, Karro and Sculley, "Google Vizier: a service for
 * black-box optimization", 2017, section 3.2.1: a trial is stopped at step s where its best value so far is strictly worse
 * than the median of the others' running averages up to s. The paper takes completed trials; here it is all that were
 * evaluated at step s, so that the rule also works where most trials are stopped.
 */
import { isBetter } from '../ranking.js';
import type { PlannedStopping } from '../plan.js';
import type { StoppingRule } from './rule.js';

export function median({ fromStep, others: fewest }: NonNullable<PlannedStopping['median']>): StoppingRule {
  return ({ step, best, evaluations }, { direction, table }) => {
    const newest = evaluations.at(-1);
    if (newest?.step !== step || step < fromStep || !best) return undefined;
    const seen = table.averages.medianOfOthers(step, newest.sum / evaluations.length);
    if (!seen || seen.others < fewest) return undefined;
    const { median: limit, others } = seen;
    const { value: compared } = best;
    if (!isBetter(limit, compared, direction)) return undefined;
    return { reason: 'median', saw: { step, value: newest.value, compared, limit, others } };
  };
}
