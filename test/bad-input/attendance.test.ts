/** Processes and clients that name themselves as no honest one would, over real gRPC. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceError } from '@grpc/grpc-js';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { coordinatorClient, fromServiceError } from '../../common/rpc.js';
import { startCoordinator } from '../../coordinator/coordinator.js';
import type { CoordinatorClient } from '../../proto/gen/polyak/v1/Coordinator.js';

let folder: string;
let client: CoordinatorClient;
let close: () => Promise<void>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'polyak-bad-'));
  const log = pino({ level: 'silent' });
  const running = await startCoordinator({ listen: '127.0.0.1:0', metricsPort: 0, store: join(folder, 'c.db'), log });
  client = coordinatorClient(running.address);
  close = async () => {
    client.close();
    await running.close();
  };
});
afterEach(async () => {
  await close();
  rmSync(folder, { recursive: true });
});

async function refusalOf(call: { on(event: 'error', listener: (error: ServiceError) => void): unknown }) {
  const { code, message } = fromServiceError(await new Promise((resolve) => call.on('error', resolve)), 'coordinator');
  return `${code}: ${message}`;
}

it.each([
  [{ id: 'x'.repeat(201) }, 'protocol: register: id has 201 characters, the most is 200'],
  [{ id: '' }, 'protocol: register: id is empty'],
  [{ id: 'a', address: 'x'.repeat(261) }, 'protocol: register: address has 261 characters, the most is 260'],
])('a process may not register with names of any length', async (names, refusal) => {
  const call = client.attend();
  call.write({ register: { role: 'SERVER', shard: 0, address: '127.0.0.1:1', ...names } });
  expect(await refusalOf(call)).toBe(refusal);
});

it('a process that runs trials may not either', async () => {
  const call = client.work();
  call.write({ open: { sweepKey: Buffer.alloc(8, 1), client: 'x'.repeat(201), held: [], trials: 1 } });
  expect(await refusalOf(call)).toBe('protocol: work: client has 201 characters, the most is 200');
});
