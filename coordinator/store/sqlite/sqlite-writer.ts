/** The one connection that writes, on its own thread. Each transaction first checks that no younger coordinator is there. */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { PolyakError } from '../../../common/errors.js';
import { fencedError, startedEvent } from '../coordinator-epoch.js';
import type { Change } from '../rows.js';
import { columnList, columnsOf, onConflict, storedOf, tableNames, type TableName } from '../tables.js';
import { Database } from './database.js';
import { migrateSqlite } from './sqlite-migrations.js';

const inserts = new Map(tableNames.map((table) => [table, insertInto(table)]));

export class SqliteWriter {
  private staged: Change[] = [];

  private constructor(
    private readonly database: Database,
    private readonly path: string,
    readonly coordinatorEpoch: number,
  ) {}

  /** Takes the store, which is made and brought up to date where need be. */
  static open(path: string, process: string): SqliteWriter {
    mkdirSync(dirname(path), { recursive: true });
    const database = Database.open(path, { readOnly: false });
    try {
      migrateSqlite(database, path);
      return new SqliteWriter(database, path, take(database, process));
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** To be written by the next commit, before its own. */
  stage(changes: readonly Change[]): void {
    for (const change of changes) this.staged.push(change);
  }

  commit(changes: readonly Change[]): void {
    this.stage(changes);
    const all = this.staged;
    this.staged = [];
    this.database.transaction(() => {
      this.assertCurrent();
      for (const change of all) write(this.database, change);
    });
  }

  /** Errors: `fenced`; `disk` for a file that was deleted, which the system keeps for us alone and nobody reads again. */
  assertCurrent(): void {
    if (!existsSync(this.path)) {
      const message = `store '${this.path}' is not there any more, though the coordinator uses it; put it back, then start the coordinator again`;
      throw new PolyakError('disk', message);
    }
    const epoch = epochOf(this.database);
    if (epoch !== this.coordinatorEpoch) throw fencedError(this.coordinatorEpoch, epoch);
  }

  close(): void {
    this.database.close();
  }
}

function take(database: Database, process: string): number {
  return database.transaction(() => {
    const epoch = epochOf(database) + 1;
    write(database, { table: 'epochs', row: { name: 'coordinator', epoch, process } });
    write(database, { table: 'events', row: startedEvent(epoch, process) });
    return epoch;
  });
}

function epochOf(database: Database): number {
  return Number(database.get("SELECT epoch FROM epochs WHERE name = 'coordinator'")?.['epoch'] ?? 0);
}

function write(database: Database, change: Change): void {
  if ('forget' in change) {
    database.run('DELETE FROM reports WHERE run = ? AND kind = ?', change.forget.run, change.forget.kind);
    return;
  }
  database.run(inserts.get(change.table)!, ...storedOf(change.table, change.row));
}

function insertInto(table: TableName): string {
  const places = columnsOf(table).map(() => '?');
  return `INSERT INTO ${table} (${columnList(table)}) VALUES (${places.join(', ')})${onConflict(table)}`;
}
