/** What a sweep spends, as the engine has it, with reports that the test gives: never more than allowed, and always an end. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Runs } from '../../coordinator/runs.js';
import { SqliteStore } from '../../coordinator/store/sqlite/sqlite-store.js';
import type { Change, RunRow, SweepRow } from '../../coordinator/store/rows.js';
import { openSweep, readLog } from '../../coordinator/sweep/open-sweep.js';
import type { Sweep } from '../../coordinator/sweep/sweep.js';
import { experimentOn } from '../bad-input/data-files.js';

const key = '0123456789abcdef';
const search = { trials: 3, space: { rate: { uniform: [0.1, 1] } } };
const halving = { successiveHalving: { minEpochs: 1, eta: 2 } };

let folder: string;
let store: SqliteStore;
let sweep: Sweep;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'polyak-budget-'));
  store = await SqliteStore.take(join(folder, 'store.db'), 'test');
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function begin(settings: Record<string, unknown>, more: Record<string, unknown> = {}): Promise<void> {
  const experiment = {
    ...experimentOn({ source: 'csv', path: '/a.csv' }),
    optimizer: { sgd: { learningRate: '$rate' } },
    train: { epochs: 4, batchSize: 4, microBatchSize: 4 },
    search: { ...search, ...more },
  };
  const row: SweepRow = {
    ...{ key, name: 'x', experiment: JSON.stringify(experiment), directory: '/x', shards: 1 },
    ...{ state: 'running', reason: null, createdAt: '2026-01-01T00:00:00.000Z', endedAt: null },
    settings: JSON.stringify({ settings: { trials: 3, ...settings }, folder: '/' }),
  };
  sweep = await openSweep(row, new Runs(store, (await store.open()).runs), store);
  await commit(sweep.begin());
}

async function commit(changes: readonly Change[]): Promise<void> {
  await store.commit(changes);
}

async function start(): Promise<RunRow> {
  const started = sweep.startNext();
  await commit(started.changes);
  return started.run!;
}

/** As the coordinator does when the report is on disk. */
async function keep(run: RunRow, changes: readonly Change[]): Promise<void> {
  await commit(changes);
  sweep.settled(run);
}

async function train(run: RunRow, untilEpoch: number): Promise<void> {
  for (let epoch = sweep.epochOf(run) + 1; epoch <= untilEpoch; epoch++)
    await commit(sweep.epoch(run, epoch, { value: run.trial, loss: 1 }, 3));
}

const end = (epoch: number, code = '') => ({ epoch, code, message: 'the server is away' });

describe('a budget of epochs', () => {
  it('ends the sweep when the last of a rung pauses and what is promoted does not fit', async () => {
    await begin({ trials: 4, budget: { epochs: 5 } }, { trials: 4, schedule: halving });
    const runs = [await start(), await start(), await start(), await start()];
    for (const run of runs) {
      await train(run, 1);
      await keep(run, sweep.paused(run, 1));
    }
    await commit(sweep.tick(1, 0, false));
    expect(sweep.spending.epochs).toBeLessThanOrEqual(5);
    while (sweep.canStart) {
      const run = await start();
      await train(run, run.untilEpoch === 0 ? 4 : run.untilEpoch);
      await keep(run, sweep.paused(run, run.untilEpoch));
    }
    await commit(sweep.tick(1, 0, false));
    expect(sweep.spending.epochs).toBeLessThanOrEqual(5);
    expect(sweep.state).toBe('stopped');
  });

  it('ends the sweep when what is to be tried again does not fit any more', async () => {
    await begin({ budget: { epochs: 6 } });
    const first = await start();
    await train(first, 2);
    await keep(first, sweep.ended(first, 'failed', end(3, 'unreachable')));
    const second = await start();
    await train(second, 4);
    await keep(second, sweep.ended(second, 'finished', end(4)));
    expect(sweep.state).toBe('running');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
    await commit(sweep.tick(60, 0, false));
    vi.useRealTimers();
    expect(sweep.spending.epochs).toBe(6);
    expect(sweep.state).toBe('stopped');
  });

  it('that is set below what is spent ends a sweep of which nothing runs', async () => {
    await begin({});
    const run = await start();
    await train(run, 4);
    await keep(run, sweep.ended(run, 'finished', end(4)));
    await commit(sweep.change({ ...sweep.settings, budget: { epochs: 1 } }));
    expect(sweep.row).toMatchObject({
      state: 'stopped',
      reason: expect.stringContaining('search.budget.epochs of 1 is spent') as string,
    });
  });
});

describe('a budget of time', () => {
  it('ends the sweep by a decision of its log, which says how far each trial was', async () => {
    await begin({ budget: { time: 5 } });
    const first = await start();
    await train(first, 4);
    await keep(first, sweep.ended(first, 'finished', end(4)));
    await train(await start(), 2);
    await commit(sweep.tick(5, 0, false));
    const halt = { type: 'halt', state: 'stopped', reason: 'search.budget.time of 5 s is spent' };
    const [event, decision] = (await readLog(store, key)).slice(-2);
    expect(event).toEqual({ event: halt });
    expect(decision).toEqual({ decision: { ...halt, saw: { begun: 2, over: 1, open: [{ trial: 1, step: 2 }] } } });
  });

  it('that is raised goes on with the sweep, which is in its log too', async () => {
    await begin({ budget: { time: 5 } });
    await commit(sweep.tick(5, 0, false));
    await commit(sweep.change({ ...sweep.settings, budget: { time: 50 } }));
    await commit(sweep.resume());
    expect((await readLog(store, key)).at(-1)).toEqual({ event: { type: 'resume' } });
    expect(sweep.state).toBe('running');
  });
});

describe('a sweep that has ended', () => {
  it('stays as it is when it is stopped, and is not paused', async () => {
    await begin({ budget: { time: 5 } });
    await commit(sweep.tick(5, 0, false));
    const ended = { state: 'stopped', reason: 'search.budget.time of 5 s is spent' };
    expect(sweep.row).toMatchObject(ended);
    expect(sweep.halt('stopped', null)).toEqual([]);
    expect(() => sweep.halt('paused', null)).toThrow('x is stopped, only a sweep that runs can be paused');
    expect(sweep.row).toMatchObject(ended);
  });

  it('by its first failure, where none is allowed, has failed', async () => {
    await begin({ budget: { failedTrials: 0 } });
    const run = await start();
    await keep(run, sweep.ended(run, 'failed', end(1, 'training')));
    expect(sweep.row).toMatchObject({ state: 'failed', reason: expect.stringContaining('allows 0') as string });
  });
});

describe('a sweep whose disk is full', () => {
  const full = { epoch: 1, code: 'disk', message: 'the disk of /x is full' };

  it('loses no trial, and goes on with those that could not be brought into their checkpoints', async () => {
    await begin({ trials: 4 }, { trials: 4, schedule: halving });
    const runs = [await start(), await start(), await start(), await start()];
    for (const run of runs.slice(0, 2)) await train(run, 1);
    await keep(runs[0]!, sweep.paused(runs[0]!, 1));
    // It has reported its epoch, and is ranked by it.
    await keep(runs[1]!, sweep.ended(runs[1]!, 'failed', full));
    expect(sweep.row).toMatchObject({ state: 'failed', reason: full.message });
    expect(runs.map(({ state }) => state)).toEqual(['paused', 'failed', 'stopping', 'stopping']);
    await keep(runs[2]!, sweep.ended(runs[2]!, 'failed', full));
    await keep(runs[3]!, sweep.ended(runs[3]!, 'stopped', { ...full, code: '', epoch: 0 }));
    expect(sweep.counts).toMatchObject({ failed: 0, running: 2, paused: 2 });
    await commit(sweep.resume());
    while (sweep.canStart) {
      const run = await start();
      const until = run.untilEpoch === 0 ? 4 : run.untilEpoch;
      await train(run, until);
      await keep(run, until === 4 ? sweep.ended(run, 'finished', end(4)) : sweep.paused(run, until));
    }
    expect(sweep.state).toBe('finished');
    expect(sweep.counts).toMatchObject({ finished: 1, stopped: 3, failed: 0 });
  });
});
