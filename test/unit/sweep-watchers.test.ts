/** Who follows a sweep and reads slowly, or not at all. The stream is Node's own in place of gRPC's, so that it is full after four lines. */
import { Writable } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import type { LogRow, SweepRow } from '../../coordinator/store/rows.js';
import { sinkOf, type WatchSweepCall } from '../../coordinator/sweep-service.js';
import { followLog } from '../../coordinator/sweep/follow-log.js';
import { SweepWatchers } from '../../coordinator/sweep/sweep-watchers.js';

const key = '0123456789abcdef';
const linesHeld = 4;

class Call extends Writable {
  readonly request = { sweepKey: Buffer.from(key, 'hex'), from: 0 };
  readonly received: string[] = [];
  cancelled = false;
  isReading = false;
  private go: () => void = () => undefined;

  constructor() {
    super({ objectMode: true, highWaterMark: linesHeld });
  }

  read(): void {
    this.isReading = true;
    this.go();
  }

  override _write({ body }: { body: string }, _encoding: string, done: () => void): void {
    this.go = () => {
      const { event, sequence = '' } = JSON.parse(body) as { event: string; sequence?: number };
      this.received.push(`${event} ${sequence}`);
      setImmediate(done);
    };
    if (this.isReading) this.go();
  }
}

const rows: LogRow[] = [];
let watchers: SweepWatchers;
let call: Call;

const sweep = { key, row: { key, state: 'finished', reason: null } as SweepRow, logLength: 0, hasEnded: false };

async function follow(): Promise<void> {
  const stream = call as unknown as WatchSweepCall;
  const store = {
    log: async (_: string, from: number, limit: number) => await Promise.resolve(rows.slice(from, from + limit)),
  };
  const ledger = { settled: async () => await Promise.resolve() };
  await followLog({ store, watchers, ledger }, sweep, 0, sinkOf(stream));
  call.end();
}

function log(): void {
  const row: LogRow = { sweep: key, sequence: rows.length, entry: { event: { type: 'request' } } };
  rows.push(row);
  sweep.logLength = rows.length;
  watchers.wake(key);
}

beforeEach(() => {
  rows.length = 0;
  call = new Call();
  watchers = new SweepWatchers();
  Object.assign(sweep, { logLength: 0, hasEnded: false });
});

describe('a watcher that does not read', () => {
  it('costs a few lines, and has all of them in order, with the end, when it does', async () => {
    const following = follow();
    for (let line = 0; line < 1000; line++) log();
    await new Promise((resolve) => setImmediate(resolve));
    expect(call.writableLength).toBeLessThanOrEqual(linesHeld);
    sweep.hasEnded = true;
    watchers.wake(key);
    call.read();
    await following;
    await new Promise((resolve) => (call.writableFinished ? resolve(undefined) : call.once('finish', resolve)));
    expect(call.received).toEqual([...rows.map(({ sequence }) => `request ${sequence}`), 'sweep-finished ']);
    expect([...watchers.sweeps]).toEqual([]);
  });

  it('is forgotten when it leaves while it is sent what was before', async () => {
    for (let line = 0; line < 1000; line++) log();
    const following = follow();
    await new Promise((resolve) => setImmediate(resolve));
    call.cancelled = true;
    call.emit('cancelled');
    await following;
    expect([...watchers.sweeps]).toEqual([]);
  });

  it('is forgotten when it has left before it is followed', async () => {
    call.cancelled = true;
    await follow();
    expect([...watchers.sweeps]).toEqual([]);
  });
});
