/** A connection that only reads, on its own thread; it makes, migrates and locks nothing. */
import { existsSync } from 'node:fs';
import { PolyakError } from '../../../common/errors.js';
import type { EventRow, LogRow, ReportRow, RunRow, SweepRow, TrialRow } from '../rows.js';
import type { OpenState, TrialPage, TrialQuery } from '../store.js';
import { requireNewest } from '../store-version.js';
import { columnList, rowOf, type Stored, type TableName, type TableRows } from '../tables.js';
import { trialSort, type TrialSort } from '../trial-sort.js';
import { Database } from './database.js';
import { sqliteVersion } from './sqlite-migrations.js';

/** SQLite stores whole numbers of at most 64 bits, and takes this for no limit. */
const unlimited = -1;

export class SqliteReader {
  private constructor(private readonly database: Database) {}

  static open(path: string): SqliteReader {
    if (!existsSync(path)) {
      const message = `store '${path}' does not exist; a coordinator makes it when it starts`;
      throw new PolyakError('usage', message);
    }
    const database = Database.open(path, { readOnly: true });
    try {
      requireNewest(path, database.version, sqliteVersion);
    } catch (error) {
      database.close();
      throw error;
    }
    return new SqliteReader(database);
  }

  open(): OpenState {
    const open = `SELECT key FROM sweeps WHERE state <> 'finished'`;
    const live = `SELECT sequence FROM runs WHERE sweep IS NULL
      UNION SELECT sequence FROM runs WHERE state IN ('waiting', 'running', 'stopping', 'paused') AND sweep IN (${open})
      UNION SELECT runs.sequence FROM trials JOIN runs ON runs.sweep = trials.sweep AND runs.trial = trials.number
      WHERE trials.status IN ('running', 'paused') AND trials.sweep IN (${open})`;
    return this.database.snapshot(() => ({
      epochs: this.rows('epochs', 'ORDER BY name'),
      runs: this.rows('runs', `WHERE sequence IN (${live}) ORDER BY sequence`),
      sweeps: this.sweeps(),
    }));
  }

  sweeps(): SweepRow[] {
    return this.rows('sweeps', 'ORDER BY sequence');
  }

  trials(query: TrialQuery): TrialPage {
    const { sweep, status, offset = 0, limit = unlimited } = query;
    const order = orderBy(trialSort(query), query.descending ?? false);
    const where = `WHERE sweep = ?${status ? ' AND status IN (SELECT value FROM json_each(?))' : ''}`;
    const values = status ? [sweep, JSON.stringify(status)] : [sweep];
    return this.database.snapshot(() => {
      const total = Number(this.database.get(`SELECT count(*) AS total FROM trials ${where}`, ...values)?.['total']);
      if (offset === 0 && limit === unlimited) {
        return { rows: this.rows('trials', `${where} ${order.sql}`, ...values, ...order.values), total };
      }
      // The page is found by what it is sorted by alone; only its own rows are read whole.
      const page = `SELECT number FROM trials ${where} ${order.sql} LIMIT ? OFFSET ?`;
      const rest = `WHERE sweep = ? AND number IN (${page}) ${order.sql}`;
      const all = [sweep, ...values, ...order.values, limit, offset, ...order.values];
      return { rows: this.rows('trials', rest, ...all), total };
    });
  }

  trial(sweep: string, number: number): TrialRow | undefined {
    return this.rows('trials', 'WHERE sweep = ? AND number = ?', sweep, number)[0];
  }

  runs(of: { sweep: string; trial: number } | 'alone'): RunRow[] {
    if (of === 'alone') return this.rows('runs', 'WHERE sweep IS NULL ORDER BY sequence');
    return this.rows('runs', 'WHERE sweep = ? AND trial = ? ORDER BY member, sequence', of.sweep, of.trial);
  }

  run(key: string): RunRow | undefined {
    return this.rows('runs', 'WHERE key = ?', key)[0];
  }

  reports(run: string): ReportRow[] {
    return this.rows('reports', 'WHERE run = ? ORDER BY sequence', run);
  }

  log(sweep: string, from: number, limit: number): LogRow[] {
    return this.rows('log', 'WHERE sweep = ? AND sequence >= ? ORDER BY sequence LIMIT ?', sweep, from, limit);
  }

  /** Events are numbered from 1 without gaps, for none is ever removed. */
  events(from: number, limit: number): EventRow[] {
    return this.rows('events', 'WHERE sequence > ? ORDER BY sequence LIMIT ?', from, limit);
  }

  close(): void {
    this.database.close();
  }

  private rows<Name extends TableName>(table: Name, rest: string, ...values: Stored[]): TableRows[Name][] {
    const found = this.database.all(`SELECT ${columnList(table)} FROM ${table} ${rest}`, ...values);
    return found.map((row) => rowOf(table, row));
  }
}

function orderBy(sort: TrialSort, descending: boolean): { sql: string; values: Stored[] } {
  const direction = `${descending ? 'DESC' : 'ASC'} NULLS LAST`;
  if ('column' in sort) return { sql: `ORDER BY ${sort.column} ${direction}, number`, values: [] };
  const { parameter } = sort;
  // A path has no way to write some characters in a name, and comparing names is slower.
  if (/["\\]|\p{Cc}/u.test(parameter)) {
    const value = '(SELECT value FROM json_each(columns) WHERE key = ?)';
    return { sql: `ORDER BY ${value} ${direction}, number`, values: [parameter] };
  }
  return { sql: `ORDER BY json_extract(columns, ?) ${direction}, number`, values: [`$."${parameter}"`] };
}
