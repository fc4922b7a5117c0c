/** The coordinator over real gRPC, with processes that attend by the real client and do nothing but listen. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attend, type Attendance } from '../../common/attendance.js';
import { leadShardOf } from '../../common/chunk-layout.js';
import { coordinatorClient, unary } from '../../common/rpc.js';
import { startCoordinator, type RunningCoordinator } from '../../coordinator/coordinator.js';
import { RunFollower, type RunEvent } from '../../cli/follow-run.js';
import type { Order__Output } from '../../proto/gen/polyak/v1/Order.js';

const log = pino({ level: 'silent' });
const trialKey = Buffer.from('0102030405060708', 'hex');
const experiment = '{"name":"a"}';

let folder: string;
const closing: (() => unknown)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'polyak-coordinator-'));
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  rmSync(folder, { recursive: true });
});

async function coordinator(listen = '127.0.0.1:0'): Promise<RunningCoordinator> {
  const running = await startCoordinator({ listen, metricsPort: 0, store: join(folder, 'c.db'), log });
  closing.push(() => running.close());
  return running;
}

/** A process that attends; its orders are awaited one kind at a time. */
class FakeProcess {
  readonly orders: Order__Output[] = [];
  readonly attendance: Attendance;
  private wake: () => void = () => undefined;

  constructor(
    address: string,
    role: 'SERVER' | 'WORKER',
    shard: number,
    readonly id: string,
  ) {
    const own = role === 'SERVER' ? { shard, address: `127.0.0.1:${9000 + shard}` } : {};
    this.attendance = attend({
      coordinator: address,
      register: { role, id, ...own },
      onOrder: (order) => {
        this.orders.push(order);
        this.wake();
      },
      signal: new AbortController().signal,
      log,
    });
    closing.push(() => this.attendance.close());
  }

  /** The nth order of that kind, past or future. */
  async order<Kind extends keyof Order__Output>(kind: Kind, nth = 1): Promise<NonNullable<Order__Output[Kind]>> {
    for (;;) {
      const found = this.orders.filter((order) => order.message === kind)[nth - 1]?.[kind];
      if (found) return found;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  count(kind: Order__Output['message']): number {
    return this.orders.filter((order) => order.message === kind).length;
  }
}

function client(address: string) {
  const made = coordinatorClient(address);
  closing.push(() => made.close());
  const report = async (kind: 'PROGRESS' | 'EPOCH' | 'END' | 'NOTICE', step: number, body: object, leadEpoch: number) =>
    await unary('coordinator', (callback) =>
      made.report({ trialKey, kind, step, body: JSON.stringify(body), leadEpoch }, callback),
    );
  const submit = async (shards = 1, more: object = {}) =>
    await unary('coordinator', (callback) =>
      made.submit({ trialKey, experiment, directory: folder, untilStep: 7, shards, ...more }, callback),
    );
  const stop = async () => await unary('coordinator', (callback) => made.stop({ trialKey }, callback));
  return { report, submit, stop };
}

function watch(address: string): {
  events: RunEvent[];
  end: Promise<RunEvent>;
  seen: (event: string) => Promise<void>;
} {
  const follower = new RunFollower(address, trialKey, 20_000);
  closing.push(() => follower.close());
  const events: RunEvent[] = [];
  const waiting = new Map<string, () => void>();
  const end = follower.follow((event) => {
    events.push(event);
    waiting.get(event.event)?.();
  }, new AbortController().signal);
  const seen = async (event: string) => {
    if (events.some((known) => known.event === event)) return;
    await new Promise<void>((resolve) => waiting.set(event, resolve));
  };
  return { events, end, seen };
}

describe('a run', () => {
  it('starts when all its shards are there, at the lead that its key names', async () => {
    const { address } = await coordinator();
    const { submit } = client(address);
    const worker = new FakeProcess(address, 'WORKER', 0, 'w');
    const first = new FakeProcess(address, 'SERVER', 0, 'a');
    await submit(2);
    await first.order('welcome');
    expect(first.count('lead') + worker.count('join')).toBe(0);
    const second = new FakeProcess(address, 'SERVER', 1, 'b');
    const leadShard = leadShardOf(trialKey, 2);
    const { shardEpoch } = await (leadShard === 0 ? first : second).order('welcome');
    expect(await (leadShard === 0 ? first : second).order('lead')).toEqual({
      ...{
        trialKey,
        experiment,
        directory: folder,
        untilStep: 7,
        untilEpoch: 0,
        checkpointStep: 0,
        hasFolder: false,
        coordinatorEpoch: 1,
        leadEpoch: shardEpoch,
      },
      shards: ['127.0.0.1:9000', '127.0.0.1:9001'],
    });
    expect(await worker.order('join')).toEqual({ trialKey, lead: `127.0.0.1:${9000 + leadShard}` });
    expect((leadShard === 0 ? second : first).count('lead')).toBe(0);
  });

  it('is joined by a worker that comes later', async () => {
    const { address } = await coordinator();
    const server = new FakeProcess(address, 'SERVER', 0, 'a');
    await client(address).submit();
    await server.order('lead');
    const late = new FakeProcess(address, 'WORKER', 0, 'late');
    expect((await late.order('join')).lead).toBe('127.0.0.1:9000');
  });

  it('shows a watcher who comes late its stored events, then the new, then ends', async () => {
    const { address } = await coordinator();
    const { submit, report } = client(address);
    const server = new FakeProcess(address, 'SERVER', 0, 'a');
    await submit();
    const { leadEpoch } = await server.order('lead');
    await report('PROGRESS', 3, { event: 'progress', step: 3 }, leadEpoch);
    await report('EPOCH', 4, { event: 'epoch', epoch: 1, step: 4 }, leadEpoch);
    await report('EPOCH', 4, { event: 'epoch', epoch: 1, step: 4 }, leadEpoch);
    await report('NOTICE', 0, { event: 'notice', kind: 'rollback', message: 'm' }, leadEpoch);
    const { events, end, seen } = watch(address);
    await seen('notice');
    await report('PROGRESS', 5, { event: 'progress', step: 5 }, leadEpoch);
    await report('END', 7, { event: 'finished', steps: 7 }, leadEpoch);
    expect(await end).toEqual({ event: 'finished', steps: 7 });
    expect(events.map(({ event }) => event)).toEqual(['epoch', 'notice', 'progress', 'finished']);
    expect((await server.order('drop')).trialKey).toEqual(trialKey);
    // A report whose acknowledgement was lost comes again.
    await report('END', 7, { event: 'finished', steps: 7 }, leadEpoch);
    expect(await watch(address).end).toEqual({ event: 'finished', steps: 7 });
  });

  it('is stopped by its lead, and goes on when it is submitted again', async () => {
    const { address } = await coordinator();
    const { submit, report, stop } = client(address);
    const server = new FakeProcess(address, 'SERVER', 0, 'a');
    await submit();
    const { leadEpoch } = await server.order('lead');
    await stop();
    expect((await server.order('stop')).trialKey).toEqual(trialKey);
    await report('END', 3, { event: 'stopped', step: 3 }, leadEpoch);
    expect(await watch(address).end).toEqual({ event: 'stopped', step: 3 });
    await submit();
    await server.order('lead', 2);
  });

  it('that nobody leads yet is stopped at once', async () => {
    const { address } = await coordinator();
    const { submit, stop } = client(address);
    await submit();
    await stop();
    expect(await watch(address).end).toEqual({ event: 'stopped', step: 0 });
  });

  it('goes on after the coordinator has restarted, for its processes and for who watches', async () => {
    const before = await coordinator();
    const { address } = before;
    const { submit, report } = client(address);
    const server = new FakeProcess(address, 'SERVER', 0, 'a');
    const worker = new FakeProcess(address, 'WORKER', 0, 'w');
    await submit();
    const { leadEpoch } = await server.order('lead');
    const { events, end, seen } = watch(address);
    await report('EPOCH', 4, { event: 'epoch', epoch: 1 }, leadEpoch);
    await seen('epoch');
    await before.close();
    await coordinator(address);
    expect(await server.order('lead', 2)).toMatchObject({ leadEpoch, coordinatorEpoch: 2 });
    await worker.order('join', 2);
    await report('END', 7, { event: 'finished' }, leadEpoch);
    await end;
    expect(events.map(({ event }) => event)).toEqual(['epoch', 'finished']);
  });

  it('is refused with what would be right', async () => {
    const { submit } = client((await coordinator()).address);
    await expect(submit(0)).rejects.toMatchObject({
      code: 'usage',
      message: 'submit: shards is 0, it must be 1 to 1024',
    });
    await expect(submit(1, { experiment: '[]' })).rejects.toThrow('experiment is not a JSON object');
    await expect(submit(1, { trialKey: Buffer.of(1) })).rejects.toThrow('trial_key has 1 bytes, it must have 8');
    await expect(submit(1, { directory: '' })).rejects.toThrow('directory is empty');
  });
});

describe('fencing', () => {
  it('tells a server that another process has its shard number, and refuses its reports', async () => {
    const { address, metricsPort } = await coordinator();
    const { submit, report } = client(address);
    const old = new FakeProcess(address, 'SERVER', 0, 'old');
    await submit();
    const before = await old.order('lead');
    const replacement = new FakeProcess(address, 'SERVER', 0, 'new');
    expect((await old.order('replaced')).message).toBe('Fenced: another process has taken shard number 0');
    const { leadEpoch } = await replacement.order('lead');
    expect(leadEpoch).toBeGreaterThan(before.leadEpoch);
    const late = report('END', 7, { event: 'finished' }, before.leadEpoch);
    await expect(late).rejects.toMatchObject({ code: 'fenced' });
    await report('EPOCH', 4, { event: 'epoch' }, leadEpoch);
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    expect(text).toMatch(/polyak_coordinator_fenced_total\{.*\} 1/);
  });

  it('ends a coordinator whose store a younger one has taken', async () => {
    const older = await coordinator();
    const younger = await coordinator();
    await expect(older.closed).rejects.toThrow('coordinator epoch 1 has been replaced: the store is at epoch 2');
    await client(younger.address).submit();
  });
});

describe('its pages', () => {
  it('say that it is well, and who attends', async () => {
    const { address, metricsPort } = await coordinator();
    const worker = new FakeProcess(address, 'WORKER', 0, 'w');
    await worker.order('welcome');
    expect(await (await fetch(`http://127.0.0.1:${metricsPort}/healthz`)).text()).toBe('ok\n');
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    expect(text).toMatch(/polyak_coordinator_processes\{of="worker".*\} 1/);
  });
});
