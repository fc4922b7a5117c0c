/** A table: has it a header, which column is the label, are labels classes or numbers to predict. */
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { basename } from 'node:path';
import { PolyakError } from '../../common/errors.js';
import { stringify } from 'yaml';
import { widthOf } from '../../worker/data/encoding.js';
import { encodeColumns, featuresOf } from '../../worker/data/sources/csv-features.js';
import { parseCsv } from '../../worker/data/sources/csv-table.js';
import { isNumber } from '../../worker/data/sources/csv-text.js';
import { inspectColumns } from './inspect-columns.js';
import type { Found } from './inspect.js';

const labelNames = ['label', 'labels', 'class', 'target', 'y', 'species', 'category', 'outcome', 'diagnosis'];
/** Whole numbers are classes as long as they are few; this many rows each, on average. */
const rowsPerClassMin = 5;
const classesMax = 1000;

/** `test` is a table beside it. Errors: `data`, naming line and column, for what is no table with a label. */
export async function inspectCsv(path: string, test: string | undefined): Promise<Found> {
  const bytes = await readTable(path);
  const first = firstCells(bytes);
  const header = first.some((cell) => !isNumber(cell)) && first.slice(0, -1).every((cell) => !isNumber(cell));
  const label = (header ? labelColumn(first) : undefined) ?? 'last';
  const labelAt = label === 'last' ? first.length - 1 : first.indexOf(label);
  const kinds = inspectColumns(bytes, header, labelAt);
  const table = await parseCsv(bytes, path, { header, label, regression: false, ...kinds });
  const inputs = encodeColumns(table);
  const shape = [inputs.reduce((sum, input) => sum + widthOf(input), 0)];
  const { names } = table.labels;
  const regression = !areClasses(names, table.count);
  const options: Found['options'] = [
    header ? ['label', label, labelComment(label, first)] : ['header', 'false', 'the first line is a row of numbers'],
  ];
  if (regression) options.push(['regression', 'true', 'the label is a number to predict']);
  if (kinds.columns) options.push(['columns', flow(kinds.columns), 'what is no number']);
  if (kinds.missing) options.push(['missing', flow(kinds.missing), 'what is put where there is no value']);
  options.push(['validation', '0.1', 'held out of the rows: a fraction or a count']);
  options.push(
    test === undefined
      ? ['test', '0.1', 'held out to be measured at the end']
      : ['test', test, 'relative to this file'],
  );
  const what = regression ? 'numbers to predict' : `${names.length} classes`;
  return {
    ...{ source: 'csv', path, shape, count: table.count, classes: regression ? 0 : names.length, hasTest: true },
    summary: `found ${basename(path)}: ${table.count} rows of ${shape[0]} features, ${what}`,
    options,
    scale: scaleOf((await featuresOf(table, inputs)).filter((value) => !Number.isNaN(value))),
  };
}

/** In the braces of YAML, on one line. */
function flow(map: object): string {
  return stringify(map, { collectionStyle: 'flow', lineWidth: 0 }).trim();
}

async function readTable(path: string): Promise<Buffer> {
  try {
    const bytes = await readFile(path);
    return path.endsWith('.gz') ? gunzipSync(bytes, { maxOutputLength: 2 ** 30 }) : bytes;
  } catch (error) {
    throw new PolyakError('data', `${path}: cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

function firstCells(bytes: Buffer): string[] {
  const end = bytes.indexOf(10);
  const line = bytes.toString('utf8', 0, end < 0 ? bytes.length : end).replace('\uFEFF', '');
  return line.split(',').map((cell) => cell.trim().replaceAll(/^"|"$/g, ''));
}

function labelColumn(names: string[]): string | undefined {
  return labelNames
    .map((known) => names.find((name) => name.toLowerCase() === known))
    .find((name) => name !== undefined);
}

function labelComment(label: string, names: string[]): string {
  const others = names.length > 6 ? `${names.slice(0, 5).join(', ')}, …` : names.join(', ');
  return label === 'last' ? `the last column, '${names.at(-1)}'; columns are ${others}` : `of the columns ${others}`;
}

/** Text, or whole numbers of which few occur often. */
function areClasses(names: string[], count: number): boolean {
  if (names.some((name) => !isNumber(name))) return true;
  if (names.some((name) => !Number.isInteger(Number(name)))) return false;
  return names.length <= classesMax && names.length * rowsPerClassMin <= count && names.length <= 2 + Math.sqrt(count);
}

/** One number for all features: the reciprocal of their standard deviation, rounded to a power of ten. */
export function scaleOf(samples: Float32Array): number {
  const mean = samples.reduce((sum, value) => sum + value, 0) / samples.length;
  const variance = samples.reduce((sum, value) => sum + (value - mean) ** 2, 0) / samples.length;
  return variance > 0 ? Number(`1e${Math.round(-Math.log10(Math.sqrt(variance)))}`) : 1;
}
