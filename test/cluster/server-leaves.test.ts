/** A server that is told to end: its trials are in a checkpoint before it does, and go on from the step where they stood. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../cli/free-port.js';
import { SweepFollower } from '../../cli/sweep/sweep-follower.js';
import { ClusterRole } from './cluster-role.js';
import { SubmittedSweep } from './sweep-cluster.js';
import { tinySweep } from './tiny-sweep.js';

const timeout = 180_000;
/** No checkpoint is due by itself. */
const slowly = { checkpoint: { every: 3600 }, chunkFloats: 16 };

describe('a server that is told to end', () => {
  let folder: string;
  let coordinator: string;
  let ports: string[];
  let ending: AbortController;
  let worker: ClusterRole;
  const roles: ClusterRole[] = [];

  const start = (role: 'coordinator' | 'server' | 'worker', args: string[]) => {
    const started = ClusterRole.start(role, args, [], { env: { POLYAK_LOG: 'info' } });
    roles.push(started);
    return started;
  };
  const startShard = (shard: number) => {
    const place = ['--listen', `127.0.0.1:${ports[shard]}`, '--shard', String(shard)];
    return start('server', ['--coordinator', coordinator, ...place]);
  };
  /** A trial of some thousand steps, on that many shards. */
  const begin = async (shards: number) => {
    const servers = Array.from({ length: shards }, (_, shard) => startShard(shard));
    worker = start('worker', ['--coordinator', coordinator, '--backend', 'cpu']);
    await Promise.all([...servers, worker].map(async ({ listening }) => await listening));
    const train = { epochs: 40, batchSize: 4, microBatchSize: 4 };
    const { experiment, folder: from } = await tinySweep(folder, { trials: 1 }, { train, ...slowly });
    const key = randomBytes(8);
    const follower = new SweepFollower(coordinator, key, 60_000);
    const directory = join(folder, 'sweep');
    const request = { name: 'tiny', experiment: JSON.stringify(experiment), folder: from, directory, shards };
    await follower.submit({ ...request, list: '', settings: '{}', replayOf: Buffer.alloc(0) }, ending.signal);
    const sweep = new SubmittedSweep(key, directory, follower, ending.signal);
    return { servers, ended: sweep.ended() };
  };
  const steps = async (server: ClusterRole) => await server.metric('polyak_server_steps_total');
  const leads = async (server: ClusterRole) => await server.metric('polyak_server_trials', 'as="lead"');
  /** Of the last incarnation that the process has led. */
  const begunAt = ({ report }: ClusterRole, incarnation: number) =>
    Number(new RegExp(`"incarnation":${incarnation},"step":(\\d+)`).exec(report)?.[1] ?? -1);

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'polyak-leaves-'));
    ending = new AbortController();
    ports = await Promise.all([0, 1].map(async () => String(await freePort('127.0.0.1'))));
    coordinator = `127.0.0.1:${await freePort('127.0.0.1')}`;
    await start('coordinator', ['--listen', coordinator, '--store', join(folder, 'coordinator.db')]).listening;
  });
  afterEach(async () => {
    ending.abort();
    await Promise.all(roles.splice(0).map(async (role) => await role.kill()));
    rmSync(folder, { recursive: true });
  });

  it('has its trial in a checkpoint, and the next process goes on from there', { timeout }, async () => {
    const { servers, ended } = await begin(1);
    const [server] = servers as [ClusterRole];
    await expect.poll(async () => await steps(server), { timeout: 60_000 }).toBeGreaterThan(100);
    const seen = await steps(server);
    server.signal('SIGTERM');
    expect(await server.exit).toBe(0);
    const next = startShard(0);
    await expect.poll(() => begunAt(next, 2), { timeout: 60_000 }).toBeGreaterThanOrEqual(seen);
    expect((await ended).event).toBe('sweep-finished');
  });

  it('asks the leads of the trials that it holds parts of for a checkpoint', { timeout }, async () => {
    const { servers, ended } = await begin(2);
    const done = async () => (await Promise.all(servers.map(steps))).reduce((sum, count) => sum + count, 0);
    await expect.poll(done, { timeout: 60_000 }).toBeGreaterThan(100);
    const other = (await leads(servers[0]!)) === 1 ? 1 : 0;
    const [lead, shard] = [servers[1 - other]!, servers[other]!];
    const seen = await steps(lead);
    shard.signal('SIGTERM');
    expect(await shard.exit).toBe(0);
    startShard(other);
    await expect.poll(() => lead.report, { timeout: 60_000 }).toContain(`shard ${other} is to end`);
    const last = () =>
      [...lead.report.matchAll(/"incarnation":\d+,"step":(\d+)/g)].map(([, step]) => Number(step)).at(-1);
    await expect.poll(last, { timeout: 60_000 }).toBeGreaterThanOrEqual(seen);
    expect((await ended).event).toBe('sweep-finished');
  });

  it('leaves at once where no worker is there to finish the step', { timeout }, async () => {
    const { servers, ended } = await begin(1);
    ended.catch(() => undefined);
    const [server] = servers as [ClusterRole];
    await expect.poll(async () => await steps(server), { timeout: 60_000 }).toBeGreaterThan(10);
    await worker.kill();
    const from = performance.now();
    server.signal('SIGTERM');
    expect(await server.exit).toBe(0);
    // The worker that was killed is missed at once, or after some seconds of silence.
    expect(performance.now() - from).toBeLessThan(15_000);
  });

  it('ends at once when it is told twice', { timeout }, async () => {
    const { servers, ended } = await begin(1);
    ended.catch(() => undefined);
    const [server] = servers as [ClusterRole];
    await expect.poll(async () => await steps(server), { timeout: 60_000 }).toBeGreaterThan(10);
    // It cannot finish its step, and the worker still seems to be there.
    worker.signal('SIGSTOP');
    server.signal('SIGTERM');
    await expect.poll(() => server.report, { timeout: 30_000 }).toContain('draining');
    server.signal('SIGTERM');
    // 143 by its own hand.
    expect(await server.exit).toBe(143);
  });
});
