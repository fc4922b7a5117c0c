/** A trial whose numbers are lost, or whose training loss is far beyond its first, will not come back. */
import type { PlannedStopping } from '../plan.js';
import type { StoppingRule } from './rule.js';

/** Checked at every report. */
export const notFinite: StoppingRule = ({ step, value, valueStep, loss }) => {
  const isValueLost = value === null && valueStep === step;
  if (!isValueLost && loss !== null) return undefined;
  return {
    reason: 'notFinite',
    saw: { step, ...(isValueLost && { value: null }), ...(loss !== undefined && { loss }) },
  };
};

/** Nothing is said of a first loss of 0 or below, of which no multiple is worse. */
export function diverged({ factor }: PlannedStopping['diverged']): StoppingRule {
  return ({ step, loss, firstLoss }) => {
    if (loss === undefined || loss === null || firstLoss === undefined || firstLoss <= 0) return undefined;
    const limit = factor * firstLoss;
    return loss > limit ? { reason: 'diverged', saw: { step, loss, limit } } : undefined;
  };
}
