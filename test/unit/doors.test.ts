/** What stands at the ports: so many connections and no more, names of bounded length, and no program of a far version. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { coordinatorClient, unary } from '../../common/rpc.js';
import { assertCompatible, ownVersion } from '../../common/version.js';
import { startCoordinator, type RunningCoordinator } from '../../coordinator/coordinator.js';
import type { Order__Output } from '../../proto/gen/polyak/v1/Order.js';

const log = pino({ level: 'silent' });
const folders: string[] = [];
const sockets: Socket[] = [];
let coordinator: RunningCoordinator;

beforeEach(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'polyak-doors-'));
  folders.push(folder);
  const limits = { perAddress: 3, all: 100 };
  const store = join(folder, 'c.db');
  coordinator = await startCoordinator({ listen: '127.0.0.1:0', metricsPort: 0, store, limits, log });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await coordinator.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

async function open(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  await once(socket, 'connect');
}

const portOf = (address: string) => Number(address.split(':')[1]);

async function status(): Promise<unknown> {
  const client = coordinatorClient(coordinator.address);
  try {
    return await unary('coordinator', (done) => client.status({}, { deadline: Date.now() + 5000 }, done));
  } finally {
    client.close();
  }
}

async function refused(reason: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${coordinator.metricsPort}/metrics`)).text();
  const pattern = new RegExp(`polyak_connections_refused_total\\{reason="${reason}",role="coordinator"\\} (\\d+)`);
  return Number(pattern.exec(text)?.[1]);
}

describe('a port', () => {
  it('refuses an address that has too many connections, says so and counts it, and has room again when one closes', async () => {
    for (let held = 0; held < 3; held++) await open(portOf(coordinator.address));
    await expect(status()).rejects.toMatchObject({
      code: 'exhausted',
      message: expect.stringContaining('127.0.0.1 has 3 connections to this port, the most is 3') as unknown,
    });
    expect(await refused('too many')).toBeGreaterThan(0);
    for (const socket of sockets.splice(0)) {
      socket.destroy();
      await once(socket, 'close');
    }
    await expect.poll(async () => await status().catch(() => undefined), { timeout: 10_000 }).toBeDefined();
  });

  it('of HTTP answers 503 to a connection too many', async () => {
    for (let held = 0; held < 3; held++) await open(coordinator.metricsPort);
    const answer = await fetch(`http://127.0.0.1:${coordinator.metricsPort}/healthz`);
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain('the most is 3');
  });
});

/** The first order, or the error. */
async function attend(version: string): Promise<Order__Output> {
  const client = coordinatorClient(coordinator.address);
  const stream = client.attend();
  try {
    return await new Promise((resolve, reject) => {
      stream.on('data', resolve).on('error', reject);
      stream.write({ register: { role: 'WORKER', id: `worker ${version}`, version } });
    });
  } finally {
    stream.on('error', () => undefined);
    stream.cancel();
    client.close();
  }
}

describe('a process of another version', () => {
  it('attends where it is a minor version away, or is of a program that did not say its version yet', async () => {
    for (const version of ['', '0.1.7', '0.2.0']) expect((await attend(version)).welcome?.version).toBe(ownVersion());
  });

  it('is refused by name where it is further', async () => {
    await expect(attend('0.3.0')).rejects.toThrow(
      `the worker is of Polyak '0.3.0', this process of ${ownVersion()}: processes of one cluster may differ by one minor version`,
    );
  });

  it.each([
    ['1.4.0', '1.5.2', true],
    ['1.4.0', '1.6.0', false],
    ['1.4.0', '2.4.0', false],
    ['1.4.0', 'banana', false],
    ['1.4.0-rc.1', '1.5.0', true],
  ])('%s works with %s: %s', (here, theirs, works) => {
    const compare = () => assertCompatible('the lead', theirs, here);
    if (works) compare();
    else expect(compare).toThrow(/the lead is of Polyak/);
  });
});

describe('what is submitted', () => {
  it('is refused where a name is longer than anybody needs', async () => {
    const client = coordinatorClient(coordinator.address);
    const long = { experiment: '{}', directory: `/${'x'.repeat(5000)}`, shards: 1 };
    const submitting = unary('coordinator', (done) => client.submit(long, done));
    await expect(submitting).rejects.toThrow('submit: directory has 5001 characters, the most is 4096');
    client.close();
  });
});
