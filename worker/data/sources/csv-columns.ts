/** Which column of a table is what: from its first line and the experiment, or from what a run has recorded. */
import { PolyakError } from '../../../common/errors.js';
import type { CsvData, Replacement } from '../../../common/experiment/table-schema.js';
import { isInput, type EncodedColumn, type Encoding } from '../encoding.js';
import { isNumber } from './csv-text.js';

export interface CsvOptions extends Partial<Pick<CsvData, 'columns' | 'missing' | 'targets' | 'sampleWeight'>> {
  /** The first line names the columns. */
  header: boolean;
  /** A column by name or number, or `last`; null where there is no label. */
  label: string | null;
  /** Labels are numbers, not classes. */
  regression: boolean;
  /** What a run has recorded, which the columns must be. */
  known?: Encoding | undefined;
}

export interface PlannedInput {
  /** Place in the file, from 0. */
  at: number;
  name: string;
  kind: 'number' | 'category';
  /** Where they do not follow from the file. */
  categories: string[] | undefined;
  /** For a missing value; without one a missing value is refused. */
  replacement: Replacement | undefined;
}

/** Places in the file, from 0. */
export interface TablePlan {
  /** Of the columns; null without a header. */
  names: string[] | null;
  width: number;
  inputs: PlannedInput[];
  /** Of classes. */
  label: number | null;
  /** Of numbers to predict. */
  targets: number[];
  weight: number | null;
  /** What every column of the file is. */
  roles: EncodedColumn['as'][];
}

const namesShownMax = 20;

/** `line` is the first one, `cells` are its. Errors: `data`. */
export function planTable(line: string, cells: string[], path: string, options: CsvOptions): TablePlan {
  if (options.header) requireNames(line, cells, path);
  const planner = new Planner(cells.length, options.header ? cells : null, path);
  return options.known?.columns ? planner.known(options.known.columns, options) : planner.plan(options);
}

/** How a message and the experiment call a column. */
export function columnName(names: string[] | null, at: number): string {
  return names?.[at] ?? String(at + 1);
}

class Planner {
  private readonly roles: EncodedColumn['as'][];

  constructor(
    private readonly width: number,
    private readonly names: string[] | null,
    private readonly path: string,
  ) {
    this.roles = Array.from({ length: width }, () => 'number');
  }

  plan(options: CsvOptions): TablePlan {
    const answers = this.answers(options);
    const kinds = this.byPlace('data.columns', options.columns ?? {});
    const rules = this.byPlace('data.missing', options.missing ?? {});
    for (const [at, kind] of kinds) this.roles[at] = typeof kind === 'object' ? 'category' : kind;
    const inputs = this.roles.flatMap((role, at): PlannedInput[] => {
      if (role !== 'number' && role !== 'category') return [];
      const kind = kinds.get(at);
      const categories = typeof kind === 'object' ? kind.category : undefined;
      return [{ at, name: columnName(this.names, at), kind: role, categories, replacement: rules.get(at) }];
    });
    return this.withInputs(inputs, answers);
  }

  /** The inputs that a run knows, in its order; other columns may be there or not. */
  known(columns: EncodedColumn[], options: CsvOptions): TablePlan {
    const place = this.placesOf(columns);
    const answers = this.answers({ ...options, ...this.withoutWeight(options) });
    const inputs = columns.flatMap((column, index): PlannedInput[] => {
      if (!isInput(column)) return [];
      const replacement = column.fill === undefined ? undefined : { constant: column.fill };
      const categories = column.as === 'category' ? column.categories : undefined;
      return [{ at: place(column.name, index), name: column.name, kind: column.as, categories, replacement }];
    });
    return this.withInputs(inputs, answers);
  }

  private withInputs(inputs: PlannedInput[], answers: Pick<TablePlan, 'label' | 'targets' | 'weight'>): TablePlan {
    if (inputs.length === 0) throw new PolyakError('data', `${this.path}: none of its columns is left as an input`);
    const { names, width, roles } = this;
    return { names, width, inputs, ...answers, roles };
  }

  /** By name, or, where columns have none, by place: all of them, or all but those that are no inputs. */
  private placesOf(columns: EncodedColumn[]): (name: string, index: number) => number {
    const { names, width, path } = this;
    if (names) {
      return (name) => {
        const at = names.indexOf(name);
        if (at >= 0) return at;
        throw new PolyakError('data', `${path}: has no column '${name}', which the model takes; ${this.there()}`);
      };
    }
    if (width === columns.length) return (_, index) => index;
    const bare = columns.filter((column) => isInput(column) || column.as === 'ignore');
    if (width === bare.length) return (name) => bare.findIndex((column) => column.name === name);
    const wanted = `the model was trained on ${columns.length}, ${bare.length} of them no label`;
    throw new PolyakError('data', `${path}: has ${width} ${width === 1 ? 'column' : 'columns'}, ${wanted}`);
  }

  private answers(options: CsvOptions): Pick<TablePlan, 'label' | 'targets' | 'weight'> {
    const { label, regression, targets, sampleWeight } = options;
    const labelAt = targets || label === null ? null : label === 'last' ? this.width - 1 : this.at('data.label', label);
    const numbers =
      targets?.map((name) => this.at('data.targets', name)) ?? (regression && labelAt !== null ? [labelAt] : []);
    const weight = sampleWeight === undefined ? null : this.at('data.sampleWeight', sampleWeight);
    if (labelAt !== null) this.roles[labelAt] = 'label';
    for (const at of numbers) this.roles[at] = 'target';
    if (weight !== null) {
      this.requireFree('data.sampleWeight', sampleWeight ?? '', weight);
      this.roles[weight] = 'weight';
    }
    return { label: regression ? null : labelAt, targets: numbers, weight };
  }

  /** Who evaluates needs no weights, but reads them where they are. */
  private withoutWeight({ sampleWeight }: CsvOptions): Pick<CsvOptions, 'sampleWeight'> {
    const isThere = sampleWeight !== undefined && this.find(sampleWeight) >= 0;
    return { sampleWeight: isThere ? sampleWeight : undefined };
  }

  private byPlace<Value>(key: string, of: Record<string, Value>): Map<number, Value> {
    const found = new Map<number, Value>();
    for (const [name, value] of Object.entries(of)) {
      const at = this.at(key, name);
      this.requireFree(key, name, at);
      if (found.has(at))
        throw new PolyakError('data', `${key}: column ${at + 1} is there by its name and by its number`);
      found.set(at, value);
    }
    return found;
  }

  private requireFree(key: string, name: string, at: number): void {
    const role = this.roles[at];
    const what = role === 'label' ? 'the label' : role === 'target' ? 'a target' : 'the weight of the samples';
    if (role === 'label' || role === 'target' || role === 'weight')
      throw new PolyakError('data', `${key}: '${name}' is ${what} of ${this.path}`);
  }

  private at(key: string, name: string): number {
    const at = this.find(name);
    if (at >= 0) return at;
    throw new PolyakError('data', `${key}: '${name}' is no column of ${this.path}; ${this.there()}`);
  }

  /** A name goes before a number. */
  private find(name: string): number {
    const named = this.names?.indexOf(name) ?? -1;
    const number = /^[1-9]\d*$/.test(name) ? Number(name) : 0;
    return named >= 0 || number > this.width ? named : number - 1;
  }

  private there(): string {
    const { names, width } = this;
    if (!names) return `with data.header: false columns have no names, but numbers from 1 to ${width}`;
    const more = names.length > namesShownMax ? `, … (${names.length})` : '';
    return `its columns are ${names.slice(0, namesShownMax).join(', ')}${more}`;
  }
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
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new PolyakError('data', `${path}:1: two columns are called '${name}'`);
    seen.add(name);
  }
}
