/** The one connection that writes, on its own thread. Each transaction first checks that no younger coordinator is there. */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { PolyakError } from '../../../common/errors.js';
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
