/**
 * The scale that a parameter's values are drawn and compared on: linear, logarithmic, or categories. It follows from what
 * the parameter is drawn from and what the trials had.
 */
import type { Distribution } from '../../common/experiment/search-schema.js';
import { allParameters, optionsOf, parametersOfSpace } from '../../common/experiment/space-tree.js';
import type { TrialRow } from '../../coordinator/store/rows.js';
import { quantileOf } from './trial-results.js';

export type ParameterAxis = NumberAxis | CategoryAxis;

export interface NumberAxis {
  name: string;
  kind: 'linear' | 'logarithmic';
  low: number;
  high: number;
}

export interface CategoryAxis {
  name: string;
  kind: 'categories';
  categories: string[];
  /** By label as in the trials' columns, which category it belongs to. */
  groupOf: ReadonlyMap<string, number>;
}

type Columns = TrialRow['columns'];

/** More are drawn as one, `others`. */
export const categoriesMax = 24;
/** More numbers among categories are put into ranges. */
const numbersMax = 12;

/** One per parameter that any trial has, in the order of the space. What has but one value is left out. */
export function parameterAxes(space: Readonly<Record<string, Distribution>>, trials: readonly TrialRow[]) {
  const found = new Map<string, unknown[]>();
  for (const { name, distribution } of allParameters(parametersOfSpace(space))) {
    found.set(name, [...(found.get(name) ?? []), distribution]);
  }
  const values = new Map<string, Columns[string][]>([...found.keys()].map((name) => [name, []]));
  for (const { columns } of trials) {
    for (const [name, value] of Object.entries(columns)) {
      const known = values.get(name);
      if (known) known.push(value);
      else values.set(name, [value]);
    }
  }
  return [...values].flatMap(([name, seen]): ParameterAxis[] => {
    return new Set(seen).size < 2 ? [] : [axisOf(name, found.get(name) ?? [], seen)];
  });
}

/** Where the trial lies on the axis: its number, or its category's index; undefined where it lacks the parameter. */
export function placeOn(axis: ParameterAxis, columns: Columns): number | undefined {
  const value = Object.hasOwn(columns, axis.name) ? columns[axis.name] : undefined;
  if (value === undefined) return undefined;
  return axis.kind === 'categories' ? axis.groupOf.get(String(value)) : Number(value);
}

function axisOf(name: string, distributions: readonly unknown[], seen: readonly Columns[string][]): ParameterAxis {
  const numbers = seen.filter((value) => typeof value === 'number');
  const drawn = distributions.filter((each) => optionsOf(each).length === 0 && typeof each === 'object');
  const isNumber = numbers.length === seen.length && (drawn.length > 0 || distributions.length === 0);
  if (!isNumber) return categoryAxis(name, distributions.flatMap(optionsOf), seen);
  const bounds = drawn.flatMap(boundsOf);
  const low = numbers.reduce((least, value) => Math.min(least, value), Math.min(...bounds));
  const high = numbers.reduce((most, value) => Math.max(most, value), Math.max(...bounds));
  const isLogarithmic = low > 0 && drawn.some(isDrawnInLogarithms);
  return { name, kind: isLogarithmic ? 'logarithmic' : 'linear', low, high };
}

function isDrawnInLogarithms(distribution: unknown): boolean {
  return Object.keys(distribution as object).some((key) => key.startsWith('log'));
}

/** None of a distribution without bounds. */
function boundsOf(distribution: unknown): number[] {
  const written = distribution as Partial<Record<string, [number, number]>>;
  return written['uniform'] ?? written['logUniform'] ?? written['int'] ?? written['logInt'] ?? [];
}

function categoryAxis(name: string, options: readonly unknown[], seen: readonly Columns[string][]): CategoryAxis {
  const counts = new Map<string, number>();
  for (const value of seen) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  const numbers = [...new Set(seen.filter((value) => typeof value === 'number'))];
  const isRanged = numbers.length > numbersMax && numbers.length > options.length;
  const written = new Set(isRanged ? numbers.map(String) : []);
  const labels = [...counts.keys()].filter((label) => !written.has(label));
  const kept = mostFrequent(labels, counts);
  const categories = inOrder(kept, options);
  const groupOf = new Map(labels.map((label) => [label, categories.indexOf(label)]));
  if (kept.length < labels.length) {
    for (const label of labels) if (!kept.includes(label)) groupOf.set(label, categories.length);
    categories.push('others');
  }
  return isRanged ? withRanges(name, categories, groupOf, numbers) : { name, kind: 'categories', categories, groupOf };
}

function mostFrequent(labels: string[], counts: ReadonlyMap<string, number>): string[] {
  if (labels.length <= categoriesMax) return labels;
  const order = (left: string, right: string) => counts.get(right)! - counts.get(left)! || (left < right ? -1 : 1);
  return labels.toSorted(order).slice(0, categoriesMax - 1);
}

/** Numbers by size; else as the options are written, then by name. */
function inOrder(labels: string[], options: readonly unknown[]): string[] {
  if (labels.every((label) => Number.isFinite(Number(label)))) return labels.toSorted((a, b) => Number(a) - Number(b));
  const written = options.map(String);
  const place = (label: string) => (written.includes(label) ? written.indexOf(label) : written.length);
  return labels.toSorted((left, right) => place(left) - place(right) || (left < right ? -1 : 1));
}

/** A choice of which an option is drawn itself, such as `choice: [none, { uniform: [0, 1] }]`: numbers by quarter. */
function withRanges(name: string, categories: string[], groupOf: Map<string, number>, numbers: number[]): CategoryAxis {
  const sorted = numbers.toSorted((left, right) => left - right);
  const bounds = [0, 0.25, 0.5, 0.75, 1].map((part) => quantileOf(sorted, part));
  const text = (value: number) => String(Number(value.toPrecision(3)));
  const ranges = bounds.slice(1).map((bound, index) => `${text(bounds[index]!)} to ${text(bound)}`);
  for (const value of sorted) {
    const quarter = bounds.slice(1, -1).filter((bound) => value > bound).length;
    groupOf.set(String(value), categories.length + quarter);
  }
  return { name, kind: 'categories', categories: [...categories, ...ranges], groupOf };
}
