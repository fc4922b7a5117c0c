/** Trials that have failed and are tried again because somebody asks for it, once or several times at once. */
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { coordinatorClient, unary } from '../../common/rpc.js';
import { startCoordinator } from '../../coordinator/coordinator.js';
import type { LogRow, RunRow } from '../../coordinator/store/rows.js';
import type { SweepSnapshot } from '../../coordinator/sweep/sweep-snapshot.js';
import { experimentOn } from '../bad-input/data-files.js';
import { KeptSweep } from './kept-sweep.js';

const experiment = (search: Record<string, unknown> = {}) => ({
  ...experimentOn({ source: 'csv', path: '/a.csv' }),
  optimizer: { sgd: { learningRate: '$rate' } },
  train: { epochs: 2, batchSize: 4, microBatchSize: 4 },
  search: { trials: 3, space: { rate: { uniform: [0.1, 1] } }, ...search },
});

let kept: KeptSweep;

beforeEach(() => {
  kept = new KeptSweep();
});
afterEach(async () => {
  await kept.remove();
});

/** A coordinator on what is kept, as it is asked over gRPC. */
async function coordinator() {
  await kept.close();
  const log = pino({ level: 'silent' });
  const running = await startCoordinator({ listen: '127.0.0.1:0', metricsPort: 0, store: kept.file, log });
  const client = coordinatorClient(running.address);
  kept.closing.push(
    () => running.close(),
    () => client.close(),
  );
  return async (trial: number): Promise<SweepSnapshot> => {
    const sweepKey = Buffer.from(kept.key, 'hex');
    const request = { sweepKey, action: 'RETRY' as const, settings: '', trial };
    const { sweep } = await unary<{ sweep: string }>('coordinator', (callback) =>
      client.changeSweep(request, callback),
    );
    return JSON.parse(sweep) as SweepSnapshot;
  };
}

function retriesIn(log: LogRow[]): number {
  return log.filter(({ entry }) => 'event' in entry && entry.event.type === 'retry').length;
}

describe('a trial that has failed', () => {
  beforeEach(async () => {
    await kept.begin(experiment());
    await kept.train(await kept.start());
    await kept.fail(await kept.start(), 'a lease failed');
  });

  it('is tried again once, however often that is asked for at the same time', async () => {
    const retry = await coordinator();
    const counts = { failed: 0, running: 1, finished: 1, waiting: 1 };
    for (const snapshot of await Promise.all([retry(1), retry(1), retry(1)]))
      expect(snapshot.counts).toMatchObject(counts);
    // Whoever has not heard the answer asks again.
    expect((await retry(1)).counts).toMatchObject(counts);
    await kept.closeAll();
    await kept.restart();
    expect(retriesIn(await kept.store.log(kept.key, 0, 1000))).toBe(1);
    await kept.trainAll();
    expect(kept.sweep.state).toBe('finished');
    expect(kept.sweep.counts).toMatchObject({ failed: 0, running: 0, finished: 3 });
  });

  it('may be asked for again when it has finished meanwhile, after a restart too; one that never failed may not', async () => {
    const stored = async (trial: number) =>
      [(await kept.store.trial(kept.key, trial))!, await kept.store.runs({ sweep: kept.key, trial })] as const;
    await kept.commit(kept.sweep.retry(...(await stored(1))));
    await kept.trainAll();
    await kept.restart();
    expect(kept.sweep.retry(...(await stored(1)))).toEqual([]);
    expect(kept.sweep.state).toBe('finished');
    const [row, runs] = await stored(0);
    expect(() => kept.sweep.retry(row, runs)).toThrow(
      'x/0 is finished, only a trial that has failed can be tried again',
    );
  });

  it('and fails again is tried again once more', async () => {
    const row = (await kept.store.trial(kept.key, 1))!;
    const runs = await kept.store.runs({ sweep: kept.key, trial: 1 });
    await kept.commit(kept.sweep.retry(row, runs));
    await kept.fail(await kept.start(), 'a lease failed');
    expect(kept.sweep.counts.failed).toBe(1);
    await kept.commit(kept.sweep.retry(row, await kept.store.runs({ sweep: kept.key, trial: 1 })));
    expect(kept.sweep.counts).toMatchObject({ failed: 0, running: 1 });
  });
});

describe('a trial of several folds that has failed', () => {
  let runs: RunRow[];

  beforeEach(async () => {
    await kept.begin(experiment({ trials: 1, crossValidation: { folds: 3 } }));
    runs = [await kept.start(), await kept.start(), await kept.start()];
    await kept.report(runs[0]!, 1);
    await kept.fail(runs[1]!, 'a lease failed');
  });

  it('is tried again while the others are still on their way into their checkpoints', async () => {
    expect(runs.map(({ state }) => state)).toEqual(['stopping', 'failed', 'stopping']);
    const row = (await kept.store.trial(kept.key, 0))!;
    await kept.commit(kept.sweep.retry(row, await kept.store.runs({ sweep: kept.key, trial: 0 })));
    expect(kept.sweep.counts).toMatchObject({ failed: 0, running: 1 });
    await kept.stop(runs[0]!);
    // It was at its end before it heard that it is to stop.
    await kept.train(runs[2]!);
    expect(runs.map(({ state }) => state)).toEqual(['waiting', 'waiting', 'finished']);
    await kept.trainAll();
    expect(kept.sweep.state).toBe('finished');
    expect(kept.sweep.counts).toMatchObject({ failed: 0, running: 0, finished: 1 });
    expect(kept.sweep.spending.epochs).toBe(6);
  });
});
