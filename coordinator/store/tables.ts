/** The tables of a store and what their columns hold, for every dialect of SQL. It says nothing of indexes: migrations do. */
import type { Change, EpochRow, EventRow, LogRow, ReportRow, RunRow, SweepRow, TrialRow } from './rows.js';

/** `json` is kept as text, in the order of its members; `text` and the numbers may be null where the row's type says so. */
export type ColumnKind = 'text' | 'integer' | 'real' | 'json';

export interface TableRows {
  runs: RunRow;
  trials: TrialRow;
  sweeps: SweepRow;
  reports: ReportRow;
  events: EventRow;
  log: LogRow;
  epochs: EpochRow;
}

export type TableName = keyof TableRows;
export type Stored = string | number | null;

export interface Column {
  /** As the row's type has it. */
  member: string;
  /** As SQL has it. */
  stored: string;
  /** The same, quoted. */
  name: string;
  kind: ColumnKind;
}

type Kinds<Row> = { readonly [Member in keyof Row]-?: ColumnKind };

const kinds: { readonly [Name in TableName]: Kinds<TableRows[Name]> } = {
  runs: {
    key: 'text',
    experiment: 'text',
    directory: 'text',
    untilStep: 'integer',
    untilEpoch: 'integer',
    shards: 'integer',
    state: 'text',
    checkpointStep: 'integer',
    retries: 'integer',
    sweep: 'text',
    trial: 'integer',
    member: 'integer',
    computeSeconds: 'real',
    createdAt: 'text',
  },
  trials: {
    sweep: 'text',
    number: 'integer',
    parameters: 'json',
    columns: 'json',
    bracket: 'integer',
    round: 'integer',
    rung: 'integer',
    status: 'text',
    untilEpoch: 'integer',
    epoch: 'integer',
    value: 'real',
    best: 'real',
    bestEpoch: 'integer',
    loss: 'real',
    deviation: 'real',
    reason: 'text',
    computeSeconds: 'real',
    trained: 'integer',
    startedAt: 'text',
    endedAt: 'text',
  },
  sweeps: {
    key: 'text',
    name: 'text',
    experiment: 'text',
    directory: 'text',
    shards: 'integer',
    state: 'text',
    reason: 'text',
    settings: 'text',
    createdAt: 'text',
    endedAt: 'text',
  },
  reports: { run: 'text', kind: 'text', step: 'integer', body: 'text', at: 'text' },
  events: { at: 'text', what: 'text', subject: 'text', detail: 'text' },
  log: { sweep: 'text', sequence: 'integer', entry: 'json' },
  epochs: { name: 'text', epoch: 'integer', process: 'text' },
};

/** What a row is found by again; without it rows are only ever added. */
const keys: { readonly [Name in TableName]?: readonly string[] } = {
  runs: ['key'],
  trials: ['sweep', 'number'],
  sweeps: ['key'],
  log: ['sweep', 'sequence'],
  epochs: ['name'],
};

export const tableNames = Object.keys(kinds) as TableName[];

const columns = new Map(tableNames.map((table) => [table, Object.entries(kinds[table]).map(toColumn)]));

export function columnsOf(table: TableName): readonly Column[] {
  return columns.get(table)!;
}

/** `"name", "epoch"`, with `prefix` before each. */
export function columnList(table: TableName, prefix = ''): string {
  return columnsOf(table)
    .map(({ name }) => prefix + name)
    .join(', ');
}

/** What follows the values of an INSERT: rows with a key replace, reports that are there already stay as they are. */
export function onConflict(table: TableName): string {
  if (table === 'reports') return ` ON CONFLICT ("run", "kind", "step") WHERE "kind" <> 'NOTICE' DO NOTHING`;
  const key = keys[table];
  if (!key) return '';
  const others = columnsOf(table).filter(({ member }) => !key.includes(member));
  const sets = others.map(({ name }) => `${name} = excluded.${name}`);
  return ` ON CONFLICT (${key.map(sqlName).join(', ')}) DO UPDATE SET ${sets.join(', ')}`;
}

/** Equal for rows of which the later one replaces the earlier one; undefined where none ever does. */
export function keyOf(table: TableName, row: RowOf<Change>): string | undefined {
  const values = row as unknown as Record<string, unknown>;
  return keys[table] && JSON.stringify(keys[table].map((member) => values[member]));
}

/** In the order of the table's columns. */
export function storedOf(table: TableName, row: RowOf<Change>): Stored[] {
  const values = row as unknown as Record<string, unknown>;
  return columnsOf(table).map(({ member, kind }) => {
    const value = values[member];
    if (kind === 'json') return JSON.stringify(value);
    // Not every database has numbers that are not finite.
    if (kind === 'real' && !Number.isFinite(value)) return null;
    return (value ?? null) as Stored;
  });
}

export function rowOf<Name extends TableName>(table: Name, stored: Record<string, unknown>): TableRows[Name] {
  const row: Record<string, unknown> = {};
  for (const { member, stored: name, kind } of columnsOf(table)) {
    row[member] = kind === 'json' ? (JSON.parse(String(stored[name])) as unknown) : stored[name];
  }
  return row as unknown as TableRows[Name];
}

/** `untilStep` is `"until_step"`. */
export function sqlName(member: string): string {
  return `"${member.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}"`;
}

type RowOf<Each> = Each extends { row: infer Row } ? Row : never;

function toColumn([member, kind]: [string, ColumnKind]): Column {
  const name = sqlName(member);
  return { member, stored: name.slice(1, -1), name, kind };
}
