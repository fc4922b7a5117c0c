/**
 * A table of numbers and categories with its labels, parsed line by line into typed arrays. What its columns are is
 * planned by csv-columns.ts; how they become features is csv-features.ts's.
 */
import { PolyakError } from '../../../common/errors.js';
import { Pace } from '../pace.js';
import { columnName, planTable, type CsvOptions, type PlannedInput, type TablePlan } from './csv-columns.js';
import { cellsOf, isMissing, linesOf } from './csv-text.js';

export interface CsvTable {
  path: string;
  plan: TablePlan;
  count: number;
  /** [count, inputs]: numbers, or indices into what `found` has for the column; not a number where a value is missing. */
  cells: Float32Array;
  /** By input, in the order of their first appearance; empty for numbers. */
  found: Found[];
  /** Indices into `labels.names`, or numbers to predict, [count, targets]. */
  answers: Float32Array;
  labels: Found;
  /** What each sample counts; null without such a column. */
  weights: Float32Array | null;
}

/** Texts of a column, each with the line of its first appearance. */
export interface Found {
  names: string[];
  lines: number[];
}

/** More are text, not categories. */
const categoriesMax = 10_000;

/** Errors: `data`, naming line and column. */
export async function parseCsv(bytes: Buffer, path: string, options: CsvOptions): Promise<CsvTable> {
  const lines = linesOf(bytes);
  const first = lines.next().value;
  if (first === undefined) throw new PolyakError('data', `${path}: has no rows`);
  const firstCells = cellsOf(first);
  if (options.label !== null || options.targets) requireColumns(first, firstCells, path);
  const builder = new TableBuilder(path, planTable(first, firstCells, path, options));
  if (!options.header) builder.add(firstCells, 1);
  let line = 1;
  const pace = new Pace();
  for (const text of lines) {
    builder.add(cellsOf(text), ++line);
    if (pace.due()) await pace.breathe();
  }
  return builder.finish();
}

function requireColumns(line: string, cells: string[], path: string): void {
  if (cells.length >= 2) return;
  const other = [';', '\t'].find((separator) => line.includes(separator));
  const hint = other === undefined ? '' : `; cells are separated by commas, not by '${other === '\t' ? '\\t' : other}'`;
  throw new PolyakError('data', `${path}: has one column, at least a feature and a label are needed${hint}`);
}

class TableBuilder {
  private count = 0;
  private readonly cells = new GrowingFloats();
  private readonly answers = new GrowingFloats();
  private readonly weights = new GrowingFloats();
  private readonly labels = new Names();
  private readonly categories: Names[];

  constructor(
    private readonly path: string,
    private readonly plan: TablePlan,
  ) {
    this.categories = plan.inputs.map(() => new Names());
  }

  add(cells: string[], line: number): void {
    const { width, inputs, label, targets, weight } = this.plan;
    if (cells.length !== width) {
      throw new PolyakError(
        'data',
        `${this.path}:${line}: has ${cells.length} ${cells.length === 1 ? 'cell' : 'cells'}, the first line ${width}`,
      );
    }
    for (const [index, input] of inputs.entries())
      this.cells.push(this.input(input, index, cells[input.at] ?? '', line));
    if (label !== null) this.answers.push(this.classOf(cells[label] ?? '', line, label));
    for (const at of targets) this.answers.push(this.number(cells[at] ?? '', line, at));
    if (weight !== null) this.weights.push(this.weightOf(cells[weight] ?? '', line, weight));
    this.count += 1;
  }

  finish(): CsvTable {
    const { path, plan, count } = this;
    if (count === 0) throw new PolyakError('data', `${path}: has no rows`);
    return {
      ...{ path, plan, count },
      cells: this.cells.finish(),
      found: this.categories,
      answers: this.answers.finish(),
      labels: this.labels,
      weights: plan.weight === null ? null : this.weights.finish(),
    };
  }

  private input(
    { at, kind, categories, replacement }: PlannedInput,
    index: number,
    cell: string,
    line: number,
  ): number {
    // A category may be called NA, where it is said to be one.
    if (isMissing(cell) && !categories?.includes(cell)) {
      if (replacement !== undefined) return Number.NaN;
      const what = kind === 'number' ? 'a number' : 'a category';
      const rule = `{ ${columnName(this.plan.names, at)}: ${kind === 'number' ? 'median' : 'mostFrequent'} }`;
      throw this.wrong(cell, line, at, `${what} belongs there; data.missing: ${rule} would put one there`);
    }
    if (kind === 'number') return this.number(cell, line, at);
    const names = this.categories[index]!;
    const category = names.indexOf(cell, line);
    if (names.names.length <= categoriesMax) return category;
    const place = `column ${at + 1}${this.nameOf(at)}`;
    throw new PolyakError(
      'data',
      `${this.path}: ${place} has more than ${categoriesMax} categories; is it text to ignore?`,
    );
  }

  private number(cell: string, line: number, at: number): number {
    const value = Math.fround(Number(cell));
    if (cell !== '' && Number.isFinite(value)) return value;
    const names = line === 1 ? '; where the first line names the columns, set data.header: true' : '';
    const text =
      /^[^\d]*$/.test(cell) && line > 1
        ? `; text is data.columns: { ${columnName(this.plan.names, at)}: category }`
        : '';
    throw this.wrong(
      cell,
      line,
      at,
      `a number belongs there${names || (this.isInput(at) && !isMissing(cell) ? text : '')}`,
    );
  }

  private classOf(cell: string, line: number, at: number): number {
    if (cell === '') throw new PolyakError('data', `${this.place(line, at)} is empty, a class belongs there`);
    if (isMissing(cell)) throw this.wrong(cell, line, at, 'a class belongs there');
    return this.labels.indexOf(cell, line);
  }

  private weightOf(cell: string, line: number, at: number): number {
    const weight = this.number(cell, line, at);
    if (weight >= 0) return weight;
    throw this.wrong(cell, line, at, 'a weight is at least 0');
  }

  private isInput(at: number): boolean {
    return this.plan.inputs.some((input) => input.at === at);
  }

  private wrong(cell: string, line: number, at: number, why: string): PolyakError {
    return new PolyakError('data', `${this.place(line, at)} is '${cell}', ${why}`);
  }

  private place(line: number, at: number): string {
    return `${this.path}:${line}: column ${at + 1}${this.nameOf(at)}`;
  }

  private nameOf(at: number): string {
    const name = this.plan.names?.[at];
    return name === undefined ? '' : ` (${name})`;
  }
}

/** Texts by their first appearance. */
class Names implements Found {
  readonly names: string[] = [];
  readonly lines: number[] = [];
  private readonly indices = new Map<string, number>();

  indexOf(name: string, line: number): number {
    const known = this.indices.get(name);
    if (known !== undefined) return known;
    this.indices.set(name, this.names.length);
    this.lines.push(line);
    return this.names.push(name) - 1;
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
