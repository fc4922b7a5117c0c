/** A trial of several runs, as the engine has it: what is put together, what ends together, and what a restart keeps. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Runs } from '../../coordinator/runs.js';
import { SqliteStore } from '../../coordinator/store/sqlite/sqlite-store.js';
import type { Change, RunRow, SweepRow } from '../../coordinator/store/rows.js';
import { epochsOf, openSweep } from '../../coordinator/sweep/open-sweep.js';
import type { Sweep } from '../../coordinator/sweep/sweep.js';
import { experimentOn } from '../bad-input/data-files.js';

const members = 6;
const experiment = {
  ...experimentOn({ source: 'csv', path: '/a.csv' }),
  optimizer: { sgd: { learningRate: '$rate' } },
  train: { epochs: 2, batchSize: 4, microBatchSize: 4 },
  search: { trials: 1, crossValidation: { folds: 3, repeats: 2 }, space: { rate: { uniform: [0.1, 1] } } },
};

describe('a trial of six runs', () => {
  let folder: string;
  let store: SqliteStore;
  let sweep: Sweep;
  let runs: RunRow[];
  const row: SweepRow = {
    ...{ key: '0123456789abcdef', name: 'x', experiment: JSON.stringify(experiment), directory: '/x', shards: 1 },
    ...{ state: 'running', reason: null, createdAt: '2026-01-01T00:00:00.000Z', endedAt: null },
    settings: JSON.stringify({ settings: { trials: 1 }, folder: '/' }),
  };

  const open = async () => {
    store = await SqliteStore.take(join(folder, 'store.db'), 'test');
    const state = await store.open();
    sweep = await openSweep({ ...row }, new Runs(store, state.runs), store);
  };
  const commit = async (changes: readonly Change[]) => await store.commit(changes);
  const epoch = async (member: number, at: number, value: number) => {
    const run = runs[member]!;
    const body = JSON.stringify({ epoch: at, loss: 1, validation: { loss: value }, stepsPerEpoch: 3 });
    const report: Change = { table: 'reports', row: { run: run.key, kind: 'EPOCH', step: at * 3, body } };
    await commit([report, ...sweep.epoch(run, at, { value, loss: 1 }, 3)]);
  };
  const finish = async (member: number) =>
    await commit(sweep.ended(runs[member]!, 'finished', { epoch: 2, code: '', message: '' }));
  const trial = async () => (await store.trial(row.key, 0))!;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'polyak-members-'));
    await open();
    await commit(sweep.begin());
    runs = [];
    for (let member = 0; member < members; member++) {
      const started = sweep.startNext();
      runs.push(started.run!);
      await commit(started.changes);
    }
  });

  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('has the mean and the deviation of an epoch when the last has reported it', async () => {
    for (const member of [5, 4, 3, 2, 1]) await epoch(member, 1, member);
    expect((await trial()).value).toBeNull();
    await epoch(0, 1, 0);
    // (0 + … + 5) / 6; squares of the distances are 2 (6.25 + 2.25 + 0.25) = 17.5, over 5.
    expect(await trial()).toMatchObject({ epoch: 1, value: 2.5, deviation: Math.sqrt(3.5) });
  });

  it('ends with all of them when the numbers of one are not finite', async () => {
    await commit(sweep.ended(runs[2]!, 'diverged', { epoch: 1, code: 'training', message: 'the loss is NaN' }));
    expect(await trial()).toMatchObject({ status: 'stopped', reason: expect.stringContaining('notFinite') as string });
    expect(runs.map(({ state }) => state)).toEqual([0, 1, 2, 3, 4, 5].map((m) => (m === 2 ? 'diverged' : 'stopping')));
  });

  it('loses nothing when the coordinator begins again, some having finished and some not begun to report', async () => {
    for (const member of [0, 1]) {
      await epoch(member, 1, member);
      await epoch(member, 2, 10 + member);
      await finish(member);
    }
    await epoch(2, 1, 2);
    await store.close();
    await open();
    const found = await store.runs({ sweep: row.key, trial: 0 });
    const live = [...sweep.activeTrials()][0]!.runs;
    runs = found.map(({ key }) => live.find((run) => run.key === key)!);
    for (const member of [3, 4, 5]) await epoch(member, 1, member);
    expect(await trial()).toMatchObject({ epoch: 1, value: 2.5 });
    for (const member of [2, 3, 4, 5]) {
      await epoch(member, 2, 10 + member);
      await finish(member);
    }
    expect(await trial()).toMatchObject({ epoch: 2, value: 12.5, deviation: Math.sqrt(3.5), status: 'finished' });
    expect(sweep.state).toBe('finished');
    expect(sweep.spending.epochs).toBe(12);
  });

  it('that has failed or was stopped has cost what its runs had trained, after the coordinator begins again too', async () => {
    for (const member of [0, 1]) {
      await epoch(member, 1, member);
      await epoch(member, 2, 10 + member);
      await finish(member);
    }
    await epoch(2, 1, 2);
    await commit(sweep.ended(runs[5]!, 'failed', { epoch: 1, code: 'training', message: 'a lease failed' }));
    for (const member of [2, 3, 4])
      await commit(sweep.ended(runs[member]!, 'stopped', { epoch: 1, code: '', message: '' }));
    // Though no epoch was reported of all.
    expect(await trial()).toMatchObject({ status: 'failed', epoch: 0, trained: 5 });
    expect(sweep.spending.epochs).toBe(5);
    await store.close();
    await open();
    expect(sweep.spending.epochs).toBe(5);
  });

  it('that failed and is tried again has the reports of the runs that had finished', async () => {
    for (const member of [0, 1]) {
      await epoch(member, 1, member);
      await epoch(member, 2, 10 + member);
      await finish(member);
    }
    await epoch(2, 1, 2);
    await commit(sweep.ended(runs[5]!, 'failed', { epoch: 1, code: 'training', message: 'a lease failed' }));
    for (const member of [2, 3, 4])
      await commit(sweep.ended(runs[member]!, 'stopped', { epoch: 1, code: '', message: '' }));
    expect(await trial()).toMatchObject({ status: 'failed', epoch: 0 });
    const found = await store.runs({ sweep: row.key, trial: 0 });
    const spent = sweep.spending.epochs;
    await commit(sweep.retry(await trial(), found, await epochsOf(found, 'validation.loss', store)));
    const live = [...sweep.activeTrials()][0]!.runs;
    runs = found.map(({ key }) => live.find((run) => run.key === key)!);
    expect(sweep.spending.epochs).toBe(spent);
    for (const run of runs) sweep.settled(run);
    for (let left = 4; left > 0; left--) await commit(sweep.startNext().changes);
    for (const member of [3, 4, 5]) await epoch(member, 1, member);
    expect(await trial()).toMatchObject({ epoch: 1, value: 2.5 });
    for (const member of [2, 3, 4, 5]) {
      await epoch(member, 2, 10 + member);
      await finish(member);
    }
    expect(await trial()).toMatchObject({ epoch: 2, value: 12.5, deviation: Math.sqrt(3.5), status: 'finished' });
  });
});
