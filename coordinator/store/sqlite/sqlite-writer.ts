/** The one connection that writes, on its own thread. Each transaction first checks that no younger coordinator is there. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fencedError, startedEvent } from '../coordinator-epoch.js';
import { columnList, columnsOf, onConflict, tableNames, type TableName } from '../tables.js';
import { Database } from './database.js';
import { migrateSqlite } from './sqlite-migrations.js';
import { readWrites, writeOf, type Write } from './sqlite-writes.js';

const inserts = new Map(tableNames.map((table) => [table, insertInto(table)]));
const forgetReports = 'DELETE FROM reports WHERE run = ? AND kind = ?';

export class SqliteWriter {
  private staged: Write[] = [];

  private constructor(
    private readonly database: Database,
    readonly coordinatorEpoch: number,
  ) {}

  /** Takes the store, which is made and brought up to date where need be. */
  static open(path: string, process: string): SqliteWriter {
    mkdirSync(dirname(path), { recursive: true });
    const database = Database.open(path, { readOnly: false });
    try {
      migrateSqlite(database, path);
      return new SqliteWriter(database, take(database, process));
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** To be written by the next commit, before its own: what `writesOf` has made. */
  stage(writes: string): void {
    for (const each of readWrites(writes)) this.staged.push(each);
  }

  /** As `stage`. */
  commit(writes: string): void {
    this.stage(writes);
    const all = this.staged;
    this.staged = [];
    this.database.transaction(() => {
      this.assertCurrent();
      for (const each of all) write(this.database, each);
    });
  }

  assertCurrent(): void {
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
    write(database, writeOf({ table: 'epochs', row: { name: 'coordinator', epoch, process } }));
    write(database, writeOf({ table: 'events', row: startedEvent(epoch, process) }));
    return epoch;
  });
}

function epochOf(database: Database): number {
  return Number(database.get("SELECT epoch FROM epochs WHERE name = 'coordinator'")?.['epoch'] ?? 0);
}

function write(database: Database, [what, ...values]: Write): void {
  database.run(what === 'forget' ? forgetReports : inserts.get(what)!, ...values);
}

function insertInto(table: TableName): string {
  const places = columnsOf(table).map(() => '?');
  return `INSERT INTO ${table} (${columnList(table)}) VALUES (${places.join(', ')})${onConflict(table)}`;
}
