/** Changes as few statements: those of one table together, in their order, many rows to a statement. */
import type { Change } from '../rows.js';
import { columnList, columnsOf, keyOf, onConflict, storedOf, type ColumnKind, type TableName } from '../tables.js';

export interface Batch {
  sql: string;
  values: readonly unknown[];
}

/** Rows per statement; a message to the server is then of about a megabyte. */
const rowsMax = 2000;

type Types = Record<ColumnKind, string>;
const types: Types = { text: 'TEXT', json: 'TEXT', integer: 'BIGINT', real: 'DOUBLE PRECISION' };

type Insert = Exclude<Change, { forget: unknown }>;

/**
 * Tables know nothing of one another, so that only what is of one table must keep its order. A batch is made when it is
 * asked for, so that many of them do not hold up the thread.
 */
export function* postgresBatches(changes: readonly Change[]): Generator<Batch> {
  const byTable = new Map<TableName, Change[]>();
  for (const change of changes) {
    const before = byTable.get(change.table);
    if (before) before.push(change);
    else byTable.set(change.table, [change]);
  }
  for (const [table, ofTable] of byTable) yield* batchesOf(table, ofTable);
}

function* batchesOf(table: TableName, changes: readonly Change[]): Generator<Batch> {
  let rows: Insert[] = [];
  for (const change of changes) {
    if ('forget' in change || rows.length === rowsMax) {
      if (rows.length > 0) yield insert(table, rows);
      rows = [];
    }
    if ('forget' in change) {
      const { run, kind } = change.forget;
      yield { sql: 'DELETE FROM reports WHERE run = $1 AND kind = $2', values: [run, kind] };
    } else {
      rows.push(change);
    }
  }
  if (rows.length > 0) yield insert(table, rows);
}

function insert(table: TableName, changes: readonly Insert[]): Batch {
  const rows = lastOfEachKey(table, changes).map((change) => {
    const stored = storedOf(table, change.row);
    return Object.fromEntries(columnsOf(table).map((column, index) => [column.stored, stored[index]]));
  });
  const definitions = columnsOf(table).map(({ name, kind }) => `${name} ${types[kind]}`);
  const source = `ROWS FROM (json_to_recordset($1::json) AS (${definitions.join(', ')})) WITH ORDINALITY`;
  const list = columnList(table);
  if (table !== 'events') {
    const sql = `INSERT INTO ${table} (${list}) SELECT ${list} FROM ${source} ORDER BY ordinality${onConflict(table)}`;
    return { sql, values: [jsonOf(rows)] };
  }
  // Without gaps, so that the n-th of all is found by its number: whoever writes holds the lock of the epoch.
  const last = 'coalesce((SELECT max(sequence) FROM events), 0)';
  const sql = `INSERT INTO events (sequence, ${list}) SELECT ${last} + ordinality, ${list} FROM ${source}`;
  return { sql, values: [jsonOf(rows)] };
}

/** A statement may write a row once only. The last one stands where the first one stood. */
function lastOfEachKey(table: TableName, changes: readonly Insert[]): readonly Insert[] {
  const byKey = new Map<string, Insert>();
  for (const change of changes) {
    const key = keyOf(table, change.row);
    if (key === undefined) return changes;
    byKey.set(key, change);
  }
  return [...byKey.values()];
}

/** PostgreSQL's text has no place for the character 0 and for halves of a pair; they become the replacement character. */
function jsonOf(rows: readonly Record<string, unknown>[]): string {
  const json = JSON.stringify(rows);
  if (!/\\u0000|\\ud[89a-f]/.test(json)) return json;
  return JSON.stringify(rows, (_, value: unknown) =>
    typeof value === 'string' ? Buffer.from(value).toString().replaceAll('\0', '\ufffd') : value,
  );
}
