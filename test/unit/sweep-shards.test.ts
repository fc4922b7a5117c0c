/** A sweep that goes on, on another number of shards, by a real coordinator and processes that attend and listen. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { attend } from '../../common/attendance.js';
import { coordinatorClient, unary } from '../../common/rpc.js';
import { startCoordinator } from '../../coordinator/coordinator.js';
import type { Lead__Output } from '../../proto/gen/polyak/v1/Lead.js';
import { experimentOn } from '../bad-input/data-files.js';

const log = pino({ level: 'silent' });
const experiment = JSON.stringify({
  ...experimentOn({ source: 'csv', path: '/a.csv' }),
  optimizer: { sgd: { learningRate: '$rate' } },
  train: { epochs: 4, batchSize: 4, microBatchSize: 4 },
  search: { trials: 1, space: { rate: { uniform: [0.1, 1] } } },
});

let folder: string;
const closing: (() => unknown)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'polyak-shards-'));
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  rmSync(folder, { recursive: true });
});

/** With that many servers and a worker; resolves with the order to lead. */
async function lead(shards: number): Promise<{ order: Lead__Output; close: () => Promise<void> }> {
  const running = await startCoordinator({ listen: '127.0.0.1:0', metricsPort: 0, store: join(folder, 'c.db'), log });
  const client = coordinatorClient(running.address);
  const attendances: { close(): void }[] = [];
  const close = async () => {
    for (const each of attendances.splice(0)) each.close();
    client.close();
    await running.close();
  };
  closing.push(close);
  const order = new Promise<Lead__Output>((resolve) => {
    for (let shard = -1; shard < shards; shard++) {
      const server = { role: 'SERVER' as const, shard, address: `127.0.0.1:${9001 + shard}`, id: `${shards} ${shard}` };
      const register = shard < 0 ? { role: 'WORKER' as const, id: `worker of ${shards}` } : server;
      const { signal } = new AbortController();
      attendances.push(
        attend({
          coordinator: running.address,
          register,
          signal,
          log,
          onOrder: (each) => each.lead && resolve(each.lead),
        }),
      );
    }
  });
  const request = {
    ...{ sweepKey: Buffer.alloc(8, 1), name: 'x', experiment, folder, directory: join(folder, 'x'), shards, list: '' },
    ...{ settings: '', replayOf: Buffer.alloc(0), external: false },
  };
  await unary('coordinator', (callback) => client.submitSweep(request, callback));
  return { order: await order, close };
}

it.each([
  [2, 1],
  [1, 2],
])(
  'a trial that was led on %i shards when all processes died goes on when it is resumed on %i',
  async (before, after) => {
    const first = await lead(before);
    expect(first.order.shards).toHaveLength(before);
    await first.close();
    const { order } = await lead(after);
    // One that can be led as it was is not changed.
    expect(order.shards.length).toBeLessThanOrEqual(after);
    expect(order.trialKey).toEqual(first.order.trialKey);
  },
);
