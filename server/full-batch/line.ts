/** Where a full-batch method is on its line: what one evaluation there means for it, whatever the direction was made of. */
import type { Evaluation, MethodOptions } from './full-batch-method.js';
import { continueLineSearch, lowestOf, type LineSearchState } from './line-search.js';
import { searchSettings } from './search-settings.js';

export interface Line {
  search: LineSearchState;
  /** The point that was found is not the one evaluated last: it is evaluated again, and then taken. */
  returns: boolean;
}

/**
 * `taken`: the present weights are the new base. `failed`: nothing lower than the base was found. Else the next point to be
 * evaluated, at `line.search.t`.
 */
export type LineOutcome = 'taken' | 'failed' | { line: Line };

/** `slope`: gradient · direction at the present weights. */
export function followLine(
  { search, returns }: Line,
  slope: number,
  { loss, isLast }: Pick<Evaluation, 'loss' | 'isLast'>,
  options: MethodOptions,
): LineOutcome {
  if (returns) return 'taken';
  const verdict = continueLineSearch(search, { loss, slope }, searchSettings(options));
  if ('state' in verdict && !isLast) return { line: { search: verdict.state, returns: false } };
  const found = 'state' in verdict ? lowestOf(verdict.state) : verdict.found;
  if (found.t === search.t) return 'taken';
  if (found.t === 0 && !isLast) return 'failed';
  return { line: { search: { ...search, t: found.t }, returns: true } };
}
