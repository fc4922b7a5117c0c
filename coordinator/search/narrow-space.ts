/**
 * The space of a round of coarse to fine, from the space of the round before and its best trials. A distribution that is
 * none of search-schema.ts's flat ones stays as it is.
 */
import type { Distribution } from '../../common/experiment/search-schema.js';
import type { Space } from './log.js';
import { edgeOf, narrowed, type Edge, type Range } from './narrow-range.js';

export interface NarrowOptions {
  quantile: number;
  /** Are bounds widened where the best trial lies at them? */
  widen: boolean;
  /** The space as the user wrote it, and as it was widened since. */
  outer: Space;
}

export interface Narrowed {
  space: Space;
  outer: Space;
  edges: { parameter: string; value: number; edge: Edge }[];
}

/** `best`: the parameters of the round's best trials, the best first. A trial may lack some. */
export function narrowSpace(
  space: Space,
  best: readonly Readonly<Record<string, unknown>>[],
  options: NarrowOptions,
): Narrowed {
  const result: Narrowed = { space: {}, outer: {}, edges: [] };
  for (const [parameter, distribution] of Object.entries(space)) {
    const values = best.map((parameters) => parameters[parameter]).filter((value) => value !== undefined);
    const outer = options.outer[parameter] ?? distribution;
    const next = values.length === 0 ? { distribution, outer } : nextOf(distribution, values, outer, options);
    result.space[parameter] = next.distribution;
    result.outer[parameter] = next.outer;
    if (next.edge) result.edges.push({ parameter, value: values[0] as number, edge: next.edge });
  }
  return result;
}

interface Next {
  distribution: Distribution;
  outer: Distribution;
  edge?: Edge;
}

function nextOf(distribution: Distribution, values: unknown[], outer: Distribution, options: NarrowOptions): Next {
  if (typeof distribution !== 'object') return { distribution, outer };
  if ('choice' in distribution) return { distribution: chosen(distribution.choice, values), outer };
  if (!values.every((value) => typeof value === 'number')) return { distribution, outer };
  if ('normal' in distribution) {
    return { distribution: { ...distribution, normal: around(distribution.normal, values, options.quantile) }, outer };
  }
  const range = rangeOf(distribution);
  const outerRange = rangeOf(outer);
  if (!range || !outerRange) return { distribution, outer };
  return nextRange(distribution, { range, outerRange, values, outer }, options);
}

interface Ranged {
  range: Range;
  outerRange: Range;
  values: number[];
  outer: Distribution;
}

function nextRange(
  distribution: Distribution,
  { range, outerRange, values, outer }: Ranged,
  { quantile, widen }: NarrowOptions,
): Next {
  const edge = edgeOf(range, values[0]!);
  const wide = widen && edge?.widened !== undefined ? moved(outerRange, edge.side, edge.widened) : outerRange;
  const next = narrowed(range, values, quantile, wide);
  const taken = widen && edge?.widened !== undefined ? moved(next, edge.side, edge.widened) : next;
  return { distribution: withRange(distribution, taken), outer: withRange(outer, wide), edge };
}

/** With a bound further out; one that lies further in stays. */
function moved(range: Range, side: Edge['side'], bound: number): Range {
  return side === 'lower'
    ? { ...range, low: Math.min(range.low, bound) }
    : { ...range, high: Math.max(range.high, bound) };
}

/** The values that are among the best, in the order in which they were written. */
function chosen(choice: readonly unknown[], values: readonly unknown[]): Distribution {
  const among = new Set(values.map((value) => JSON.stringify(value)));
  const kept = choice.filter((value) => among.has(JSON.stringify(value)));
  return { choice: kept.length > 0 ? kept : [...choice] };
}

/** The best values' mean and deviation, the latter between `quantile` of the present one and the present one. */
function around(
  [, deviation]: readonly [number, number],
  values: readonly number[],
  quantile: number,
): [number, number] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const seen = values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0;
  const next = Math.min(deviation, Math.max(deviation * quantile, seen));
  return [Number(mean.toPrecision(6)), Number(next.toPrecision(3))];
}

function rangeOf(distribution: Distribution): Range | undefined {
  if (typeof distribution !== 'object') return undefined;
  const { step } = distribution as { step?: number };
  const of = ([low, high]: [number, number], scale: Range['scale'], isWhole: boolean): Range => ({
    ...{ low, high, scale, isWhole },
    ...(step !== undefined && { step }),
  });
  if ('uniform' in distribution) return of(distribution.uniform, 'linear', false);
  if ('logUniform' in distribution) return of(distribution.logUniform, 'logarithmic', false);
  if ('int' in distribution) return of(distribution.int, 'linear', true);
  if ('logInt' in distribution) return of(distribution.logInt, 'logarithmic', true);
  return undefined;
}

function withRange(distribution: Distribution, { low, high }: Range): Distribution {
  const name = Object.keys(distribution).find((key) => key !== 'step');
  return { ...(distribution as object), [name!]: [low, high] } as Distribution;
}
