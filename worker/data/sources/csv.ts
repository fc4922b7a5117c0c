/** Tables of numbers with a label column, plain or gz: one file, or files of their own for validation and test. */
import { PolyakError } from '../../../common/errors.js';
import type { CsvData } from '../../../common/experiment/schema.js';
import type { RawData, RawSplit } from '../raw-data.js';
import { readDataFile } from '../read-file.js';
import { parseCsv, type CsvTable } from './csv-table.js';

const csvBytesMax = 2 ** 30;

/** Errors: `data`, naming file, line and column. */
export async function readCsv(data: CsvData): Promise<RawData> {
  const train = await readTable('data.path', data.path, data);
  const classes = data.regression ? null : classesOf(train);
  const other = async (key: string, path: string) => {
    const table = await readTable(key, path, data);
    if (table.features !== train.features) {
      const found = `has ${table.features} features, ${train.path} has ${train.features}`;
      throw new PolyakError('data', `${path}: ${found}`);
    }
    requireSameNames(table, train);
    return toSplit(table, classes);
  };
  return {
    shape: shapeOf(data, train),
    classes,
    train: toSplit(train, classes),
    validation: typeof data.validation === 'string' ? await other('data.validation', data.validation) : null,
    test: typeof data.test === 'string' ? await other('data.test', data.test) : null,
  };
}

/** A column is known by its place, so that names in another order would be read as one another. */
function requireSameNames(table: CsvTable, train: CsvTable): void {
  const { names } = table;
  const column = names?.findIndex((name, index) => name !== train.names?.[index]) ?? -1;
  if (column < 0) return;
  const found = `column ${column + 1} is called '${names?.[column]}', in ${train.path} '${train.names?.[column]}'`;
  throw new PolyakError('data', `${table.path}:1: ${found}; they must be in one order`);
}

async function readTable(key: string, path: string, data: CsvData): Promise<CsvTable> {
  return await parseCsv(await readDataFile(path, { key, bytesMax: csvBytesMax }), path, data);
}

function shapeOf(data: CsvData, train: CsvTable): number[] {
  const shape = data.shape ?? [train.features];
  const values = shape.reduce((product, size) => product * size, 1);
  if (values === train.features) return shape;
  const found = `${JSON.stringify(shape)} has ${values} values, ${train.path} has ${train.features} features`;
  throw new PolyakError('data', `data.shape: ${found}`);
}

/** In numeric order when all are numbers, else byte-wise. */
function classesOf({ labelNames, path }: CsvTable): string[] {
  if (labelNames.length < 2) {
    const only = labelNames[0] ?? '';
    throw new PolyakError('data', `${path}: every row has label '${only}', at least two classes are needed`);
  }
  return labelNames.every((name) => Number.isFinite(Number(name)))
    ? labelNames.toSorted((left, right) => Number(left) - Number(right))
    : labelNames.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
}

function toSplit(table: CsvTable, classes: string[] | null): RawSplit {
  const { count, samples, labels } = table;
  if (!classes) return { count, samples, labels };
  const indexOf = new Map(classes.map((name, index) => [name, index]));
  const classIndices = table.labelNames.map((name, index) => {
    const known = indexOf.get(name);
    if (known !== undefined) return known;
    const place = `${table.path}:${table.labelLines[index] ?? 0}`;
    throw new PolyakError('data', `${place}: class '${name}' does not occur in the training data`);
  });
  return { count, samples, labels: Int32Array.from(labels, (index) => classIndices[index] ?? 0) };
}
