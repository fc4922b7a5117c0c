-- A coordinator's store of version 2, as that Polyak made it: a run alone, and a sweep of which one trial is over, one rests at
-- its rung, one was stopped at a checkpoint and one runs.
PRAGMA journal_mode = WAL;
CREATE TABLE epochs (name TEXT PRIMARY KEY, epoch INTEGER NOT NULL, process TEXT NOT NULL);
CREATE TABLE reports (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, kind TEXT NOT NULL, step INTEGER NOT NULL,
  body TEXT NOT NULL
);
CREATE UNIQUE INDEX reports_once ON reports (run, kind, step) WHERE kind <> 'NOTICE';
CREATE INDEX reports_of_run ON reports (run, sequence);
CREATE TABLE events (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, what TEXT NOT NULL, subject TEXT NOT NULL,
  detail TEXT NOT NULL
);
CREATE TABLE runs (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, experiment TEXT NOT NULL,
  directory TEXT NOT NULL, until_step INTEGER NOT NULL, until_epoch INTEGER NOT NULL, shards INTEGER NOT NULL,
  state TEXT NOT NULL, retries INTEGER NOT NULL, sweep TEXT, trial INTEGER NOT NULL, member INTEGER NOT NULL,
  compute_seconds REAL NOT NULL, created_at TEXT NOT NULL
);
CREATE INDEX runs_of_trial ON runs (sweep, trial, member);
CREATE INDEX runs_not_over ON runs (sweep) WHERE state IN ('waiting', 'running', 'stopping', 'paused');
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
) WITHOUT ROWID;
PRAGMA user_version = 2;
INSERT INTO epochs (name, epoch, process) VALUES ('coordinator', 4, 'coordinator process');
INSERT INTO sweeps (key, name, experiment, directory, shards, state, reason, settings, created_at, ended_at)
  VALUES ('s', 'digits', '{}', '/sweeps/s', 1, 'running', NULL, '{}', '2026-01-02T03:04:05.678Z', NULL);
INSERT INTO runs (key, experiment, directory, until_step, until_epoch, shards, state, retries, sweep, trial, member, compute_seconds, created_at)
  VALUES ('alone', '', '/runs/alone', 0, 3, 1, 'stopped', 1, NULL, 0, 0, 1.5, '2026-01-02T03:04:05.678Z');
INSERT INTO runs (key, experiment, directory, until_step, until_epoch, shards, state, retries, sweep, trial, member, compute_seconds, created_at)
  VALUES ('over', '', '/runs/over', 0, 3, 1, 'finished', 1, 's', 0, 0, 1.5, '2026-01-02T03:04:05.678Z');
INSERT INTO runs (key, experiment, directory, until_step, until_epoch, shards, state, retries, sweep, trial, member, compute_seconds, created_at)
  VALUES ('rests', '', '/runs/rests', 0, 3, 1, 'paused', 1, 's', 1, 0, 1.5, '2026-01-02T03:04:05.678Z');
INSERT INTO runs (key, experiment, directory, until_step, until_epoch, shards, state, retries, sweep, trial, member, compute_seconds, created_at)
  VALUES ('stopped', '', '/runs/stopped', 0, 3, 1, 'stopped', 1, 's', 2, 0, 1.5, '2026-01-02T03:04:05.678Z');
INSERT INTO runs (key, experiment, directory, until_step, until_epoch, shards, state, retries, sweep, trial, member, compute_seconds, created_at)
  VALUES ('runs', '', '/runs/runs', 0, 3, 1, 'running', 1, 's', 3, 0, 1.5, '2026-01-02T03:04:05.678Z');
INSERT INTO trials (sweep, number, parameters, columns, bracket, round, rung, status, until_epoch, epoch, value, best, best_epoch, loss, deviation, reason, compute_seconds, started_at, ended_at)
  VALUES ('s', 0, '{"rate":0.1}', '{"rate":0.1}', 0, 0, 0, 'finished', 3, 3, 0.5, 0.5, 2, 1, NULL, NULL, 1.5, NULL, NULL);
INSERT INTO trials (sweep, number, parameters, columns, bracket, round, rung, status, until_epoch, epoch, value, best, best_epoch, loss, deviation, reason, compute_seconds, started_at, ended_at)
  VALUES ('s', 1, '{"rate":0.1}', '{"rate":0.1}', 0, 0, 0, 'paused', 3, 3, 0.5, 0.5, 2, 1, NULL, NULL, 1.5, NULL, NULL);
INSERT INTO trials (sweep, number, parameters, columns, bracket, round, rung, status, until_epoch, epoch, value, best, best_epoch, loss, deviation, reason, compute_seconds, started_at, ended_at)
  VALUES ('s', 2, '{"rate":0.1}', '{"rate":0.1}', 0, 0, 0, 'running', 3, 3, 0.5, 0.5, 2, 1, NULL, NULL, 1.5, NULL, NULL);
INSERT INTO trials (sweep, number, parameters, columns, bracket, round, rung, status, until_epoch, epoch, value, best, best_epoch, loss, deviation, reason, compute_seconds, started_at, ended_at)
  VALUES ('s', 3, '{"rate":0.1}', '{"rate":0.1}', 0, 0, 0, 'running', 3, 3, 0.5, 0.5, 2, 1, NULL, NULL, 1.5, NULL, NULL);
INSERT INTO reports (run, kind, step, body) VALUES ('alone', 'END', 7, '{"event":"stopped","step":7}');
INSERT INTO reports (run, kind, step, body) VALUES ('over', 'EPOCH', 9, '{"epoch":3}');
INSERT INTO reports (run, kind, step, body) VALUES ('over', 'END', 9, '{"event":"finished"}');
INSERT INTO reports (run, kind, step, body) VALUES ('rests', 'EPOCH', 9, '{"epoch":3}');
INSERT INTO reports (run, kind, step, body) VALUES ('rests', 'PAUSED', 3, '{"epoch":1}');
INSERT INTO reports (run, kind, step, body) VALUES ('rests', 'PAUSED', 9, '{"epoch":3}');
INSERT INTO reports (run, kind, step, body) VALUES ('stopped', 'END', 11, '{"event":"stopped","step":11}');
INSERT INTO reports (run, kind, step, body) VALUES ('runs', 'PAUSED', 3, '{"epoch":1}');
INSERT INTO reports (run, kind, step, body) VALUES ('runs', 'EPOCH', 9, '{"epoch":3}');
