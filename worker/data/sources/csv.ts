/** Tables with labels, plain or gz: one file, or files of their own for validation and test. */
import { PolyakError } from '../../../common/errors.js';
import { isRegression } from '../../../common/experiment/data-check.js';
import type { CsvData } from '../../../common/experiment/table-schema.js';
import { widthOf, type Encoding, type InputColumn } from '../encoding.js';
import type { RawData, RawSplit } from '../raw-data.js';
import { readDataFile } from '../read-file.js';
import { allColumns, encodeColumns, featuresOf, fillMissing } from './csv-features.js';
import { parseCsv, type CsvTable } from './csv-table.js';

const csvBytesMax = 2 ** 30;

interface TableSplit extends RawSplit {
  samples: Float32Array;
}

/** `known` is what a run has recorded; its categories and fills are used. Errors: `data`, naming file, line and column. */
export async function readCsv(data: CsvData, known?: Encoding): Promise<RawData> {
  const regression = isRegression(data);
  const read = async (key: string, path: string) =>
    await parseCsv(await readDataFile(path, { key, bytesMax: csvBytesMax }), path, { ...data, regression, known });
  const table = await read('data.path', data.path);
  const classes = regression ? null : classesOf(table);
  const inputs = encodeColumns(table);
  const shape = shapeOf(data, table, inputs);
  const other = async (key: string, path: unknown) => {
    if (typeof path !== 'string') return null;
    const of = await read(key, path);
    requireSameColumns(of, table);
    return await toSplit(of, inputs, classes);
  };
  const train = await toSplit(table, inputs, classes);
  const validation = await other('data.validation', data.validation);
  const test = await other('data.test', data.test);
  const raw = { shape, classes, outputs: Math.max(1, table.plan.targets.length), train, validation, test };
  if (!isEncoded(data)) return raw;
  const splits = [train, validation, test].filter((split) => split !== null);
  const complete = async (trainRows: Uint32Array): Promise<Encoding> => {
    const filled = await fillMissing(table, inputs, { train, trainRows, splits });
    return known ?? { columns: allColumns(table, filled), ...(raw.outputs > 1 && { outputs: raw.outputs }) };
  };
  return { ...raw, complete };
}

/** Does a row become a sample by more than its place? */
function isEncoded({ columns, missing, targets, sampleWeight }: CsvData): boolean {
  return [columns, missing, targets, sampleWeight].some((option) => option !== undefined);
}

/** A column is known by its place, so that names in another order would be read as one another. */
function requireSameColumns(table: CsvTable, train: CsvTable): void {
  const [found, wanted] = [table.plan.inputs.length, train.plan.inputs.length];
  if (found !== wanted) {
    throw new PolyakError('data', `${table.path}: has ${found} features, ${train.path} has ${wanted}`);
  }
  const { names } = table.plan;
  const column = names?.findIndex((name, index) => name !== train.plan.names?.[index]) ?? -1;
  if (column < 0) return;
  const differing = `column ${column + 1} is called '${names?.[column]}', in ${train.path} '${train.plan.names?.[column]}'`;
  throw new PolyakError('data', `${table.path}:1: ${differing}; they must be in one order`);
}

function shapeOf(data: CsvData, { path }: CsvTable, inputs: InputColumn[]): number[] {
  const features = inputs.reduce((sum, input) => sum + widthOf(input), 0);
  const shape = data.shape ?? [features];
  const values = shape.reduce((product, size) => product * size, 1);
  if (values === features) return shape;
  const found = `${JSON.stringify(shape)} has ${values} values, ${path} has ${features} features`;
  throw new PolyakError('data', `data.shape: ${found}`);
}

/** In numeric order when all are numbers, else byte-wise. */
function classesOf({ labels: { names }, path }: CsvTable): string[] {
  if (names.length < 2) {
    const only = names[0] ?? '';
    throw new PolyakError('data', `${path}: every row has label '${only}', at least two classes are needed`);
  }
  return names.every((name) => Number.isFinite(Number(name)))
    ? names.toSorted((left, right) => Number(left) - Number(right))
    : names.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
}

async function toSplit(table: CsvTable, inputs: InputColumn[], classes: string[] | null): Promise<TableSplit> {
  const { count, answers, weights, labels } = table;
  const samples = await featuresOf(table, inputs);
  if (!classes) return { count, samples, labels: answers, weights };
  const indexOf = new Map(classes.map((name, index) => [name, index]));
  const classIndices = labels.names.map((name, index) => {
    const known = indexOf.get(name);
    if (known !== undefined) return known;
    const place = `${table.path}:${labels.lines[index] ?? 0}`;
    throw new PolyakError('data', `${place}: class '${name}' does not occur in the training data`);
  });
  return { count, samples, weights, labels: Int32Array.from(answers, (index) => classIndices[index] ?? 0) };
}
