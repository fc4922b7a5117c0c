/**
 * How a PostgreSQL store came to its present tables, step by step. A step that has been released is never changed. The
 * version is how many were made. There was no PostgreSQL store before there were sweeps, so it has fewer than SQLite.
 */
import pg from 'pg';
import { refuseNewer } from '../store-version.js';
import type { PostgresAddress } from './postgres-address.js';
import type { PostgresConnection, Querying } from './postgres-connection.js';

// Text is compared by its code points, as in every other kind of store. `sequence` keeps the order in which rows first came.
// `columns` is as it was written; `by_column` is what is quick to sort by, where PostgreSQL can hold it: it knows neither the
// character 0 nor halves of a pair.
const migrations = [
  `
CREATE TABLE epochs (
  name TEXT COLLATE "C" PRIMARY KEY, epoch BIGINT NOT NULL, process TEXT NOT NULL, commits BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE runs (
  sequence BIGSERIAL PRIMARY KEY, key TEXT COLLATE "C" NOT NULL UNIQUE, experiment TEXT NOT NULL,
  directory TEXT NOT NULL, until_step BIGINT NOT NULL, until_epoch BIGINT NOT NULL, shards BIGINT NOT NULL,
  state TEXT NOT NULL, retries BIGINT NOT NULL, sweep TEXT COLLATE "C", trial BIGINT NOT NULL, member BIGINT NOT NULL,
  compute_seconds DOUBLE PRECISION NOT NULL, created_at TEXT NOT NULL
);
CREATE INDEX runs_of_trial ON runs (sweep, trial, member);
CREATE INDEX runs_not_over ON runs (sweep) WHERE state IN ('waiting', 'running', 'stopping', 'paused');
CREATE TABLE reports (
  sequence BIGSERIAL PRIMARY KEY, run TEXT COLLATE "C" NOT NULL, kind TEXT COLLATE "C" NOT NULL, step BIGINT NOT NULL,
  body TEXT NOT NULL
);
CREATE UNIQUE INDEX reports_once ON reports (run, kind, step) WHERE kind <> 'NOTICE';
CREATE INDEX reports_of_run ON reports (run, sequence);
CREATE TABLE events (
  sequence BIGINT PRIMARY KEY, at TEXT NOT NULL, what TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL
);
CREATE TABLE sweeps (
  sequence BIGSERIAL PRIMARY KEY, key TEXT COLLATE "C" NOT NULL UNIQUE, name TEXT NOT NULL, experiment TEXT NOT NULL,
  directory TEXT NOT NULL, shards BIGINT NOT NULL, state TEXT NOT NULL, reason TEXT, settings TEXT NOT NULL,
  created_at TEXT NOT NULL, ended_at TEXT
);
CREATE TABLE trials (
  sweep TEXT COLLATE "C" NOT NULL, number BIGINT NOT NULL, parameters TEXT NOT NULL, columns TEXT NOT NULL,
  bracket BIGINT NOT NULL, round BIGINT NOT NULL, rung BIGINT NOT NULL, status TEXT COLLATE "C" NOT NULL,
  until_epoch BIGINT NOT NULL, epoch BIGINT NOT NULL, value DOUBLE PRECISION, best DOUBLE PRECISION,
  best_epoch BIGINT NOT NULL, loss DOUBLE PRECISION, deviation DOUBLE PRECISION, reason TEXT COLLATE "C",
  compute_seconds DOUBLE PRECISION NOT NULL, started_at TEXT COLLATE "C", ended_at TEXT COLLATE "C",
  by_column JSONB GENERATED ALWAYS AS (CASE WHEN columns !~ '\\\\u(0000|d[89a-f])' THEN columns::jsonb END) STORED,
  PRIMARY KEY (sweep, number)
);
CREATE INDEX trials_by_value ON trials (sweep, value, number);
CREATE INDEX trials_by_status ON trials (sweep, status, number);
CREATE TABLE log (
  sweep TEXT COLLATE "C" NOT NULL, sequence BIGINT NOT NULL, entry TEXT NOT NULL, PRIMARY KEY (sweep, sequence)
);`,
  // What rests in a checkpoint is known to have one.
  `
ALTER TABLE runs ADD COLUMN checkpoint_step BIGINT NOT NULL DEFAULT 0;
UPDATE runs SET checkpoint_step = coalesce((SELECT max(step) FROM reports WHERE reports.run = runs.key
  AND (reports.kind = 'PAUSED' OR reports.kind = 'END' AND runs.state = 'stopped')), 0)
  WHERE state IN ('paused', 'stopped') AND sweep IS NOT NULL;`,
  // Reports of before have no time.
  'ALTER TABLE reports ADD COLUMN at TEXT;',
  'ALTER TABLE trials ADD COLUMN trained BIGINT NOT NULL DEFAULT 0;',
];

export const postgresVersion = migrations.length;

/** Errors: `usage` for a store that a newer Polyak has made, of which nothing is changed. */
export async function migratePostgres(connection: PostgresConnection, address: PostgresAddress): Promise<void> {
  let again = true;
  while (again) again = await connection.transaction('BEGIN', async (on) => await step(on, address));
}

/** 0 where there are no tables yet. */
export async function versionOf(on: Querying, { schema }: PostgresAddress): Promise<number> {
  const table = `${pg.escapeIdentifier(schema)}.store_version`;
  const { rows: tables } = await on.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [table]);
  if (!tables[0]?.there) return 0;
  const { rows } = await on.query<{ version: number }>(`SELECT version FROM ${table}`);
  return rows[0]?.version ?? 0;
}

async function step(on: Querying, address: PostgresAddress): Promise<boolean> {
  // Two coordinators may come at once; the lock goes with the transaction.
  await on.query('SELECT pg_advisory_xact_lock(hashtext($1))', [`polyak store ${address.schema}`]);
  const version = await versionOf(on, address);
  refuseNewer(address.name, version, postgresVersion);
  const sql = migrations[version];
  if (sql === undefined) return false;
  if (version === 0) await makeSchema(on, address);
  await on.query(sql);
  await on.query('UPDATE store_version SET version = $1', [version + 1]);
  return true;
}

/** A user who may not make schemas may be given an empty one. */
async function makeSchema(on: Querying, { schema }: PostgresAddress): Promise<void> {
  const { rows } = await on.query<{ there: boolean }>(
    'SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1) AS there',
    [schema],
  );
  if (!rows[0]?.there) await on.query(`CREATE SCHEMA ${pg.escapeIdentifier(schema)}`);
  await on.query('CREATE TABLE store_version (version INTEGER NOT NULL); INSERT INTO store_version VALUES (0)');
}
