/**
 * What the coordinator must not forget, in SQLite: epochs, runs, their reports and every change. Single writer; a second
 * coordinator on the same file raises the epoch, and the first finds out at its next write.
 */
import { createRequire } from 'node:module';
import type Database from 'better-sqlite3';
import { PolyakError } from '../common/errors.js';
import { nextState, type TrialState } from './trial.js';

export interface TrialRow {
  trialKey: string;
  experiment: string;
  directory: string;
  untilStep: number;
  shards: number;
  state: TrialState;
}

const schema = `
  CREATE TABLE IF NOT EXISTS epochs (name TEXT PRIMARY KEY, epoch INTEGER NOT NULL, holder TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS trials (
    trialKey TEXT PRIMARY KEY, experiment TEXT NOT NULL, directory TEXT NOT NULL,
    untilStep INTEGER NOT NULL, shards INTEGER NOT NULL, state TEXT NOT NULL
  );
  CREATE TABLE IF NOT EXISTS reports (
    trialKey TEXT NOT NULL, kind TEXT NOT NULL, step INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (trialKey, kind, step)
  );
  CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, trialKey TEXT, what TEXT NOT NULL
  );
  PRAGMA user_version = 1;
`;

export class Store {
  readonly epoch: number;

  private constructor(private readonly database: Database.Database) {
    this.epoch = this.raise('coordinator', String(process.pid));
  }

  /** Errors: `setup` when there is no SQLite, `usage` when the file is from a newer version. */
  static open(file: string): Store {
    const database = openDatabase(file);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;');
    const version = database.prepare('PRAGMA user_version').get() as { user_version: number };
    if (version.user_version > 1) {
      throw new PolyakError('usage', `${file}: was written by a newer Polyak (version ${version.user_version})`);
    }
    database.exec(schema);
    return new Store(database);
  }

  /** The epoch of a shard number, raised when another process takes it. */
  shardEpoch(shard: number, holder: string): number {
    const name = `shard-${shard}`;
    const row = this.database.prepare('SELECT epoch, holder FROM epochs WHERE name = ?').get(name) as
      { epoch: number; holder: string } | undefined;
    return row?.holder === holder ? row.epoch : this.write(() => this.raise(name, holder));
  }

  createTrial(trial: TrialRow): void {
    this.write(() => {
      this.database
        .prepare('INSERT INTO trials VALUES (@trialKey, @experiment, @directory, @untilStep, @shards, @state)')
        .run(trial);
      this.event(trial.trialKey, 'created');
    });
  }

  trials(): TrialRow[] {
    return this.database.prepare('SELECT * FROM trials ORDER BY rowid').all() as TrialRow[];
  }

  trial(trialKey: string): TrialRow | undefined {
    return this.database.prepare('SELECT * FROM trials WHERE trialKey = ?').get(trialKey) as TrialRow | undefined;
  }

  /** A run that ended as stopped, or was cut off, goes on; perhaps on another number of shards. */
  reopenTrial(trialKey: string, shards: number, untilStep: number): void {
    this.write(() => {
      this.database
        .prepare('UPDATE trials SET state = ?, shards = ?, untilStep = ? WHERE trialKey = ?')
        .run('queued', shards, untilStep, trialKey);
      this.database.prepare("DELETE FROM reports WHERE trialKey = ? AND kind = 'END'").run(trialKey);
      this.event(trialKey, 'reopened');
    });
  }

  move(trialKey: string, to: TrialState): void {
    this.write(() => this.setState(trialKey, to));
  }

  /** An upsert. The end comes in one transaction with the trial's state. */
  report(trialKey: string, kind: string, step: number, body: string, end?: TrialState): void {
    this.write(() => {
      this.database.prepare('INSERT OR REPLACE INTO reports VALUES (?, ?, ?, ?)').run(trialKey, kind, step, body);
      if (end) this.setState(trialKey, end);
    });
  }

  reports(trialKey: string): string[] {
    const rows = this.database.prepare("SELECT body FROM reports WHERE trialKey = ? ORDER BY kind = 'END', step");
    return (rows.all(trialKey) as { body: string }[]).map(({ body }) => body);
  }

  close(): void {
    this.database.close();
  }

  private setState(trialKey: string, to: TrialState): void {
    const trial = this.trial(trialKey);
    if (!trial || trial.state === to) return;
    this.database.prepare('UPDATE trials SET state = ? WHERE trialKey = ?').run(nextState(trial.state, to), trialKey);
    this.event(trialKey, to);
  }

  private event(trialKey: string, what: string): void {
    this.database.prepare('INSERT INTO events (at, trialKey, what) VALUES (?, ?, ?)').run(Date.now(), trialKey, what);
  }

  private raise(name: string, holder: string): number {
    const statement = `INSERT INTO epochs VALUES (?, 1, ?)
      ON CONFLICT (name) DO UPDATE SET epoch = epoch + 1, holder = excluded.holder RETURNING epoch`;
    return (this.database.prepare(statement).get(name, holder) as { epoch: number }).epoch;
  }

  /** Errors: `fenced` when a newer coordinator has started on this store. */
  private write<Value>(change: () => Value): Value {
    return this.database
      .transaction(() => {
        const row = this.database.prepare("SELECT epoch FROM epochs WHERE name = 'coordinator'").get() as { epoch: number };
        if (row.epoch !== this.epoch) {
          throw new PolyakError('fenced', `coordinator epoch ${this.epoch} has been replaced by ${row.epoch}`);
        }
        return change();
      })
      .immediate();
  }
}

function openDatabase(file: string): Database.Database {
  const require = createRequire(import.meta.url);
  try {
    const Sqlite = require('better-sqlite3') as new (file: string) => Database.Database;
    return new Sqlite(file);
  } catch (error) {
    throw new PolyakError('setup', `better-sqlite3 cannot be loaded; run 'npm rebuild better-sqlite3' where g++ and make are`, {
      cause: error,
    });
  }
}
