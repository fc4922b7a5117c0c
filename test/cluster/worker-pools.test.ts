/** Workers of two kinds in one cluster: each trial is computed by one of them, and none is lost to a trial that refuses it. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../cli/free-port.js';
import { SweepFollower } from '../../cli/sweep/sweep-follower.js';
import { ownVersion } from '../../common/version.js';
import { ClusterRole, readMetric } from './cluster-role.js';
import { otherProgram } from './other-program.js';
import { SubmittedSweep, SweepCluster, type TableLine } from './sweep-cluster.js';
import { tinySweep, type TinySweep } from './tiny-sweep.js';

const timeout = 240_000;

describe('a cluster with workers of two kinds', () => {
  let folder: string;
  let coordinator: string;
  let metrics: number;
  let ending: AbortController;
  const roles: ClusterRole[] = [];

  const start = (role: 'coordinator' | 'server' | 'worker', args: string[], program?: string) => {
    const script = 'node="$1"; shift 2; exec "$node" "$PROGRAM" "$@"';
    const prefix = program === undefined ? [] : ['sh', '-c', script, 'sh'];
    const started = ClusterRole.start(role, args, prefix, { env: program === undefined ? {} : { PROGRAM: program } });
    roles.push(started);
    return started;
  };
  const startWorker = (program?: string) =>
    start('worker', ['--coordinator', coordinator, '--backend', 'cpu'], program);
  const submit = async ({ experiment, folder: from }: TinySweep) => {
    const key = randomBytes(8);
    const follower = new SweepFollower(coordinator, key, 60_000);
    const directory = join(folder, key.toString('hex'));
    const request = { name: 'tiny', experiment: JSON.stringify(experiment), folder: from, directory, shards: 1 };
    await follower.submit({ ...request, list: '', settings: '{}', replayOf: Buffer.alloc(0) }, ending.signal);
    return new SubmittedSweep(key, directory, follower, ending.signal);
  };
  const byOneAlone = async (tiny: TinySweep): Promise<TableLine[]> => {
    const cluster = await SweepCluster.start({ workers: 1, shards: 1 });
    try {
      const sweep = await cluster.submit(tiny);
      await sweep.ended();
      return await sweep.table();
    } finally {
      await cluster.stop();
    }
  };
  const workers = async (state: string) => await readMetric(metrics, 'polyak_coordinator_workers', `state="${state}"`);
  const images = async (worker: ClusterRole) => await worker.metric('polyak_worker_images_total');

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'polyak-pools-'));
    ending = new AbortController();
    coordinator = `127.0.0.1:${await freePort('127.0.0.1')}`;
    const store = join(folder, 'coordinator.db');
    metrics = (await start('coordinator', ['--listen', coordinator, '--store', store]).listening).metrics;
    await start('server', ['--coordinator', coordinator]).listening;
  });
  afterEach(async () => {
    ending.abort();
    await Promise.all(roles.splice(0).map(async (role) => await role.kill()));
    rmSync(folder, { recursive: true });
  });

  it('keeps each trial within one kind, through its rungs, and both compute', { timeout }, async () => {
    const schedule = { successiveHalving: { minEpochs: 1, eta: 2 } };
    const tiny = await tinySweep(
      folder,
      { trials: 8, schedule },
      { train: { epochs: 4, batchSize: 16, microBatchSize: 8 } },
    );
    const expected = await byOneAlone(tiny);
    const library = 'tfjs of another build';
    const other = otherProgram(folder, 'other', { version: ownVersion(), library });
    const [ours, theirs] = [startWorker(), startWorker(other)];
    await Promise.all([ours.listening, theirs.listening]);
    await expect.poll(async () => await workers('idle'), { timeout: 30_000 }).toBe(2);
    const kinds = /polyak_coordinator_workers_by_fingerprint\{[^}]*fingerprint="[0-9a-f]{8}"[^}]*\} 1/g;
    const page = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
    expect(page.match(kinds)).toHaveLength(2);

    const sweep = await submit(tiny);
    expect((await sweep.ended()).event).toBe('sweep-finished');
    expect(await sweep.table()).toEqual(expected);
    expect(await readMetric(metrics, 'polyak_coordinator_workers_refused_total')).toBe(0);
    expect(await images(ours)).toBeGreaterThan(0);
    expect(await images(theirs)).toBeGreaterThan(0);
  });

  it('frees a worker that every trial refuses, and does not count it as busy', { timeout }, async () => {
    const tiny = await tinySweep(folder, { trials: 4 }, { train: { epochs: 2, batchSize: 16, microBatchSize: 8 } });
    const expected = await byOneAlone(tiny);
    // The server computes by another arithmetic than this worker.
    const other = otherProgram(folder, 'other', { version: ownVersion(), arithmetic: 99 });
    const refused = startWorker(other);
    await refused.listening;
    const sweep = await submit(tiny);
    const ended = sweep.ended();
    const total = async () => await readMetric(metrics, 'polyak_coordinator_workers_refused_total');
    await expect.poll(total, { timeout: 60_000 }).toBeGreaterThanOrEqual(2);
    const waiting = async () => await readMetric(metrics, 'polyak_coordinator_trials_without_suitable_worker');
    await expect.poll(waiting, { timeout: 30_000 }).toBeGreaterThan(0);
    await startWorker().listening;
    expect((await ended).event).toBe('sweep-finished');
    expect(await sweep.table()).toEqual(expected);
    expect(await images(refused)).toBe(0);
    // Each trial has refused it once, and no more.
    expect(await total()).toBeLessThanOrEqual(4);
    await expect.poll(async () => await workers('busy'), { timeout: 30_000 }).toBe(0);
    expect(await workers('idle')).toBe(2);
  });
});
