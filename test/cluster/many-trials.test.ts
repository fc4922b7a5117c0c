/** One worker process through many trials: it reads the data once, and holds nothing of what is over. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadExperiment } from '../../common/experiment/load.js';
import { packageRoot } from '../../common/package-root.js';
import { ClusterRole } from './cluster-role.js';
import { FakeCoordinator, type FakeTrial, type KnownReport } from './fake-coordinator.js';

const file = join(packageRoot(), 'examples/invariance.yaml');
const trials = Number(process.env['POLYAK_TEST_TRIALS'] ?? 50);
/** Three steps. */
const short = ['train.epochs=1', 'train.batchSize=512', 'train.microBatchSize=64'];

describe('a worker', () => {
  let coordinator: FakeCoordinator;
  let server: ClusterRole;
  let worker: ClusterRole;
  let folder: string;

  beforeEach(async () => {
    coordinator = await FakeCoordinator.start();
    server = ClusterRole.start('server', ['--coordinator', coordinator.address, '--shard', '0']);
    worker = ClusterRole.start('worker', ['--coordinator', coordinator.address]);
    await coordinator.attended(1, 1);
    folder = mkdtempSync(join(tmpdir(), 'polyak-trials-'));
  });
  afterEach(async () => {
    await Promise.all([server.kill(), worker.kill()]);
    coordinator.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const trialOf = async (overrides: string[]): Promise<FakeTrial> => {
    const trialKey = randomBytes(8);
    const directory = join(folder, trialKey.toString('hex'));
    return { trialKey, experiment: JSON.stringify(await loadExperiment(file, overrides)), directory, shards: 1 };
  };
  const of = (trial: FakeTrial, kind: string) => (report: KnownReport) =>
    report.kind === kind && report.trial === trial.trialKey.toString('hex');
  const finish = async (trial: FakeTrial) => {
    const { body } = await coordinator.report(of(trial, 'END'));
    coordinator.drop(trial);
    expect(body).toMatchObject({ event: 'finished' });
    return body;
  };
  const run = async (trial: FakeTrial) => {
    coordinator.lead(trial, 0);
    return await finish(trial);
  };

  it('reads the data once for trials at once and one after another, with the numbers of each alone', async () => {
    const rates = [0.05, 0.01].map((rate) => [...short, `optimizer.momentum.learningRate=${rate}`]);
    const together = await Promise.all(rates.map(async (rate) => await run(await trialOf(rate))));
    const alone: Record<string, unknown>[] = [];
    for (const rate of rates) alone.push(await run(await trialOf(rate)));
    expect(together.map(({ weightsSha256 }) => weightsSha256)).toEqual(alone.map(({ weightsSha256 }) => weightsSha256));
    expect(alone[0]?.['weightsSha256']).not.toBe(alone[1]?.['weightsSha256']);
    expect(await worker.metric('polyak_worker_datasets_read_total')).toBe(1);
  });

  it(`holds no more after ${trials} trials than after a few`, async () => {
    const measure = async () => ({
      tensors: await worker.metric('polyak_worker_tensors_left'),
      bytes: await worker.metric('process_resident_memory_bytes'),
    });
    const measured: Awaited<ReturnType<typeof measure>>[] = [];
    for (let trial = 1; trial <= trials; trial++) {
      await run(await trialOf(short));
      if (trial % Math.ceil(trials / 5) === 0) measured.push(await measure());
    }
    if (process.env['POLYAK_TEST_TRIALS'] !== undefined) process.stderr.write(`${JSON.stringify(measured)}\n`);
    const [first, last] = [measured[0], measured.at(-1)];
    expect(last?.tensors).toBe(first?.tensors);
    expect((last?.bytes ?? 0) - (first?.bytes ?? 0)).toBeLessThan(100e6);
    expect(await worker.metric('polyak_worker_datasets_read_total')).toBe(1);
  });

  it('that has had a few large models of different sizes grows no more with the next ones', async () => {
    const megabytes: number[] = [];
    for (let trial = 0; trial < 24; trial++) {
      const units = 2000 + ((trial * 2477) % 6000);
      await run(await trialOf([...short, `model.6.dense.units=${units}`, 'chunkFloats=65536']));
      megabytes.push((await worker.metric('process_resident_memory_bytes')) / 1e6);
    }
    // A trial has memories of some 60 MB; before they were used again, each stayed.
    // Some 5 MB a trial are left. A model by itself gains 2 to 3 MB with each new size, none with sizes seen before.
    const growth = (median(megabytes.slice(-8)) - median(megabytes.slice(4, 12))) / 12;
    expect(growth, `MB per trial of ${megabytes.map(Math.round).join(' ')}`).toBeLessThan(15);
  });

  it('that is told to drop a running trial hands back its leases within a second, time after time', async () => {
    const endless = await trialOf(['train.epochs=100000']);
    const tensors: number[] = [];
    for (let round = 0; round < 10; round++) {
      const from = coordinator.reports.length;
      coordinator.lead(endless, 0);
      await coordinator.report(of(endless, 'PROGRESS'), from);
      const droppedAt = performance.now();
      coordinator.drop(endless, 'WORKER');
      await expect.poll(() => server.metric('polyak_server_workers'), { interval: 20, timeout: 5000 }).toBe(0);
      await expect.poll(() => server.metric('polyak_server_leases'), { interval: 20, timeout: 5000 }).toBe(0);
      expect(performance.now() - droppedAt).toBeLessThan(1000);
      tensors.push(await worker.metric('polyak_worker_tensors_left'));
    }
    // Of a trial that was closed while it computed, as of any other, nothing stays.
    expect(new Set(tensors.slice(1)).size).toBe(1);
  });
});

function median(values: number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)]!;
}
