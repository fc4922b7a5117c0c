/**
 * The features of a table: numbers as they are, a category as one feature for each, 1 for the one that it is, and in the
 * place of what is missing a statistic of the training split alone.
 */
import { PolyakError } from '../../../common/errors.js';
import { widthOf, type EncodedColumn, type InputColumn } from '../encoding.js';
import { Pace } from '../pace.js';
import { sampleBytesMax } from '../sample-store.js';
import type { PlannedInput } from './csv-columns.js';
import type { CsvTable, Found } from './csv-table.js';

/** The columns of the training table, with categories in byte-wise order or as they are given; as yet without fills. */
export function encodeColumns({ plan, found }: CsvTable): InputColumn[] {
  return plan.inputs.map((input, index) =>
    input.kind === 'number'
      ? { name: input.name, as: 'number' }
      : { name: input.name, as: 'category', categories: categoriesOf(input, found[index]?.names ?? []) },
  );
}

/** Every column of the file, in its order. */
export function allColumns({ plan }: CsvTable, inputs: InputColumn[]): EncodedColumn[] {
  return plan.roles.map((as, at) => {
    const input = inputs[plan.inputs.findIndex((each) => each.at === at)];
    if (input) return input;
    return { name: plan.names?.[at] ?? String(at + 1), as } as EncodedColumn;
  });
}

/** A constant that is put where a value is missing is a category too. */
function categoriesOf({ categories, replacement }: PlannedInput, found: string[]): string[] {
  if (categories) return categories;
  const constant = typeof replacement === 'object' ? [String(replacement.constant)] : [];
  const all = [...new Set([...found, ...constant])];
  return all.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
}

/** [count, features]; what is missing is not a number, or a category of zeros. Errors: `data` for another category. */
export async function featuresOf(table: CsvTable, inputs: InputColumn[]): Promise<Float32Array> {
  const { path, count, cells } = table;
  if (inputs.every((input) => input.as === 'number')) return cells;
  const features = inputs.reduce((sum, input) => sum + widthOf(input), 0);
  if (count * features * 4 > sampleBytesMax) {
    const found = `${count} rows of ${features} features take ${count * features * 4} bytes`;
    throw new PolyakError('data', `${path}: ${found}, the most is ${sampleBytesMax}`);
  }
  const codes = inputs.map((input, index) => codesOf(table, input, table.found[index]!, index));
  const samples = new Float32Array(count * features);
  const pace = new Pace();
  for (let row = 0, to = 0; row < count; row++) {
    for (let index = 0; index < inputs.length; index++) {
      const value = cells[row * inputs.length + index] ?? 0;
      const code = codes[index];
      if (!code) samples[to] = value;
      else if (!Number.isNaN(value)) samples[to + (code[value] ?? 0)] = 1;
      to += widthOf(inputs[index]!);
    }
    if (row % 1024 === 0 && pace.due()) await pace.breathe();
  }
  return samples;
}

/** From the order in which categories were found to theirs; nothing for numbers. */
function codesOf(
  { path, plan }: CsvTable,
  input: InputColumn,
  { names, lines }: Found,
  index: number,
): number[] | null {
  if (input.as === 'number') return null;
  const codes = new Map(input.categories.map((name, code) => [name, code]));
  const { at, categories } = plan.inputs[index]!;
  return names.map((name, each) => {
    const code = codes.get(name);
    if (code !== undefined) return code;
    const label = plan.names ? ` (${input.name})` : '';
    const why = categories
      ? `is none of its categories: ${some(input.categories)}`
      : 'does not occur in the training data';
    throw new PolyakError('data', `${path}:${lines[each] ?? 0}: column ${at + 1}${label} is '${name}', which ${why}`);
  });
}

function some(names: string[]): string {
  return names.length > 20 ? `${names.slice(0, 20).join(', ')}, … (${names.length})` : names.join(', ');
}

export interface Split {
  count: number;
  /** [count, features] */
  samples: Float32Array;
}

/**
 * Puts a value wherever one is missing, in all splits, and answers with the columns that say which. A statistic is of
 * the rows of `train` that are trained on. Errors: `data` where all of those are missing.
 */
export async function fillMissing(
  table: CsvTable,
  inputs: InputColumn[],
  { train, trainRows, splits }: { train: Split; trainRows: Uint32Array; splits: Split[] },
): Promise<InputColumn[]> {
  const features = inputs.reduce((sum, input) => sum + widthOf(input), 0);
  const pace = new Pace();
  const filled: InputColumn[] = [];
  let from = 0;
  for (const [index, input] of inputs.entries()) {
    const planned = table.plan.inputs[index]!;
    const column = { from, width: widthOf(input), features };
    from += column.width;
    if (planned.replacement === undefined) {
      filled.push(input);
      continue;
    }
    const values = presentValues(train.samples, column, trainRows, input.as === 'number');
    const fill = fillOf(planned, input, values, table);
    for (const split of splits) fillColumn(split, column, input.as === 'number', fill);
    filled.push(input.as === 'number' ? { ...input, fill } : { ...input, fill: input.categories[fill] ?? '' });
    if (pace.due()) await pace.breathe();
  }
  return filled;
}

interface Column {
  from: number;
  width: number;
  features: number;
}

/** Numbers, or places of categories, of the rows that have one. */
function presentValues(samples: Float32Array, column: Column, rows: Uint32Array, isNumber: boolean): Float64Array {
  const values = new Float64Array(rows.length);
  let count = 0;
  for (const row of rows) {
    const value = valueAt(samples, column, row, isNumber);
    if (!Number.isNaN(value)) values[count++] = value;
  }
  return values.subarray(0, count);
}

/** A number, or the place of the 1 of a category; not a number where it is missing. */
function valueAt(samples: Float32Array, { from, width, features }: Column, row: number, isNumber: boolean): number {
  const at = row * features + from;
  if (isNumber) return samples[at] ?? Number.NaN;
  for (let category = 0; category < width; category++) if (samples[at + category] === 1) return category;
  return Number.NaN;
}

function fillColumn({ count, samples }: Split, column: Column, isNumber: boolean, fill: number): void {
  for (let row = 0; row < count; row++) {
    if (!Number.isNaN(valueAt(samples, column, row, isNumber))) continue;
    const at = row * column.features + column.from;
    if (isNumber) samples[at] = fill;
    else samples[at + fill] = 1;
  }
}

/** A number in float32, or the place of a category. */
function fillOf({ at, replacement }: PlannedInput, input: InputColumn, values: Float64Array, table: CsvTable): number {
  if (typeof replacement === 'object') {
    const { constant } = replacement;
    return input.as === 'number' ? Math.fround(Number(constant)) : input.categories.indexOf(String(constant));
  }
  if (values.length === 0) {
    const column = `column ${at + 1}${table.plan.names ? ` (${input.name})` : ''}`;
    const found = `${column} has no value in the training split, so there is no ${replacement ?? 'value'} of it`;
    throw new PolyakError('data', `${table.path}: ${found}; set data.columns: { ${input.name}: ignore }`);
  }
  if (replacement === 'mean') return Math.fround(values.reduce((sum, value) => sum + value, 0) / values.length);
  return Math.fround(replacement === 'median' ? median(values.toSorted()) : mostFrequent(values));
}

/** Of an even number of values the mean of the two in the middle. */
function median(sorted: Float64Array): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** Of several the smallest number, or the first category. */
function mostFrequent(values: Float64Array): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const byCount = ([left, leftCount]: [number, number], [right, rightCount]: [number, number]) =>
    rightCount - leftCount || left - right;
  return [...counts].toSorted(byCount)[0]?.[0] ?? 0;
}
