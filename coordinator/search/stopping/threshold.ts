/** A trial that has not reached a value by a step is stopped. */
import { isBetter } from '../ranking.js';
import type { PlannedStopping } from '../plan.js';
import type { StoppingRule } from './rule.js';

export function threshold({ fromStep, value: limit }: NonNullable<PlannedStopping['threshold']>): StoppingRule {
  return ({ step, evaluations }, { direction }) => {
    const newest = evaluations.at(-1);
    if (newest?.step !== step || step < fromStep || !isBetter(limit, newest.value, direction)) return undefined;
    return { reason: 'threshold', saw: { step, value: newest.value, limit } };
  };
}
