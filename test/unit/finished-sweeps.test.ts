/** Sweeps that have finished: nobody's memory holds them for long, and whoever asks finds them as they were. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ExternalWork } from '../../coordinator/external/external-work.js';
import { WorkClient, type WorkCall } from '../../coordinator/external/work-client.js';
import { Ledger } from '../../coordinator/ledger.js';
import { Runs } from '../../coordinator/runs.js';
import { SqliteStore } from '../../coordinator/store/sqlite/sqlite-store.js';
import type { SweepRow } from '../../coordinator/store/rows.js';
import type { Sweep } from '../../coordinator/sweep/sweep.js';
import { Sweeps } from '../../coordinator/sweep/sweeps.js';
import type { WorkReply } from '../../proto/gen/polyak/v1/WorkReply.js';
import { experimentOn } from '../bad-input/data-files.js';

const key = '0123456789abcdef';
const trials = 3;
const experiment = {
  ...experimentOn({ source: 'csv', path: '/a.csv' }),
  optimizer: { sgd: { learningRate: '$rate' } },
  train: { epochs: 2, batchSize: 4, microBatchSize: 4 },
  search: { trials, space: { rate: { uniform: [0.1, 1] } } },
};

describe('a sweep that has finished', () => {
  let folder: string;
  let store: SqliteStore;
  let ledger: Ledger;
  let sweeps: Sweeps;
  let isFollowed: boolean;

  const ignore = { log: () => undefined, sweep: () => undefined, run: () => undefined };
  const pass = (seconds: number) => {
    for (let second = 0; second < seconds; second++) sweeps.tick(1, () => 0);
  };
  const train = async (sweep: Sweep) => {
    const { run, changes } = sweep.startNext();
    await ledger.commit(changes);
    if (!run) throw new Error('there is no run to train');
    await ledger.commit(sweep.epoch(run, 2, { value: run.trial, loss: 1 }, 3));
    await ledger.commit(sweep.ended(run, 'finished', { epoch: 2, code: '', message: '' }));
    sweep.settled(run);
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'polyak-finished-'));
    store = await SqliteStore.take(join(folder, 'store.db'), 'test');
    ledger = new Ledger(store, ignore, () => undefined);
    isFollowed = false;
    sweeps = new Sweeps(store, new Runs(store, []), ledger, pino({ level: 'silent' }), () => isFollowed);
    const row: SweepRow = {
      ...{ key, name: 'x', experiment: JSON.stringify(experiment), directory: '/x', shards: 1, state: 'running' },
      ...{ reason: null, createdAt: '2026-01-01T00:00:00.000Z', endedAt: null },
      settings: JSON.stringify({ settings: { trials }, folder: '/' }),
    };
    const sweep = await sweeps.submit(row);
    for (let trial = 0; trial < trials; trial++) await train(sweep);
    expect(sweep.state).toBe('finished');
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  it('is forgotten after a minute, read again from the store when somebody asks, and forgotten again', async () => {
    const before = (await sweeps.get(key)).snapshot();
    pass(59);
    expect(sweeps.find(key)).toBeDefined();
    pass(1);
    expect(sweeps.find(key)).toBeUndefined();
    expect([...sweeps.all()]).toEqual([]);
    const again = await sweeps.get(key);
    expect(again.snapshot()).toEqual(before);
    expect(again.snapshot()).toMatchObject({ counts: { finished: trials }, best: { trial: 0 }, spent: { epochs: 6 } });
    pass(59);
    // Asked for in time.
    await sweeps.get(key);
    pass(59);
    expect(sweeps.find(key)).toBe(again);
    pass(1);
    expect(sweeps.find(key)).toBeUndefined();
  });

  it('is kept while somebody follows it', () => {
    isFollowed = true;
    pass(1000);
    expect(sweeps.find(key)).toBeDefined();
    isFollowed = false;
    pass(60);
    expect(sweeps.find(key)).toBeUndefined();
  });

  it('that was forgotten can be given more trials, and is then not forgotten before these are over', async () => {
    pass(60);
    const sweep = await sweeps.get(key);
    await ledger.commit(sweep.change({ ...sweep.settings, trials: trials + 1 }));
    expect(sweep.state).toBe('running');
    pass(1000);
    expect(sweeps.find(key)).toBe(sweep);
    await train(sweep);
    expect((await sweeps.get(key)).snapshot()).toMatchObject({ state: 'finished', counts: { finished: trials + 1 } });
  });

  it('is kept while a client that runs its trials is there', async () => {
    const runs = new Runs(store, []);
    const external: Sweeps = new Sweeps(store, runs, ledger, pino({ level: 'silent' }), (each) =>
      work.isAttended(each),
    );
    const work = new ExternalWork({ store, runs, sweeps: external, ledger });
    const objective = { metric: 'value', direction: 'maximise' };
    const search = { trials: 1, space: { x: { uniform: [0, 1] } } };
    const sweep = await external.submit({
      ...{ key: 'e'.repeat(16), name: 'e', directory: '', shards: 0, state: 'running', reason: null },
      ...{ createdAt: '2026-01-01T00:00:00.000Z', endedAt: null },
      experiment: JSON.stringify({ name: 'e', seed: 1, objective, train: { epochs: 1 }, search }),
      settings: JSON.stringify({ settings: { trials: 1 }, folder: '/', external: true }),
    });
    const call = new PassThrough({ objectMode: true });
    const client = new WorkClient('a', call as unknown as WorkCall);
    await work.open(client, { sweepKey: Buffer.from(sweep.key, 'hex'), client: 'a', held: [], trials: 1 });
    const given = (await call.find(({ trial }: WorkReply) => trial !== undefined)) as WorkReply;
    const { trial = 0, attempt = '' } = given.trial ?? {};
    await work.end(sweep, { trial, attempt, mayPass: false, last: { epoch: 1, value: 2 } });
    expect(sweep.state).toBe('finished');
    const passExternally = () => {
      for (let second = 0; second < 60; second++) {
        client.lastHeardAt = Date.now();
        work.beat();
        external.tick(1, () => 0);
      }
    };
    passExternally();
    expect(external.find(sweep.key)).toBe(sweep);
    work.leave(sweep, client, 0);
    passExternally();
    expect(external.find(sweep.key)).toBeUndefined();
  });
});
