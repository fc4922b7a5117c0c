import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PolyakError } from '../../common/errors.js';
import { Store } from '../../coordinator/store.js';
import { isOver, nextState, type TrialState, type TrialTrigger } from '../../coordinator/trial.js';

let folder: string;
let path: string;
const open: Store[] = [];

function openStore(process = 'first'): Store {
  const store = Store.open(path, process);
  open.push(store);
  return store;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'polyak-store-'));
  path = join(folder, 'coordinator.db');
});
afterEach(() => {
  for (const store of open.splice(0)) store.close();
  rmSync(folder, { recursive: true });
});

const request = { key: '0011223344556677', experiment: '{"name":"a"}', directory: '/runs/a', untilStep: 0, shards: 2 };

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof PolyakError) return error.code;
    throw error;
  }
  return 'no error';
}

describe('coordinator epochs', () => {
  it('are raised by each start on the same file', () => {
    expect([openStore().coordinatorEpoch, openStore().coordinatorEpoch, openStore().coordinatorEpoch]).toEqual([
      1, 2, 3,
    ]);
  });

  it('keep an older coordinator from every write, and change nothing', () => {
    const older = openStore();
    older.submit(request);
    const younger = openStore('second');
    expect(codeOf(() => older.advance(request.key, 'start'))).toBe('fenced');
    expect(codeOf(() => older.report(request.key, 'EPOCH', 1, '{}'))).toBe('fenced');
    expect(codeOf(() => older.takeShard(0, 'p', 0))).toBe('fenced');
    expect(younger.find(request.key)?.state).toBe('waiting');
    expect(younger.reports(request.key)).toEqual([]);
  });
});

describe('a shard number', () => {
  it('keeps its epoch when the same process registers again, over restarts of the coordinator too', () => {
    expect(openStore().takeShard(0, 'process-a', 0)).toBe(1);
    expect(openStore().takeShard(0, 'process-a', 1)).toBe(1);
  });

  it('gets a higher epoch than any shard had before when a new process takes it', () => {
    const store = openStore();
    expect(store.takeShard(0, 'process-a', 0)).toBe(1);
    expect(store.takeShard(1, 'process-b', 0)).toBe(2);
    expect(store.takeShard(0, 'process-c', 0)).toBe(3);
    expect([store.shardEpoch(0), store.shardEpoch(1), store.shardEpoch(2)]).toEqual([3, 2, 0]);
  });

  it('is not given back to the process that lost it', () => {
    const store = openStore();
    const known = store.takeShard(0, 'old', 0) ?? 0;
    store.takeShard(0, 'new', 0);
    expect(store.takeShard(0, 'old', known)).toBeUndefined();
    expect(store.shardEpoch(0)).toBe(2);
  });

  it('is given to a process that a lost store had given it, with an epoch above the one it had', () => {
    expect(openStore().takeShard(0, 'survivor', 41)).toBe(42);
  });
});

describe('a trial', () => {
  it('is as it was after the store is opened again', () => {
    openStore().submit(request);
    expect(openStore().find(request.key)).toEqual({ ...request, state: 'waiting' });
  });

  it('takes a report once, however often it comes', () => {
    const store = openStore();
    store.submit(request);
    expect(store.report(request.key, 'EPOCH', 10, '{"epoch":1}')).toBe(true);
    expect(store.report(request.key, 'EPOCH', 10, '{"epoch":1}')).toBe(false);
    expect(store.report(request.key, 'NOTICE', 0, '{"message":"m"}')).toBe(true);
    expect(store.reports(request.key).map(({ kind }) => kind)).toEqual(['EPOCH', 'NOTICE']);
  });

  it('has its end and its state written together, once', () => {
    const store = openStore();
    store.submit(request);
    store.advance(request.key, 'start');
    expect(store.end(request.key, 'finished', 20, '{"event":"finished"}')).toBe(true);
    expect(store.end(request.key, 'failed', 20, '{"event":"failed"}')).toBe(false);
    expect(store.find(request.key)?.state).toBe('finished');
    expect(store.reports(request.key)).toEqual([{ kind: 'END', step: 20, body: '{"event":"finished"}' }]);
  });

  it('that was stopped goes on with another number of shards, keeping its epochs and not its old end', () => {
    const store = openStore();
    store.submit(request);
    store.report(request.key, 'EPOCH', 10, '{"epoch":1}');
    store.end(request.key, 'stopped', 12, '{"event":"stopped"}');
    expect(store.submit({ ...request, shards: 3 })).toMatchObject({ state: 'waiting', shards: 3 });
    expect(store.reports(request.key).map(({ kind }) => kind)).toEqual(['EPOCH']);
  });

  it('that finished stays as it is when it is submitted again', () => {
    const store = openStore();
    store.submit(request);
    store.end(request.key, 'finished', 20, '{"event":"finished"}');
    expect(store.submit({ ...request, shards: 5 })).toEqual({ ...request, state: 'finished' });
    expect(store.reports(request.key)).toHaveLength(1);
  });

  it('does not take another experiment', () => {
    const store = openStore();
    store.submit(request);
    expect(() => store.submit({ ...request, experiment: '{"name":"b"}' })).toThrow(/has another experiment/);
  });

  it('leaves an event row for every change', () => {
    const store = openStore('process 7');
    store.takeShard(0, 'a', 0);
    store.submit(request);
    store.advance(request.key, 'start');
    store.report(request.key, 'EPOCH', 10, '{}');
    store.end(request.key, 'stopped', 12, '{}');
    expect(store.events().map(({ what }) => what)).toEqual([
      ...['coordinator-started', 'shard-taken', 'trial-created', 'trial-running', 'report-epoch'],
      ...['trial-stopped', 'report-end'],
    ]);
  });
});

describe('the transition table', () => {
  it('lets nothing change a trial that finished or diverged', () => {
    const triggers: TrialTrigger[] = ['submit', 'start', 'stop', 'stopped', 'finished', 'diverged', 'failed'];
    for (const state of ['finished', 'diverged'] as const) {
      const reached = triggers.map((trigger) => {
        try {
          return nextState({ key: 'k', state }, trigger);
        } catch {
          return state;
        }
      });
      expect(new Set(reached)).toEqual(new Set([state]));
    }
  });

  it('names the trial, its state and what was wanted when something is not possible', () => {
    expect(() => nextState({ key: 'abc', state: 'finished' }, 'start')).toThrow(
      "trial abc is finished: 'start' is not possible",
    );
  });

  it('counts as over what only a new submission can change', () => {
    const states: TrialState[] = ['waiting', 'running', 'stopping', 'stopped', 'finished', 'diverged', 'failed'];
    expect(states.filter(isOver)).toEqual(['stopped', 'finished', 'diverged', 'failed']);
  });
});
