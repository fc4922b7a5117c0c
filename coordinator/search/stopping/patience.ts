/** A trial that has not become better by more than `change` for so many steps is stopped. */
import type { Direction } from '../log.js';
import type { PlannedStopping } from '../plan.js';
import type { Evaluation } from '../search-table.js';
import type { StoppingRule } from './rule.js';

export function patience({ steps, change }: NonNullable<PlannedStopping['patience']>): StoppingRule {
  return ({ step, evaluations }, { direction }) => {
    const newest = evaluations.at(-1);
    if (newest?.step !== step) return undefined;
    const { step: since, value: limit } = lastImprovement(evaluations, change, direction);
    if (step - since < steps) return undefined;
    return { reason: 'patience', saw: { step, value: newest.value, limit, since } };
  };
}

/** The first evaluation is one. */
function lastImprovement(evaluations: readonly Evaluation[], change: number, direction: Direction): Evaluation {
  return evaluations.reduce((best, evaluation) => {
    const gain = direction === 'maximise' ? evaluation.value - best.value : best.value - evaluation.value;
    return gain > change ? evaluation : best;
  });
}
