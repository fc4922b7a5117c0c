/**
 * Reduce on plateau: the rate is multiplied by a factor when the objective has not become better for some validations, as
 * `torch.optim.lr_scheduler.ReduceLROnPlateau` has it with `threshold_mode='rel'`. The lead decides it; a pure function, whose state
 * is in every checkpoint.
 */

export interface PlateauOptions {
  factor: number;
  /** Validations without a better one that are let pass. */
  patience: number;
  /** Of the learning rate: the least part of it. */
  minimum: number;
  /** Better is what is better by this part of the best. */
  threshold: number;
  /** Validations after a reduction that do not count. */
  cooldown: number;
}

export interface PlateauState {
  /** What the learning rate is multiplied by. */
  factor: number;
  /** Null before the first. */
  best: number | null;
  /** Validations since the best, or the last reduction. */
  waited: number;
  /** Validations that are left of the cooldown. */
  cooling: number;
}

export const firstPlateau: PlateauState = { factor: 1, best: null, waited: 0, cooling: 0 };

/** A validation gave this value, null where the metric is not defined, which is not better than anything. */
export function afterValidation(
  { factor, best, waited, cooling }: PlateauState,
  value: number | null,
  direction: 'minimise' | 'maximise',
  options: PlateauOptions,
): PlateauState {
  const isBetter = value !== null && isBetterThan(value, best, direction, options.threshold);
  const bad = isBetter || cooling > 0 ? 0 : waited + 1;
  const kept = isBetter ? value : best;
  if (bad <= options.patience) return { factor, best: kept, waited: bad, cooling: Math.max(0, cooling - 1) };
  const reduced = Math.max(factor * options.factor, options.minimum);
  return { factor: reduced, best: kept, waited: 0, cooling: options.cooldown };
}

function isBetterThan(
  value: number,
  best: number | null,
  direction: 'minimise' | 'maximise',
  threshold: number,
): boolean {
  if (Number.isNaN(value)) return false;
  if (best === null) return true;
  return direction === 'minimise' ? value < best * (1 - threshold) : value > best * (1 + threshold);
}
