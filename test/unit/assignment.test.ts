/** Which worker is given which trial, without processes: workers that say how long they wait, and sweeps that have limits. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Assignment } from '../../coordinator/assignment.js';
import { Attendee } from '../../coordinator/attendee.js';
import { Ledger } from '../../coordinator/ledger.js';
import { Runs } from '../../coordinator/runs.js';
import type { RunRow } from '../../coordinator/store/rows.js';
import { SqliteStore } from '../../coordinator/store/sqlite/sqlite-store.js';
import { Suitability } from '../../coordinator/suitability.js';
import { Sweeps } from '../../coordinator/sweep/sweeps.js';
import { WorkerPlaces, type WorkerPlace } from '../../coordinator/worker-places.js';
import { experimentOn } from '../bad-input/data-files.js';

const trials = 9;
const experiment = {
  ...experimentOn({ source: 'csv', path: '/a.csv' }),
  optimizer: { sgd: { learningRate: '$rate' } },
  train: { epochs: 2, batchSize: 4, microBatchSize: 2 },
  search: { trials, space: { rate: { uniform: [0.1, 1] } } },
};

describe('the assignment', () => {
  let folder: string;
  let store: SqliteStore;
  let workers: WorkerPlaces;
  let runs: Runs;
  let assignment: Assignment;
  let suitability: Suitability;

  const begin = async (settings: Record<string, unknown>, key = 'a'.repeat(16)) => {
    const ledger = new Ledger(
      store,
      { log: () => undefined, sweep: () => undefined, run: () => undefined },
      () => undefined,
    );
    runs = new Runs(store, []);
    const sweeps = new Sweeps(store, runs, ledger, pino({ level: 'silent' }), () => false);
    await sweeps.submit({
      ...{ key, name: key, experiment: JSON.stringify(experiment), directory: `/${key}`, shards: 1, state: 'running' },
      ...{ reason: null, createdAt: '2026-01-01T00:00:00.000Z', endedAt: null },
      settings: JSON.stringify({ settings: { trials, ...settings }, folder: '/' }),
    });
    suitability = new Suitability();
    assignment = new Assignment({
      suitability,
      ...{ runs, sweeps, workers, ledger, canLead: () => true },
      ...{ tell: () => undefined, leave: () => undefined, started: () => undefined },
    });
  };
  const attend = (id: string, waiting: number, fingerprint = '') => {
    const register = {
      role: 'WORKER' as const,
      shard: 0,
      id,
      address: '',
      shardEpoch: 0,
      trials: [],
      version: '',
      fingerprint,
    };
    const attendee = new Attendee(
      register,
      0,
      () => undefined,
      () => undefined,
    );
    attendee.waiting = waiting;
    return workers.add(attendee);
  };
  const runOf = (place: WorkerPlace): RunRow => [...place.runs.values()][0]!.run;
  const trialsOf = (id: string) => [...(workers.find(id)?.runs.values() ?? [])].map(({ run }) => run.trial);

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'polyak-assignment-'));
    store = await SqliteStore.take(join(folder, 'store.db'), 'test');
    workers = new WorkerPlaces();
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  it('gives a worker that waits for its server a second trial of a sweep that may have one worker, and another worker has none', async () => {
    await begin({ workers: 1 });
    attend('first', 0.5);
    assignment.assign(true);
    assignment.assign(true);
    expect(trialsOf('first')).toEqual([0, 1]);
    attend('second', 0.5);
    assignment.assign(true);
    expect([trialsOf('first'), trialsOf('second')]).toEqual([[0, 1], []]);
  });

  it('counts a worker once among the workers of a sweep, though it has two of its trials', async () => {
    await begin({ workers: 2 });
    attend('first', 0.5);
    assignment.assign(true);
    assignment.assign(true);
    attend('second', 0);
    assignment.assign(true);
    expect([trialsOf('first'), trialsOf('second')]).toEqual([[0, 1], [2]]);
    attend('third', 0);
    assignment.assign(true);
    expect(trialsOf('third')).toEqual([]);
  });

  it('gives no second trial where the sweep may run one at once', async () => {
    await begin({ parallel: 1 });
    attend('first', 0.5);
    assignment.assign(true);
    assignment.assign(true);
    expect(trialsOf('first')).toEqual([0]);
  });

  it('keeps a trial within workers of the fingerprint that was admitted first', async () => {
    await begin({ parallel: 1 });
    const first = attend('first', 0, 'aa');
    assignment.assign(true);
    const run = runOf(first);
    suitability.admitted(first, run);
    const other = attend('other', 0, 'bb');
    assignment.assign(true);
    expect(trialsOf('other')).toEqual([]);
    workers.release(first, run.key);
    workers.remove(first.attendee);
    assignment.assign(true);
    expect(other.runs.size).toBe(0);
    attend('same', 0, 'aa');
    assignment.assign(true);
    expect(trialsOf('same')).toEqual([0]);
  });

  it('sends a worker that a trial has refused to others, and others to the trial', async () => {
    await begin({ parallel: 2 });
    const refused = attend('refused', 0, 'aa');
    assignment.assign(true);
    const run = runOf(refused);
    suitability.refused(refused, run, 'other data', false);
    workers.release(refused, run.key);
    assignment.assign(true);
    expect(trialsOf('refused')).toEqual([1]);
    attend('other', 0, 'aa');
    assignment.assign(true);
    expect(trialsOf('other')).toEqual([0]);
  });

  it('tries no other worker of a fingerprint that a trial has refused', async () => {
    await begin({ parallel: 1 });
    const refused = attend('refused', 0, 'bb');
    assignment.assign(true);
    const run = runOf(refused);
    suitability.refused(refused, run, 'other arithmetic', true);
    workers.release(refused, run.key);
    attend('like it', 0, 'bb');
    assignment.assign(true);
    expect([trialsOf('refused'), trialsOf('like it')]).toEqual([[], []]);
    expect(suitability.wants(run)).toContain('other arithmetic');
    // Whoever leads it next may know of nothing.
    suitability.forget(run);
    assignment.assign(true);
    expect(trialsOf('refused')).toEqual([0]);
  });

  it('lets workers of two fingerprints not join one trial before it is known whose it is', async () => {
    await begin({ parallel: 1 });
    attend('first', 0, 'aa');
    attend('other', 0, 'bb');
    attend('same', 0, 'aa');
    assignment.assign(true);
    expect([trialsOf('first'), trialsOf('other'), trialsOf('same')]).toEqual([[0], [], [0]]);
  });
});
