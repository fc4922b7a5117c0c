-- A coordinator's store as it was before stores had versions, written by that Polyak: two trials, one of them finished.
PRAGMA journal_mode = WAL;
CREATE TABLE epochs (name TEXT PRIMARY KEY, epoch INTEGER NOT NULL, process TEXT NOT NULL);
CREATE TABLE trials (
  key TEXT PRIMARY KEY, experiment TEXT NOT NULL, directory TEXT NOT NULL, until_step INTEGER NOT NULL,
  shards INTEGER NOT NULL, state TEXT NOT NULL, created_at TEXT NOT NULL
);
CREATE TABLE reports (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, trial TEXT NOT NULL, kind TEXT NOT NULL, step INTEGER NOT NULL,
  body TEXT NOT NULL
);
CREATE UNIQUE INDEX reports_once ON reports (trial, kind, step) WHERE kind <> 'NOTICE';
CREATE INDEX reports_of_trial ON reports (trial, sequence);
CREATE TABLE events (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, what TEXT NOT NULL, subject TEXT NOT NULL,
  detail TEXT NOT NULL
);
INSERT INTO epochs VALUES ('coordinator', 1, 'coordinator process');
INSERT INTO epochs VALUES ('shard 0', 1, 'shard process');
INSERT INTO trials VALUES ('ffff000011112222', '{"of":"ffff000011112222"}', '/runs/ffff000011112222', 7, 3, 'finished', '2026-07-30T08:40:42.113Z');
INSERT INTO trials VALUES ('0000111122223333', '{"of":"0000111122223333"}', '/runs/0000111122223333', 7, 3, 'waiting', '2026-07-30T08:40:42.113Z');
INSERT INTO reports VALUES (1, 'ffff000011112222', 'EPOCH', 5, '{"loss":1}');
INSERT INTO reports VALUES (2, 'ffff000011112222', 'NOTICE', 5, 'n');
INSERT INTO reports VALUES (3, 'ffff000011112222', 'END', 7, '{"end":true}');
INSERT INTO events VALUES (1, '2026-07-30T08:40:42.113Z', 'coordinator-started', 'coordinator', '{"epoch":1,"process":"coordinator process"}');
INSERT INTO events VALUES (2, '2026-07-30T08:40:42.113Z', 'trial-created', 'ffff000011112222', '{"directory":"/runs/ffff000011112222","untilStep":7,"shards":3}');
INSERT INTO events VALUES (3, '2026-07-30T08:40:42.113Z', 'trial-created', '0000111122223333', '{"directory":"/runs/0000111122223333","untilStep":7,"shards":3}');
INSERT INTO events VALUES (4, '2026-07-30T08:40:42.113Z', 'trial-running', 'ffff000011112222', '{"from":"waiting"}');
INSERT INTO events VALUES (5, '2026-07-30T08:40:42.113Z', 'report-epoch', 'ffff000011112222', '{"step":5}');
INSERT INTO events VALUES (6, '2026-07-30T08:40:42.113Z', 'report-notice', 'ffff000011112222', '{"step":5}');
INSERT INTO events VALUES (7, '2026-07-30T08:40:42.113Z', 'shard-taken', 'shard 0', '{"epoch":1,"process":"shard process"}');
INSERT INTO events VALUES (8, '2026-07-30T08:40:42.113Z', 'trial-finished', 'ffff000011112222', '{"from":"running","step":7}');
INSERT INTO events VALUES (9, '2026-07-30T08:40:42.113Z', 'report-end', 'ffff000011112222', '{"step":7}');
