/** The store as it was before there were sweeps, which files of users were written by. Frozen: for the test of the migration. */
import { PolyakError } from '../../common/errors.js';
import { Database } from '../../coordinator/store/sqlite/database.js';
import { isOver, nextState, type RunState, type RunTrigger } from '../../coordinator/run-state.js';

type Value = string | number | null;
type TrialState = RunState;
type TrialTrigger = RunTrigger;

interface Trial {
  key: string;
  experiment: string;
  directory: string;
  untilStep: number;
  shards: number;
  state: TrialState;
}

const schema = `
CREATE TABLE IF NOT EXISTS epochs (name TEXT PRIMARY KEY, epoch INTEGER NOT NULL, process TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS trials (
  key TEXT PRIMARY KEY, experiment TEXT NOT NULL, directory TEXT NOT NULL, until_step INTEGER NOT NULL,
  shards INTEGER NOT NULL, state TEXT NOT NULL, created_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS reports (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, trial TEXT NOT NULL, kind TEXT NOT NULL, step INTEGER NOT NULL,
  body TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS reports_once ON reports (trial, kind, step) WHERE kind <> 'NOTICE';
CREATE INDEX IF NOT EXISTS reports_of_trial ON reports (trial, sequence);
CREATE TABLE IF NOT EXISTS events (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, what TEXT NOT NULL, subject TEXT NOT NULL,
  detail TEXT NOT NULL
);`;

export type StoredKind = 'EPOCH' | 'END' | 'NOTICE';

export interface ChangeEvent {
  at: string;
  /** Such as `trial-running` or `shard-taken`. */
  what: string;
  /** Trial key, or name of the epoch. */
  subject: string;
  detail: string;
}

export class FirstStore {
  private constructor(
    private readonly database: Database,
    /** Of this coordinator: one more than of any before it on the same store. */
    readonly coordinatorEpoch: number,
  ) {}

  /** Takes the store: whoever had it is fenced from now on. `process` names the taker in the event row. */
  static open(path: string, process: string): FirstStore {
    const database = Database.open(path, { readOnly: false });
    const epoch = database.transaction(() => {
      database.exec(schema);
      const row = database.get("SELECT epoch FROM epochs WHERE name = 'coordinator'");
      const next = Number(row?.['epoch'] ?? 0) + 1;
      setEpoch(database, 'coordinator', next, process);
      addEvent(database, 'coordinator-started', 'coordinator', { epoch: next, process });
      return next;
    });
    return new FirstStore(database, epoch);
  }

  /** Errors: `fenced` when a younger coordinator has the store. */
  assertCurrent(): void {
    const epoch = Number(this.database.get("SELECT epoch FROM epochs WHERE name = 'coordinator'")?.['epoch'] ?? 0);
    if (epoch === this.coordinatorEpoch) return;
    const message = `coordinator epoch ${this.coordinatorEpoch} has been replaced: the store is at epoch ${epoch}`;
    throw new PolyakError('fenced', message);
  }

  /**
   * Gives a shard number to a process. The epoch is raised for a new process; the same one keeps its epoch; undefined
   * means that another has taken the number since `known`, the epoch that this process was given.
   */
  takeShard(shard: number, process: string, known: number): number | undefined {
    const name = `shard ${shard}`;
    return this.write(() => {
      const row = this.database.get('SELECT epoch, process FROM epochs WHERE name = ?', name);
      if (row?.['process'] === process) return Number(row['epoch']);
      if (row && known > 0 && known < Number(row['epoch'])) return undefined;
      // One counter for all numbers: whichever shard leads a trial next, its epoch is above all earlier leads'.
      const last = Number(
        this.database.get("SELECT max(epoch) AS epoch FROM epochs WHERE name <> 'coordinator'")?.['epoch'] ?? 0,
      );
      const epoch = Math.max(last, known) + 1;
      setEpoch(this.database, name, epoch, process);
      addEvent(this.database, 'shard-taken', name, { epoch, process });
      return epoch;
    });
  }

  shardEpoch(shard: number): number {
    return Number(this.database.get('SELECT epoch FROM epochs WHERE name = ?', `shard ${shard}`)?.['epoch'] ?? 0);
  }

  /** Creates the trial, or lets an earlier attempt go on; one that finished or diverged stays as it is. */
  submit(request: Omit<Trial, 'state'>): Trial {
    const { key, experiment, directory, untilStep, shards } = request;
    return this.write(() => {
      const known = this.find(key);
      if (!known) {
        const values = [key, experiment, directory, untilStep, shards, 'waiting', new Date().toISOString()];
        this.database.run('INSERT INTO trials VALUES (?, ?, ?, ?, ?, ?, ?)', ...values);
        addEvent(this.database, 'trial-created', key, { directory, untilStep, shards });
        return { ...request, state: 'waiting' };
      }
      if (known.experiment !== experiment) {
        throw new PolyakError('usage', `trial ${key} has another experiment; start a new run for this one`);
      }
      const state = this.setState(known, 'submit', { untilStep, shards });
      if (state !== 'waiting') return known;
      const values = [directory, untilStep, shards, key];
      this.database.run('UPDATE trials SET directory = ?, until_step = ?, shards = ? WHERE key = ?', ...values);
      this.database.run("DELETE FROM reports WHERE trial = ? AND kind = 'END'", key);
      return { ...request, state };
    });
  }

  find(key: string): Trial | undefined {
    const row = this.database.get('SELECT * FROM trials WHERE key = ?', key);
    return row && trialOf(row);
  }

  trials(): Trial[] {
    return this.database.all('SELECT * FROM trials ORDER BY rowid').map(trialOf);
  }

  advance(key: string, trigger: TrialTrigger): Trial {
    return this.write(() => {
      const trial = this.get(key);
      return { ...trial, state: this.setState(trial, trigger, {}) };
    });
  }

  /** Keeps an epoch's results or a notice. False: known already. */
  report(key: string, kind: 'EPOCH' | 'NOTICE', step: number, body: string): boolean {
    return this.write(() => this.insertReport(key, kind, step, body));
  }

  /** The end and the new state in one transaction. False: it had ended before. */
  end(key: string, trigger: TrialTrigger, step: number, body: string): boolean {
    return this.write(() => {
      const trial = this.get(key);
      if (isOver(trial.state)) return false;
      this.setState(trial, trigger, { step });
      return this.insertReport(key, 'END', step, body);
    });
  }

  /** Bodies in the order in which they came. */
  reports(key: string): { kind: StoredKind; step: number; body: string }[] {
    const rows = this.database.all('SELECT kind, step, body FROM reports WHERE trial = ? ORDER BY sequence', key);
    return rows as { kind: StoredKind; step: number; body: string }[];
  }

  events(): ChangeEvent[] {
    return this.database.all(
      'SELECT at, what, subject, detail FROM events ORDER BY sequence',
    ) as unknown as ChangeEvent[];
  }

  close(): void {
    this.database.close();
  }

  private get(key: string): Trial {
    const trial = this.find(key);
    if (!trial) throw new PolyakError('usage', `there is no trial ${key}`);
    return trial;
  }

  private write<Result>(change: () => Result): Result {
    return this.database.transaction(() => {
      this.assertCurrent();
      return change();
    });
  }

  private setState(trial: Trial, trigger: TrialTrigger, detail: Record<string, Value>): TrialState {
    const state = nextState(trial, trigger);
    if (state === trial.state && trigger !== 'submit') return state;
    this.database.run('UPDATE trials SET state = ? WHERE key = ?', state, trial.key);
    addEvent(this.database, `trial-${state}`, trial.key, { from: trial.state, ...detail });
    return state;
  }

  private insertReport(key: string, kind: StoredKind, step: number, body: string): boolean {
    const known =
      kind !== 'NOTICE' &&
      this.database.get('SELECT 1 AS one FROM reports WHERE trial = ? AND kind = ? AND step = ?', key, kind, step);
    if (known) return false;
    this.database.run('INSERT INTO reports (trial, kind, step, body) VALUES (?, ?, ?, ?)', key, kind, step, body);
    addEvent(this.database, `report-${kind.toLowerCase()}`, key, { step });
    return true;
  }
}

function setEpoch(database: Database, name: string, epoch: number, process: string): void {
  const upsert =
    'INSERT INTO epochs VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET epoch = excluded.epoch, process = excluded.process';
  database.run(upsert, name, epoch, process);
}

function addEvent(database: Database, what: string, subject: string, detail: Record<string, Value>): void {
  const values = [new Date().toISOString(), what, subject, JSON.stringify(detail)];
  database.run('INSERT INTO events (at, what, subject, detail) VALUES (?, ?, ?, ?)', ...values);
}

function trialOf(row: Record<string, Value>): Trial {
  return {
    key: String(row['key']),
    experiment: String(row['experiment']),
    directory: String(row['directory']),
    untilStep: Number(row['until_step']),
    shards: Number(row['shards']),
    state: row['state'] as TrialState,
  };
}
