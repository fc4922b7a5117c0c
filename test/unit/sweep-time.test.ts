/** Budgets of time over the deaths of the coordinator: what has passed is counted, whether or not it was written in time. */
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { attend } from '../../common/attendance.js';
import { freePort } from '../../cli/free-port.js';
import { coordinatorClient, unary } from '../../common/rpc.js';
import { startCoordinator } from '../../coordinator/coordinator.js';
import type { SweepSnapshot } from '../../coordinator/sweep/sweep-snapshot.js';
import type { Order__Output } from '../../proto/gen/polyak/v1/Order.js';
import { experimentOn } from '../bad-input/data-files.js';
import { KeptSweep } from './kept-sweep.js';

const experiment = {
  ...experimentOn({ source: 'csv', path: '/a.csv' }),
  optimizer: { sgd: { learningRate: '$rate' } },
  train: { epochs: 4, batchSize: 4, microBatchSize: 4 },
  search: { trials: 3, space: { rate: { uniform: [0.1, 1] } } },
};

let kept: KeptSweep;

beforeEach(() => {
  kept = new KeptSweep();
});
afterEach(async () => {
  vi.useRealTimers();
  await kept.remove();
});

describe('the time that a sweep has run', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 1_800_000_000_000 }));

  const pass = (seconds: number) => vi.advanceTimersByTime(seconds * 1000);
  const tick = async (write = false) => {
    await kept.commit(kept.sweep.tick(kept.sweep.spending.uncounted, 0, write));
  };

  it('is all counted though the coordinator dies before it has written it, again and again', async () => {
    await kept.begin(experiment, { budget: { time: 10 } });
    await kept.start();
    for (let life = 1; life <= 3; life++) {
      pass(1);
      await tick();
      pass(1);
      await tick();
      // It is away for another second.
      pass(1);
      await kept.restart();
      expect(kept.sweep.spending.seconds).toBeCloseTo(3 * life, 2);
    }
    pass(1);
    await tick();
    expect(kept.sweep.row).toMatchObject({ state: 'stopped', reason: 'search.budget.time of 10 s is spent' });
    await kept.restart();
    expect(kept.sweep.spending.seconds).toBeCloseTo(10, 2);
  });

  it('is written with the time until which it is counted', async () => {
    await kept.begin(experiment);
    pass(4);
    await tick(true);
    pass(3);
    await kept.restart();
    expect(kept.sweep.spending.seconds).toBeCloseTo(7, 2);
  });

  it('is not that of a pause', async () => {
    await kept.begin(experiment);
    pass(2);
    await kept.commit(kept.sweep.halt('paused', null));
    pass(20);
    await kept.restart();
    pass(20);
    expect(kept.sweep.spending.seconds).toBeCloseTo(2, 2);
    await kept.commit(kept.sweep.resume());
    pass(3);
    await kept.commit(kept.sweep.halt('stopped', null));
    expect(kept.sweep.spending.seconds).toBeCloseTo(5, 2);
  });

  it('is that of a long absence only where somebody comes back who has trained on', async () => {
    await kept.begin(experiment);
    pass(2);
    await tick(true);
    pass(3600);
    await kept.restart();
    expect(kept.sweep.spending.seconds).toBeCloseTo(2, 2);
    kept.sweep.spending.workedOn();
    kept.sweep.spending.workedOn();
    expect(kept.sweep.spending.seconds).toBeCloseTo(3602, 2);
  });
});

describe('a budget of compute time', () => {
  it('stops the sweep when workers have been assigned to it for so long, and is spent after a restart, too', async () => {
    await kept.begin(experiment, { budget: { computeTime: 10 } });
    await kept.start();
    await kept.commit(kept.sweep.tick(1, 6, false));
    expect(kept.sweep.state).toBe('running');
    await kept.commit(kept.sweep.tick(1, 4, false));
    const ended = { state: 'stopped', reason: 'search.budget.computeTime of 10 s is spent' };
    expect(kept.sweep.row).toMatchObject(ended);
    await kept.restart();
    expect(kept.sweep.row).toMatchObject(ended);
    expect(kept.sweep.spending.computeSeconds).toBe(10);
    await kept.commit(kept.sweep.resume());
    await kept.commit(kept.sweep.tick(1, 0, false));
    expect(kept.sweep.row).toMatchObject(ended);
  });

  it('counts what workers did for a sweep that was stopped, until they had heard of it', async () => {
    await kept.begin(experiment);
    await kept.commit(kept.sweep.halt('stopped', null));
    await kept.commit(kept.sweep.worked(2));
    await kept.restart();
    expect(kept.sweep.spending.computeSeconds).toBe(2);
  });

  it('counts a worker that works on while the coordinator is away', async () => {
    await kept.begin(experiment, { trials: 3 });
    await kept.close();
    const log = pino({ level: 'silent' });
    const listen = `127.0.0.1:${await freePort('127.0.0.1')}`;
    let running = await startCoordinator({ listen, metricsPort: 0, store: kept.file, log });
    kept.closing.push(() => running.close());
    const held = new Set<string>();
    let wake: () => void = () => undefined;
    const join = ({ join: order }: Order__Output) => {
      if (order) held.add(order.trialKey.toString('hex'));
      wake();
    };
    for (const register of [
      { role: 'SERVER', id: 's', shard: 0, address: '127.0.0.1:9000' },
      { role: 'WORKER', id: 'w' },
    ] as const) {
      const trials = () => [...held].map((key) => Buffer.from(key, 'hex'));
      const { signal } = new AbortController();
      const attendance = attend({ coordinator: listen, register, trials, onOrder: join, signal, log });
      kept.closing.push(() => attendance.close());
    }
    while (held.size === 0) await new Promise<void>((resolve) => (wake = resolve));
    await running.close();
    await makeOlder(30);
    running = await startCoordinator({ listen, metricsPort: 0, store: kept.file, log });
    const client = coordinatorClient(listen);
    kept.closing.push(() => client.close());
    const spent = async () => {
      const sweepKey = Buffer.from(kept.key, 'hex');
      const reply = await unary<{ sweeps: string[] }>('coordinator', (callback) =>
        client.status({ sweepKey }, callback),
      );
      return (JSON.parse(reply.sweeps[0]!) as SweepSnapshot).spent;
    };
    await expect.poll(async () => (await spent()).computeSeconds, { timeout: 20_000 }).toBeGreaterThan(30);
    const { seconds, computeSeconds } = await spent();
    expect(seconds).toBeGreaterThan(30);
    // One worker.
    expect(computeSeconds).toBeLessThan(seconds + 0.1);
  });

  /** As if the coordinator had been away for so long. */
  async function makeOlder(seconds: number): Promise<void> {
    await kept.restart();
    const { row } = kept.sweep;
    const record = JSON.parse(row.settings) as { asOf: string };
    const asOf = new Date(Date.parse(record.asOf) - seconds * 1000).toISOString();
    await kept.commit([{ table: 'sweeps', row: { ...row, settings: JSON.stringify({ ...record, asOf }) } }]);
    await kept.close();
  }
});
