/** Tables of numbers with a label column, plain or gz. */
import { PolyakError } from '../../../common/errors.js';
import type { Experiment } from '../../../common/experiment/schema.js';
import { readDataFile } from '../read-file.js';
import type { RawData, RawSplit } from '../raw-data.js';

interface Table {
  path: string;
  names: string[] | null;
  rows: string[][];
  firstLine: number;
}

export async function readCsv(data: Experiment['data']): Promise<RawData> {
  const train = await readTable(data.path, data.header);
  const test = typeof data.test === 'string' ? await readTable(data.test, data.header) : null;
  const labelColumn = columnOf(train, data.label);
  const features = (train.rows[0]?.length ?? 0) - 1;
  const shape = data.shape ?? [features];
  const expected = shape.reduce((product, size) => product * size, 1);
  if (expected !== features) {
    throw new PolyakError(
      'data',
      `data.shape: ${JSON.stringify(shape)} has ${expected} values, ${train.path} has ${features} features`,
    );
  }
  const classes = data.regression ? null : classNames(train, labelColumn);
  return {
    shape,
    classes,
    train: toSplit(train, labelColumn, classes),
    test: test && toSplit(test, labelColumn, classes),
  };
}

async function readTable(path: string, header: boolean): Promise<Table> {
  const lines = (await readDataFile(path)).toString('utf8').split(/\r?\n/);
  while (lines.at(-1) === '') lines.pop();
  const cells = lines.map((line) => line.split(',').map((cell) => cell.trim()));
  const names = header ? (cells[0] ?? []) : null;
  const rows = header ? cells.slice(1) : cells;
  const firstLine = header ? 2 : 1;
  if (rows.length === 0) throw new PolyakError('data', `${path}: has no rows`);
  const width = (names ?? rows[0] ?? []).length;
  if (width < 2)
    throw new PolyakError('data', `${path}: has ${width} column, at least a feature and a label are needed`);
  const bad = rows.findIndex((row) => row.length !== width);
  if (bad >= 0) {
    throw new PolyakError(
      'data',
      `${path}:${bad + firstLine}: has ${rows[bad]?.length ?? 0} cells, the others have ${width}`,
    );
  }
  return { path, names, rows, firstLine };
}

function columnOf(table: Table, label: string): number {
  const width = table.rows[0]?.length ?? 0;
  if (label === 'last') return width - 1;
  const column = table.names?.indexOf(label) ?? -1;
  if (column < 0) {
    const there = table.names
      ? `its columns are ${table.names.join(', ')}`
      : 'data.header is false, so columns have no names';
    throw new PolyakError('data', `data.label: '${label}' is no column of ${table.path}; ${there}`);
  }
  return column;
}

/** In numeric order when all are numbers, else byte-wise. */
function classNames(table: Table, column: number): string[] {
  const names = [...new Set(table.rows.map((row) => row[column] ?? ''))];
  const numeric = names.every((name) => name !== '' && Number.isFinite(Number(name)));
  const sorted = numeric ? names.toSorted((left, right) => Number(left) - Number(right)) : names.toSorted();
  if (sorted.length < 2) {
    throw new PolyakError(
      'data',
      `${table.path}: every row has label '${sorted[0] ?? ''}', at least two classes are needed`,
    );
  }
  return sorted;
}

function toSplit(table: Table, labelColumn: number, classes: string[] | null): RawSplit {
  const features = (table.rows[0]?.length ?? 0) - 1;
  const samples = new Float32Array(table.rows.length * features);
  const labels = classes ? new Int32Array(table.rows.length) : new Float32Array(table.rows.length);
  const classIndex = new Map(classes?.map((name, index) => [name, index]));
  let at = 0;
  for (const [row, cells] of table.rows.entries()) {
    const place = (column: number) => `${table.path}:${row + table.firstLine}: column ${column + 1}`;
    for (const [column, cell] of cells.entries()) {
      const value = cell === '' ? Number.NaN : Number(cell);
      if (column === labelColumn && classes) {
        const index = classIndex.get(cell);
        if (index === undefined)
          throw new PolyakError('data', `${place(column)} has class '${cell}', which the training data does not have`);
        labels[row] = index;
        continue;
      }
      if (!Number.isFinite(value))
        throw new PolyakError('data', `${place(column)} is '${cell}', a number belongs there`);
      if (column === labelColumn) labels[row] = value;
      else samples[at++] = value;
    }
  }
  return { count: table.rows.length, samples, labels };
}
