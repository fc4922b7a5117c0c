/**
 * A table of numbers with one column of labels, parsed line by line into typed arrays. Cells are separated by commas,
 * may be quoted as in RFC 4180, and hold no line breaks.
 */
import { PolyakError } from '../../../common/errors.js';
import { Pace } from '../pace.js';

export interface CsvOptions {
  /** The first line names the columns. */
  header: boolean;
  /** A column by name, or `last`. */
  label: string;
  /** Labels are numbers, not classes. */
  regression: boolean;
}

export interface CsvTable {
  path: string;
  /** Of the columns; null without a header. */
  names: string[] | null;
  count: number;
  /** Columns but the label. */
  features: number;
  /** [count, features] */
  samples: Float32Array;
  /** Numbers to predict, or indices into `labelNames`. */
  labels: Float32Array;
  /** In the order of their first appearance; empty for regression. */
  labelNames: string[];
  /** The line of each label's first appearance. */
  labelLines: number[];
}

/** Errors: `data`, naming line and column. */
export async function parseCsv(bytes: Buffer, path: string, options: CsvOptions): Promise<CsvTable> {
  const lines = linesOf(bytes);
  const first = lines.next().value;
  if (first === undefined) throw new PolyakError('data', `${path}: has no rows`);
  const firstCells = cellsOf(first);
  requireColumns(first, firstCells, path);
  if (options.header) requireNames(first, firstCells, path);
  const names = options.header ? firstCells : null;
  const builder = new TableBuilder(
    path,
    firstCells.length,
    names,
    columnOfLabel(firstCells.length, names, path, options),
  );
  if (!options.header) builder.add(firstCells, 1, options.regression);
  let line = 1;
  const pace = new Pace();
  for (const text of lines) {
    builder.add(cellsOf(text), ++line, options.regression);
    if (pace.due()) await pace.breathe();
  }
  return builder.finish();
}

/** Text up to each line feed, without a carriage return; empty lines at the end are left out. */
function* linesOf(bytes: Buffer): Generator<string, undefined> {
  const mark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  let end = bytes.length;
  while (end > mark && (bytes[end - 1] === 10 || bytes[end - 1] === 13)) end -= 1;
  for (let from = mark; from < end;) {
    const feed = bytes.indexOf(10, from);
    const to = feed < 0 ? end : Math.min(feed, end);
    yield bytes.toString('utf8', from, bytes[to - 1] === 13 ? to - 1 : to);
    from = to + 1;
  }
  return undefined;
}

function cellsOf(line: string): string[] {
  return (line.includes('"') ? splitQuoted(line) : line.split(',')).map((cell) => cell.trim());
}

/** Commas within quotes do not separate, and a doubled quote within quotes is a quote. */
function splitQuoted(line: string): string[] {
  const cells = [''];
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const character = line[at] ?? '';
    if (character === ',' && !quoted) {
      cells.push('');
    } else if (character === '"' && !(quoted && line[at + 1] === '"')) {
      quoted = !quoted;
    } else {
      if (character === '"') at += 1;
      cells[cells.length - 1] += character;
    }
  }
  return cells;
}

function isNumber(cell: string): boolean {
  return cell !== '' && Number.isFinite(Number(cell));
}

function requireColumns(line: string, cells: string[], path: string): void {
  if (cells.length >= 2) return;
  const other = [';', '\t'].find((separator) => line.includes(separator));
  const hint = other === undefined ? '' : `; cells are separated by commas, not by '${other === '\t' ? '\\t' : other}'`;
  throw new PolyakError('data', `${path}: has one column, at least a feature and a label are needed${hint}`);
}

function requireNames(line: string, cells: string[], path: string): void {
  if (!cells.every(isNumber)) return requireNamesOnce(cells, path);
  const begin = line.length > 30 ? `${line.slice(0, 30)}…` : line;
  throw new PolyakError(
    'data',
    `${path}:1: '${begin}' is a row of numbers, no names of columns; set data.header: false`,
  );
}

function requireNamesOnce(names: string[], path: string): void {
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new PolyakError('data', `${path}:1: two columns are called '${twice}'`);
}

function columnOfLabel(width: number, names: string[] | null, path: string, { label }: CsvOptions): number {
  if (label === 'last') return width - 1;
  const column = names?.indexOf(label) ?? -1;
  if (column >= 0) return column;
  const there = names ? `its columns are ${names.join(', ')}` : 'with data.header: false columns have no names';
  throw new PolyakError('data', `data.label: '${label}' is no column of ${path}; ${there}`);
}

class TableBuilder {
  private samples = new GrowingFloats();
  private labels = new GrowingFloats();
  private readonly indexOf = new Map<string, number>();
  private readonly labelLines: number[] = [];

  constructor(
    private readonly path: string,
    private readonly width: number,
    private readonly names: string[] | null,
    private readonly labelColumn: number,
  ) {}

  add(cells: string[], line: number, regression: boolean): void {
    if (cells.length !== this.width) {
      throw new PolyakError(
        'data',
        `${this.path}:${line}: has ${cells.length} ${cells.length === 1 ? 'cell' : 'cells'}, the first line ${this.width}`,
      );
    }
    for (let column = 0; column < cells.length; column++) {
      const cell = cells[column] ?? '';
      if (column !== this.labelColumn) this.samples.push(this.number(cell, line, column));
      else this.labels.push(regression ? this.number(cell, line, column) : this.classOf(cell, line, column));
    }
  }

  finish(): CsvTable {
    const labels = this.labels.finish();
    if (labels.length === 0) throw new PolyakError('data', `${this.path}: has no rows`);
    return {
      path: this.path,
      names: this.names,
      count: labels.length,
      features: this.width - 1,
      samples: this.samples.finish(),
      labels,
      labelNames: [...this.indexOf.keys()],
      labelLines: this.labelLines,
    };
  }

  private number(cell: string, line: number, column: number): number {
    const value = Math.fround(Number(cell));
    if (cell !== '' && Number.isFinite(value)) return value;
    const header = line === 1 ? '; where the first line names the columns, set data.header: true' : '';
    throw new PolyakError('data', `${this.place(line, column)} is '${cell}', a number belongs there${header}`);
  }

  private classOf(cell: string, line: number, column: number): number {
    if (cell === '') throw new PolyakError('data', `${this.place(line, column)} is empty, a class belongs there`);
    const known = this.indexOf.get(cell);
    if (known !== undefined) return known;
    this.indexOf.set(cell, this.labelLines.length);
    this.labelLines.push(line);
    return this.labelLines.length - 1;
  }

  private place(line: number, column: number): string {
    const name = this.names?.[column];
    return `${this.path}:${line}: column ${column + 1}${name === undefined ? '' : ` (${name})`}`;
  }
}

/** A Float32Array that doubles when it is full. */
class GrowingFloats {
  private floats = new Float32Array(1024);
  private length = 0;

  push(value: number): void {
    if (this.length === this.floats.length) {
      const larger = new Float32Array(2 * this.length);
      larger.set(this.floats);
      this.floats = larger;
    }
    this.floats[this.length++] = value;
  }

  finish(): Float32Array {
    return this.floats.subarray(0, this.length);
  }
}
