/** Trials whose drawn values make no right experiment: each of them fails, once, and all else goes on. */
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attend } from '../../common/attendance.js';
import { coordinatorClient, unary } from '../../common/rpc.js';
import { startCoordinator } from '../../coordinator/coordinator.js';
import type { TrialRow } from '../../coordinator/store/rows.js';
import type { SweepSnapshot } from '../../coordinator/sweep/sweep-snapshot.js';
import { experimentOn } from '../bad-input/data-files.js';
import { KeptSweep } from './kept-sweep.js';

const log = pino({ level: 'silent' });

/** Trial i has the i-th of the batch sizes; those that are no multiple of the micro-batch's 8 are wrong. */
function drawing(batches: number[], search: Record<string, unknown> = {}, microBatchSize = 8) {
  return {
    ...experimentOn({ source: 'csv', path: '/a.csv' }),
    train: { epochs: 4, batchSize: '$batch', microBatchSize },
    search: { trials: batches.length, sampler: 'grid', space: { batch: { choice: batches } }, ...search },
  };
}

let kept: KeptSweep;

beforeEach(() => {
  kept = new KeptSweep();
});
afterEach(async () => {
  await kept.remove();
});

async function lines(): Promise<Pick<TrialRow, 'number' | 'status' | 'reason' | 'trained'>[]> {
  return (await kept.rows()).map(({ number, status, reason, trained }) => ({ number, status, reason, trained }));
}

const why = (batch: number) =>
  `what it has drawn makes no right experiment: train.microBatchSize: 8 does not divide train.batchSize, ${batch}`;

describe('a trial that draws no right experiment', () => {
  it.each([
    ['fails, and all others are trained', 1],
    ['fails once, with all its folds', 3],
  ])('%s', async (_, folds) => {
    await kept.begin(drawing([8, 12, 16, 20], folds === 1 ? {} : { crossValidation: { folds } }));
    expect(await kept.trainAll()).toEqual([0, 2].flatMap((trial) => Array<number>(folds).fill(trial)));
    expect(await lines()).toMatchObject([
      { status: 'finished' },
      { status: 'failed', reason: why(12), trained: 0 },
      { status: 'finished' },
      { status: 'failed', reason: why(20), trained: 0 },
    ]);
    expect(kept.sweep.state).toBe('finished');
    expect(kept.sweep.counts).toEqual({ running: 0, paused: 0, stopped: 0, finished: 2, failed: 2, waiting: 0 });
    expect(await kept.store.runs({ sweep: kept.key, trial: 1 })).toEqual([]);
  });

  it('may be the first, and the last', async () => {
    await kept.begin(drawing([12, 8, 20]));
    expect(await kept.trainAll()).toEqual([1]);
    expect(kept.sweep.state).toBe('finished');
    expect(kept.sweep.counts).toMatchObject({ finished: 1, failed: 2 });
  });

  it('has no result that a schedule could promote', async () => {
    await kept.begin(drawing([8, 12, 16, 24], { schedule: { successiveHalving: { minEpochs: 2, eta: 2 } } }));
    await kept.trainAll();
    expect(kept.sweep.state).toBe('finished');
    expect(kept.sweep.counts).toMatchObject({ failed: 1, stopped: 1, finished: 2 });
  });

  it('is followed by the next one that is asked for, by ASHA', async () => {
    await kept.begin(drawing([8, 12, 20, 16, 24, 28], { schedule: { asha: { minEpochs: 1, eta: 2 } } }));
    await kept.trainAll();
    expect(kept.sweep.state).toBe('finished');
    expect(kept.sweep.counts).toMatchObject({ failed: 3, waiting: 0, running: 0, paused: 0 });
  });

  it('has failed for the coordinator that starts after it, too', async () => {
    await kept.begin(drawing([8, 12, 16, 20]));
    const run = await kept.start();
    await kept.start();
    expect(kept.sweep.counts).toMatchObject({ running: 2, failed: 1, waiting: 1 });
    const before = kept.sweep.logLength;
    await kept.restart();
    expect(kept.sweep.counts).toMatchObject({ running: 2, failed: 1, waiting: 1 });
    expect(kept.sweep.logLength).toBe(before);
    expect(run.trial).toBe(0);
  });

  it('counts for the budget of failed trials', async () => {
    await kept.begin(drawing([8, 12, 16, 20, 24]), { budget: { failedTrials: 1 } });
    await kept.trainAll();
    expect(kept.sweep.row).toMatchObject({
      state: 'failed',
      reason: `2 trials have failed, search.budget.failedTrials allows 1; the last: ${why(20)}`,
    });
    // The next ones are reached when the user lets it go on.
    await kept.store.commit(kept.sweep.change({ ...kept.sweep.settings, budget: {} }));
    await kept.store.commit(kept.sweep.resume());
    expect(await kept.trainAll()).toEqual([4]);
    expect(kept.sweep.state).toBe('finished');
  });

  it('ends the sweep when the next ones do so, too', async () => {
    await kept.begin(drawing([8, 12, 20, 28, 16]), { sameFailures: 3 });
    expect(await kept.trainAll()).toEqual([0]);
    expect(kept.sweep.row.state).toBe('failed');
    expect(kept.sweep.row.reason).toContain(`trials in a row have failed by the same error: ${why(28)}`);
    await kept.store.commit(kept.sweep.resume());
    expect(await kept.trainAll()).toEqual([4]);
  });

  it('is not tried again, for it would fail again', async () => {
    await kept.begin(drawing([8, 12]));
    await kept.trainAll();
    const row = (await kept.store.trial(kept.key, 1))!;
    expect(() => kept.sweep.retry(row, [])).toThrow(
      `x/1 failed before it was trained, and would do so again: ${why(12)}`,
    );
    expect(kept.sweep.counts).toMatchObject({ failed: 1, running: 0 });
  });
});

describe('a sweep that ranks by a running average', () => {
  const ranked = () => ({
    ...drawing([8, 16, 24, 32], { schedule: { successiveHalving: { minEpochs: 1, eta: 2 } } }),
    ...{ objective: { metric: 'validation.loss', weights: 'average' }, weightAverage: { decay: 0.9 } },
  });
  const young = (step: number) => `search.schedule.successiveHalving ranks trials by it at step ${step}, but`;

  it('fails when a trial trains whose rung is too early for it, before an epoch has ended', async () => {
    await kept.begin(ranked());
    const run = await kept.start();
    // Old enough from step 3 / (1 - 0.9) = 30 on.
    await kept.commit(kept.sweep.trains(29));
    expect(kept.sweep.row).toMatchObject({ state: 'failed', reason: expect.stringContaining(young(29)) as string });
    expect(run.state).toBe('stopping');
    expect(kept.sweep.spending.epochs).toBe(0);
  });

  it('fails also when only a later trial, which has drawn larger batches, has too few steps', async () => {
    await kept.begin(ranked());
    for (const steps of [30, 60, 30]) await kept.commit(kept.sweep.trains(steps));
    expect(kept.sweep.row.state).toBe('running');
    await kept.commit(kept.sweep.trains(15));
    expect(kept.sweep.row).toMatchObject({ state: 'failed', reason: expect.stringContaining(young(15)) as string });
  });
});

describe('a sweep of which the first trials are all wrong', () => {
  it('is refused when it is submitted', async () => {
    await expect(kept.begin(drawing([12, 20, 28]))).rejects.toThrow('8 does not divide train.batchSize, 12');
  });
});

describe('a coordinator', () => {
  /** Resolves with the trials that the server is told to lead, once there are so many. */
  function attendAsServer(coordinator: string, id: string) {
    const led: string[] = [];
    let wake: () => void = () => undefined;
    const attendance = attend({
      ...{ coordinator, register: { role: 'SERVER', id, shard: 0, address: '127.0.0.1:9000' }, log },
      onOrder: ({ lead }) => {
        if (lead) led.push(lead.trialKey.toString('hex'));
        wake();
      },
      signal: new AbortController().signal,
    });
    kept.closing.push(() => attendance.close());
    return async (count: number) => {
      while (new Set(led).size < count) await new Promise<void>((resolve) => (wake = resolve));
      return [...new Set(led)];
    };
  }

  async function startOn(file: string): Promise<{ address: string; snapshot: () => Promise<SweepSnapshot> }> {
    const running = await startCoordinator({ listen: '127.0.0.1:0', metricsPort: 0, store: file, log });
    kept.closing.push(() => running.close());
    const client = coordinatorClient(running.address);
    kept.closing.push(() => client.close());
    const snapshot = async () => {
      const sweepKey = Buffer.from(kept.key, 'hex');
      const reply = await unary<{ sweeps: string[] }>('coordinator', (callback) =>
        client.status({ sweepKey }, callback),
      );
      return JSON.parse(reply.sweeps[0]!) as SweepSnapshot;
    };
    return { address: running.address, snapshot };
  }

  it('that finds trials begun which it takes for wrong fails these, and servers attend', async () => {
    await kept.begin(drawing([8, 12, 16, 20], { crossValidation: { folds: 2 } }, 4));
    for (let run = 0; run < 8; run++) await kept.start();
    expect(kept.sweep.counts).toMatchObject({ running: 4 });
    // As if Polyak had learnt since that 12 and 20 are wrong.
    const stricter = JSON.stringify(drawing([8, 12, 16, 20], { crossValidation: { folds: 2 } }, 8));
    await kept.store.commit([{ table: 'sweeps', row: { ...kept.sweep.row, experiment: stricter } }]);
    await kept.store.close();
    const { address, snapshot } = await startOn(kept.file);
    const worker = attend({
      ...{ coordinator: address, register: { role: 'WORKER', id: 'w' }, log, onOrder: () => undefined },
      signal: new AbortController().signal,
    });
    kept.closing.push(() => worker.close());
    const toLead = attendAsServer(address, 'first');
    expect(await toLead(4)).toHaveLength(4);
    await expect
      .poll(async () => (await snapshot()).counts, { timeout: 10_000 })
      .toMatchObject({ running: 2, failed: 2 });
    expect((await snapshot()).state).toBe('running');
    // Another process of the same server, which is told all again.
    expect(await attendAsServer(address, 'second')(4)).toHaveLength(4);
  });
});
