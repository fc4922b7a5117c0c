/**
 * How much of the differences between trials goes with each parameter: permutation importance on random forests, with its
 * uncertainty. What a trial's result is and which trials are complete is decided by the caller.
 *
 * Source: Breiman, "Random forests", 2001, section 10, as a ratio of expected losses in Fisher, Rudin and Dominici, "All
 * models are wrong, but many are useful", 2019. A forest f is fitted to a bootstrap sample of the trials and judged on the
 * trials outside of it, with x the parameters, y the result, and x[p] the same with parameter p of another trial:
 *
 *     importance(p) = (mean (y - f(x[p]))^2 - mean (y - f(x))^2) / (2 variance(y))
 *
 * For independent parameters and a forest that is right this is the total effect of Sobol's indices, in the estimate of
 * Jansen, "Analysis of variance designs for model output", 1999: the share of the variance that goes with p, alone or
 * together with others. So for y = 3 a + b it is 0.9 for a, 0.1 for b, and about 0, on either side, for what does not matter.
 *
 * Repeated with bootstrap samples of their own; the importance is the mean of the repeats and its uncertainty their standard
 * deviation. Numbers are put into bins of equally many trials, so that a logarithmic scale makes no difference. A parameter
 * that a trial lacks counts there as the middle bin of those that have it, and its values are exchanged among those only: that
 * it is absent is told by the choice that it hangs on. The random numbers have a fixed seed: equal trials, equal report.
 */
import { CounterRandom, Purpose } from '../../common/random.js';
import { placeOn, type ParameterAxis } from './parameter-axis.js';
import { growForest, predict, resampled, type Column, type Forest, type TrainingTable } from './random-forest.js';
import { thinned } from './trial-results.js';

export interface Sample {
  columns: Readonly<Record<string, number | boolean | string>>;
  value: number;
}

/** Mean and standard deviation over the repeats. */
export interface Estimate {
  mean: number;
  deviation: number;
}

export type ImportanceResult =
  | { kind: 'too few'; trials: number }
  | { kind: 'all equal'; trials: number }
  | {
      kind: 'measured';
      trials: number;
      /** How many there were to choose from. */
      given: number;
      /** 1 - mean (y - f(x))^2 / variance(y) on trials that the forest has not seen: near 0 it knows nothing. */
      explained: Estimate;
      /** The most important first. */
      parameters: ({ name: string } & Estimate)[];
    };

export const trialsMin = 10;
/** Of more, so many are used, evenly spread. */
export const trialsMax = 1000;
export const repeats = 20;
export const trees = 10;
const binsMax = 32;
/** Trials outside of a sample are few when trials are: each is then predicted with values of several others. */
const exchangesMin = 200;

export function parameterImportance(axes: readonly ParameterAxis[], given: readonly Sample[]): ImportanceResult {
  const samples = thinned(given, trialsMax);
  const trials = samples.length;
  if (trials < trialsMin) return { kind: 'too few', trials };
  const values = Float64Array.from(samples, ({ value }) => value);
  const variance = varianceOf(values);
  if (variance === 0) return { kind: 'all equal', trials };
  const encoded = axes.map((axis) => encodedColumn(axis, samples));
  const table = { columns: encoded.map(({ column }) => column), values };
  const measured = Array.from({ length: repeats }, (_, repeat) => measure(table, encoded, repeat)).filter(
    (each) => each !== undefined,
  );
  const parameters = axes.map(({ name }, index) => ({
    name,
    ...estimateOf(measured.map(({ permuted, error }) => (permuted[index]! - error) / (2 * variance))),
  }));
  return {
    kind: 'measured',
    trials,
    given: given.length,
    explained: estimateOf(measured.map(({ error }) => 1 - error / variance)),
    parameters: parameters.toSorted((left, right) => right.mean - left.mean),
  };
}

interface Encoded {
  column: Column;
  /** By row. */
  isPresent: readonly boolean[];
}

function encodedColumn(axis: ParameterAxis, samples: readonly Sample[]): Encoded {
  const places = samples.map(({ columns }) => placeOn(axis, columns));
  const isPresent = places.map((place) => place !== undefined);
  const present = places.filter((place) => place !== undefined).toSorted((left, right) => left - right);
  const middle = present[Math.floor(present.length / 2)] ?? 0;
  const filled = places.map((place) => place ?? middle);
  if (axis.kind === 'categories') {
    return {
      column: { codes: Uint8Array.from(filled), bins: axis.categories.length, isOrdered: false },
      isPresent,
    };
  }
  const bounds = binBounds(present);
  const codes = Uint8Array.from(filled, (place) => binOf(bounds, place));
  return { column: { codes, bins: bounds.length + 1, isOrdered: true }, isPresent };
}

/** Where a bin ends and the next begins; equal values are in one bin. */
function binBounds(sorted: readonly number[]): number[] {
  const distinct = new Set(sorted);
  if (distinct.size <= binsMax) return [...distinct].slice(1);
  const cuts = Array.from({ length: binsMax - 1 }, (_, cut) => Math.floor(((cut + 1) * sorted.length) / binsMax)).map(
    (position) => sorted[position]!,
  );
  return [...new Set(cuts)];
}

function binOf(bounds: readonly number[], value: number): number {
  let [low, high] = [0, bounds.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value >= bounds[middle]!) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface Measured {
  /** Mean squared error outside of the sample. */
  error: number;
  /** By parameter: the same with its values exchanged. */
  permuted: number[];
}

/** Nothing where the sample happens to hold every trial. */
function measure(table: TrainingTable, encoded: readonly Encoded[], repeat: number): Measured | undefined {
  const random = new CounterRandom(0, Purpose.report, repeat);
  const all = Int32Array.from(table.values, (_, row) => row);
  const sample = resampled(all, random);
  const within = new Set(sample);
  const outside = shuffled(
    [...all].filter((row) => !within.has(row)),
    random,
  );
  if (outside.length === 0) return undefined;
  const forest = growForest(table, sample, trees, random);
  const errors = new Map(outside.map((row) => [row, squaredError(forest, table, row)]));
  const total = [...errors.values()].reduce((sum, error) => sum + error, 0);
  const permuted = encoded.map(({ isPresent }, parameter) => {
    const present = outside.filter((row) => isPresent[row]);
    const more = exchanged(forest, table, parameter, present) - present.reduce((sum, row) => sum + errors.get(row)!, 0);
    return (total + more) / outside.length;
  });
  return { error: total / outside.length, permuted };
}

/** The sum over `rows`, which are in random order, of the mean squared error with the values of others. */
function exchanged(forest: Forest, table: TrainingTable, parameter: number, rows: readonly number[]): number {
  const { length } = rows;
  if (length < 2) return rows.reduce((sum, row) => sum + squaredError(forest, table, row), 0);
  const shifts = Math.min(length - 1, Math.ceil(exchangesMin / length));
  let sum = 0;
  for (let shift = 1; shift <= shifts; shift += 1) {
    rows.forEach((row, index) => {
      sum += squaredError(forest, table, row, parameter, rows[(index + shift) % length]);
    });
  }
  return sum / shifts;
}

function squaredError(forest: Forest, table: TrainingTable, row: number, replaced?: number, from?: number): number {
  return (table.values[row]! - predict(forest, table.columns, row, replaced, from)) ** 2;
}

/** Fisher and Yates, as Durstenfeld has it. */
function shuffled(rows: number[], random: CounterRandom): number[] {
  for (let last = rows.length - 1; last > 0; last -= 1) {
    const other = random.integer(last + 1);
    [rows[last], rows[other]] = [rows[other]!, rows[last]!];
  }
  return rows;
}

function varianceOf(values: ArrayLike<number>): number {
  const all = Array.from(values);
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  return all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length;
}

function estimateOf(values: readonly number[]): Estimate {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / Math.max(1, values.length - 1)) };
}
