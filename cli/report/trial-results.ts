/**
 * What trials came to: which have a result, their order, the best so far, and why others have none. A trial's result is
 * its `value`, the newest evaluation, by which the sweep ranked it; not its best on the way, of which no weights are kept.
 */
import type { Direction } from '../../coordinator/search/log.js';
import { compareResults, isBetter } from '../../coordinator/search/ranking.js';
import type { TrialRow } from '../../coordinator/store/rows.js';

export type TrialWithResult = TrialRow & { value: number };

/** Reasons for which a stopped trial has come to nothing. */
const lostReasons: ReadonlySet<string | null> = new Set(['notFinite', 'diverged']);

/** After the reason may stand where that was, such as `notFinite: step 12: …`. */
export function isFailure({ status, reason }: Pick<TrialRow, 'status' | 'reason'>): boolean {
  return status === 'failed' || (status === 'stopped' && lostReasons.has(reason?.replace(/:.*/s, '') ?? null));
}

export function hasResult(trial: TrialRow): trial is TrialWithResult {
  return trial.value !== null && Number.isFinite(trial.value) && !isFailure(trial);
}

/** It was trained for as long as it was meant to, or until it became no better. */
export function isComplete({ status, reason }: TrialRow): boolean {
  return status === 'finished' || (status === 'stopped' && reason === 'patience');
}

/** The best first; of equal values the lower number. */
export function ranked(trials: readonly TrialWithResult[], direction: Direction): TrialWithResult[] {
  const entries = trials.map((row) => ({ row, trial: row.number, step: row.epoch, value: row.value }));
  return entries.toSorted((left, right) => compareResults(left, right, direction)).map(({ row }) => row);
}

/** In the order in which a trial gets on; those that there are none of are left out. */
export function statusCounts(trials: readonly TrialRow[]): [TrialRow['status'], number][] {
  const order: TrialRow['status'][] = ['finished', 'stopped', 'failed', 'paused', 'running', 'waiting'];
  return order.flatMap((status): [TrialRow['status'], number][] => {
    const count = trials.filter((trial) => trial.status === status).length;
    return count > 0 ? [[status, count]] : [];
  });
}

export interface SoFar {
  trial: TrialRow;
  /** How many trials had ended by then, this one too. */
  ended: number;
  /** Seconds of compute of those. */
  computeSeconds: number;
  /** The best result by then. */
  best: number;
}

/** An entry per trial, in the order in which they ended, from the first with a result on; those that go on come last. */
export function bestSoFar(trials: readonly TrialRow[], direction: Direction): SoFar[] {
  const begun = trials.filter((trial) => trial.endedAt !== null || hasResult(trial));
  let best: number | undefined;
  let computeSeconds = 0;
  return begun.toSorted(byEnd).flatMap((trial, index) => {
    computeSeconds += trial.computeSeconds;
    if (hasResult(trial) && (best === undefined || isBetter(trial.value, best, direction))) best = trial.value;
    return best === undefined ? [] : [{ trial, ended: index + 1, computeSeconds, best }];
  });
}

function byEnd(left: TrialRow, right: TrialRow): number {
  const end = ({ endedAt }: TrialRow) => (endedAt === null ? Infinity : Date.parse(endedAt));
  const [first, second] = [end(left), end(right)];
  return first === second ? left.number - right.number : first - second;
}

export interface ReasonGroup {
  /** Of the group's first trial, in full. */
  reason: string;
  trials: number[];
}

/** Reasons that differ only in numbers, such as a step, are one. The largest group first. */
export function groupedByReason(trials: readonly TrialRow[]): ReasonGroup[] {
  const groups = new Map<string, ReasonGroup>();
  for (const { number, reason } of trials.toSorted((left, right) => left.number - right.number)) {
    const text = reason ?? 'no reason was recorded';
    const key = text.replaceAll(/\d+(?:\.\d+)?(?:e[+-]?\d+)?/gi, '#');
    const group = groups.get(key);
    if (group) group.trials.push(number);
    else groups.set(key, { reason: text, trials: [number] });
  }
  return [...groups.values()].toSorted(
    (left, right) => right.trials.length - left.trials.length || left.trials[0]! - right.trials[0]!,
  );
}

export interface Shown {
  low: number;
  high: number;
  /** How many values are worse than what is shown. */
  beyond: number;
}

/**
 * The part of the values that is worth looking at: from the best to the worst, but no further than three times the
 * distance of the quartiles beyond the worse of them (Tukey's far out). A loss that exploded would press all others into
 * one line.
 */
export function shownRange(values: readonly number[], direction: Direction): Shown {
  const sorted = values.toSorted((left, right) => left - right);
  const [low, high] = [sorted[0] ?? 0, sorted.at(-1) ?? 0];
  const [lower, upper] = [quantileOf(sorted, 0.25), quantileOf(sorted, 0.75)];
  const reach = 3 * (upper - lower);
  if (reach === 0) return { low, high, beyond: 0 };
  if (direction === 'minimise') {
    const cut = Math.min(high, upper + reach);
    return { low, high: cut, beyond: sorted.filter((value) => value > cut).length };
  }
  const cut = Math.max(low, lower - reach);
  return { low: cut, high, beyond: sorted.filter((value) => value < cut).length };
}

/** Of sorted values, with linear interpolation between neighbours; 0 of none. */
export function quantileOf(sorted: readonly number[], part: number): number {
  const position = part * (sorted.length - 1);
  const below = sorted[Math.floor(position)] ?? 0;
  const above = sorted[Math.ceil(position)] ?? below;
  return below + (above - below) * (position - Math.floor(position));
}

/** At most `most` of them, evenly spread, the first and last among them. */
export function thinned<Item>(items: readonly Item[], most: number): Item[] {
  if (items.length <= most) return [...items];
  const spacing = (items.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, index) => items[Math.round(index * spacing)]!);
}
