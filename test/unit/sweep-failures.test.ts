/** What becomes of failures: which are tried again and when, and which end the sweep, with successes between and without. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SameFailures } from '../../coordinator/sweep/failures.js';
import type { RunRow } from '../../coordinator/store/rows.js';
import { experimentOn } from '../bad-input/data-files.js';
import { KeptSweep } from './kept-sweep.js';

const experiment = (search: Record<string, unknown> = {}) => ({
  ...experimentOn({ source: 'csv', path: '/a.csv' }),
  optimizer: { sgd: { learningRate: '$rate' } },
  train: { epochs: 2, batchSize: 4, microBatchSize: 4 },
  search: { trials: 20, space: { rate: { uniform: [0.1, 1] } }, ...search },
});

let kept: KeptSweep;

beforeEach(() => {
  kept = new KeptSweep();
});
afterEach(async () => {
  vi.useRealTimers();
  await kept.remove();
});

describe('trials that fail by the same error', () => {
  const broken = (trial: number) =>
    `a lease failed on every worker that took it: no kernel ${trial} at /tmp/w${trial}/x.js`;

  /** On one worker; every second trial takes the broken branch. */
  async function trainUntilStopped(): Promise<void> {
    for (let run = await kept.startNext(); run; run = await kept.startNext()) {
      if (run.trial % 2 === 1) await kept.fail(run, broken(run.trial));
      else await kept.train(run);
    }
  }

  it('end the sweep, though every second trial succeeds', async () => {
    await kept.begin(experiment(), { sameFailures: 3 });
    await trainUntilStopped();
    expect(kept.sweep.row).toMatchObject({
      state: 'failed',
      reason: `3 of the trials 1 to 5 have failed by the same error: ${broken(5)}`,
    });
    expect(kept.sweep.counts).toMatchObject({ failed: 3, finished: 3 });
    // Seen, and let go on: they are counted anew.
    await kept.commit(kept.sweep.resume());
    await trainUntilStopped();
    expect(kept.sweep.counts).toMatchObject({ failed: 6, finished: 6 });
  });

  it('end the sweep in whatever order they end, and over restarts of the coordinator', async () => {
    await kept.begin(experiment(), { sameFailures: 3 });
    const runs: RunRow[] = [];
    for (let trial = 0; trial < 6; trial++) runs.push(await kept.start());
    for (const trial of [5, 0, 1, 2]) {
      const run = runs[trial]!;
      await (trial % 2 === 1 ? kept.fail(run, broken(trial)) : kept.train(run));
    }
    await kept.restart();
    const [third] = await kept.store.runs({ sweep: kept.key, trial: 3 });
    await kept.train(kept.runs.find((await kept.store.runs({ sweep: kept.key, trial: 4 }))[0]!.key)!);
    await kept.fail(kept.runs.find(third!.key)!, broken(3));
    expect(kept.sweep.row.state).toBe('failed');
    expect(kept.sweep.row.reason).toContain('3 of the trials 1 to 5 have failed by the same error');
  });

  it.each([
    ['do not, where they are rare among those that succeed', [1, 5, 9, 13, 17], 'training', undefined],
    ['end the sweep where they are half of its trials', [1, 2, 6], 'training', '3 of the trials 1 to 6'],
    ['end it where they are half, in any order', [6, 1, 2], 'training', '3 of the trials 1 to 6'],
    ['do not, where each needed more memory than there was, and others did not', [1, 3, 5, 7], 'exhausted', undefined],
    ['end it where all in a row need more memory than there is', [1, 3, 2], 'exhausted', '3 trials in a row'],
    ['do not, where some have drawn wrong values', [1, 2, 4, 5, 7, 8], 'usage', undefined],
  ])('%s', (_, trials, code, expected) => {
    const failures = new SameFailures();
    const told = trials.map((trial) => {
      const said = failures.add({ trial, code, message: broken(trial) }, 3);
      failures.succeeded();
      return said;
    });
    expect(told.at(-1)).toBe(expected === undefined ? undefined : `${expected} have failed by the same error`);
    expect(told.slice(0, -1)).toEqual(trials.slice(1).map(() => undefined));
  });

  it('end the sweep one after another, far as they are from each other', () => {
    const failures = new SameFailures();
    const told = [3, 40, 77].map((trial) => failures.add({ trial, code: 'lost', message: broken(trial) }, 3));
    expect(told).toEqual([undefined, undefined, '3 trials in a row have failed by the same error']);
  });

  it('are others than those that fail by another error', () => {
    const failures = new SameFailures();
    const told = [0, 1, 2, 3].map((trial) =>
      failures.add({ trial, code: 'training', message: trial % 2 === 0 ? 'no such file' : 'no such layer' }, 3),
    );
    expect(told).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('are kept in mind up to a limit, however many there are', () => {
    const failures = new SameFailures();
    for (let trial = 0; trial < 5000; trial += 7)
      for (const message of ['no such file', 'no such layer']) failures.add({ trial, code: 'training', message }, 1e6);
    const { trials } = failures.record();
    expect(Object.values(trials).flat()).toHaveLength(1000);
  });
});

describe('a run that fails', () => {
  const secondsUntilTried = async (most: number): Promise<number | undefined> => {
    for (let second = 1; second <= most; second++) {
      vi.advanceTimersByTime(1000);
      await kept.commit(kept.sweep.tick(1, 0, false));
      if ([...kept.sweep.ready.keys()].length > 0) return second;
    }
    return undefined;
  };

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 });
    await kept.begin(experiment({ trials: 1 }), { retries: 3 });
  });

  it.each(['exhausted', 'training', 'data', 'lost'])('by %s is not tried again', async (code) => {
    await kept.fail(await kept.start(), 'the loss is NaN', code);
    expect(kept.sweep.counts).toMatchObject({ failed: 1, running: 0 });
    expect(await secondsUntilTried(120)).toBeUndefined();
    const [row] = await kept.rows();
    expect(row).toMatchObject({ status: 'failed', reason: expect.stringContaining('the loss is NaN') as string });
  });

  it('by numbers that are not finite is not tried again, and has been stopped', async () => {
    const run = await kept.start();
    await kept.keep(run, kept.sweep.ended(run, 'diverged', { epoch: 1, code: 'training', message: 'the loss is NaN' }));
    expect(run).toMatchObject({ state: 'diverged', retries: 0 });
    expect(await secondsUntilTried(120)).toBeUndefined();
    expect(kept.sweep.counts).toMatchObject({ stopped: 1, failed: 0 });
  });

  it.each(['unreachable', 'internal', 'fenced', 'setup'])(
    'by %s is tried again after two seconds, then four, then eight, and then not any more',
    async (code) => {
      for (const seconds of [2, 4, 8]) {
        await kept.fail(await kept.start(), 'the server is away', code);
        expect(kept.sweep.counts).toMatchObject({ failed: 0, running: 1 });
        expect(await secondsUntilTried(120)).toBe(seconds);
      }
      await kept.fail(await kept.start(), 'the server is away', code);
      expect(kept.sweep.counts).toMatchObject({ failed: 1, running: 0 });
    },
  );
});
