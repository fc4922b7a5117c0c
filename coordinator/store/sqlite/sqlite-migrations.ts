/**
 * How a SQLite store came to its present tables, step by step. A step that has been released is never changed. The version
 * is how many were made; files of before there were versions say 0, and the first step finds its tables there.
 */
import { refuseNewer } from '../store-version.js';
import type { Database } from './database.js';

const migrations = [
  `
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
);`,
  // What was a trial is now a run; a trial is a line of a sweep. `sequence` keeps the order in which rows first came.
  `
CREATE TABLE runs (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, experiment TEXT NOT NULL,
  directory TEXT NOT NULL, until_step INTEGER NOT NULL, until_epoch INTEGER NOT NULL, shards INTEGER NOT NULL,
  state TEXT NOT NULL, retries INTEGER NOT NULL, sweep TEXT, trial INTEGER NOT NULL, member INTEGER NOT NULL,
  compute_seconds REAL NOT NULL, created_at TEXT NOT NULL
);
CREATE INDEX runs_of_trial ON runs (sweep, trial, member);
CREATE INDEX runs_not_over ON runs (sweep) WHERE state IN ('waiting', 'running', 'stopping', 'paused');
INSERT INTO runs (key, experiment, directory, until_step, until_epoch, shards, state, retries, sweep, trial, member,
  compute_seconds, created_at)
  SELECT key, experiment, directory, until_step, 0, shards, state, 0, NULL, 0, 0, 0, created_at
  FROM trials ORDER BY rowid;
DROP TABLE trials;
DROP INDEX reports_of_trial;
ALTER TABLE reports RENAME COLUMN trial TO run;
CREATE INDEX reports_of_run ON reports (run, sequence);
CREATE TABLE sweeps (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL, experiment TEXT NOT NULL,
  directory TEXT NOT NULL, shards INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT, settings TEXT NOT NULL,
  created_at TEXT NOT NULL, ended_at TEXT
);
CREATE TABLE trials (
  sweep TEXT NOT NULL, number INTEGER NOT NULL, columns TEXT NOT NULL, bracket INTEGER NOT NULL,
  round INTEGER NOT NULL, rung INTEGER NOT NULL, status TEXT NOT NULL, until_epoch INTEGER NOT NULL,
  epoch INTEGER NOT NULL, value REAL, best REAL, best_epoch INTEGER NOT NULL, loss REAL, deviation REAL, reason TEXT,
  compute_seconds REAL NOT NULL, started_at TEXT, ended_at TEXT, parameters TEXT NOT NULL,
  PRIMARY KEY (sweep, number)
);
CREATE INDEX trials_by_value ON trials (sweep, value, number);
CREATE INDEX trials_by_status ON trials (sweep, status, number);
CREATE TABLE log (
  sweep TEXT NOT NULL, sequence INTEGER NOT NULL, entry TEXT NOT NULL, PRIMARY KEY (sweep, sequence)
) WITHOUT ROWID;`,
  // What rests in a checkpoint is known to have one.
  `
ALTER TABLE runs ADD COLUMN checkpoint_step INTEGER NOT NULL DEFAULT 0;
UPDATE runs SET checkpoint_step = coalesce((SELECT max(step) FROM reports WHERE reports.run = runs.key
  AND (reports.kind = 'PAUSED' OR reports.kind = 'END' AND runs.state = 'stopped')), 0)
  WHERE state IN ('paused', 'stopped') AND sweep IS NOT NULL;`,
  // Reports of before have no time.
  'ALTER TABLE reports ADD COLUMN at TEXT;',
  'ALTER TABLE trials ADD COLUMN trained INTEGER NOT NULL DEFAULT 0;',
];

export const sqliteVersion = migrations.length;

/** Errors: `usage` for a store that a newer Polyak has made, of which nothing is changed. */
export function migrateSqlite(database: Database, path: string): void {
  refuseNewer(path, database.version, sqliteVersion);
  database.makeDurable();
  while (database.transaction(() => step(database, path)));
}

/** The version is read in the transaction that raises it, for two coordinators may come at once. */
function step(database: Database, path: string): boolean {
  const { version } = database;
  refuseNewer(path, version, sqliteVersion);
  const sql = migrations[version];
  if (sql === undefined) return false;
  database.exec(sql);
  database.exec(`PRAGMA user_version = ${version + 1}`);
  return true;
}
