/** What a shard holds of many trials: only those that are led now, and no more than it may. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openPush } from '../../common/chunk-streams.js';
import { layOutChunks } from '../../common/chunk-layout.js';
import { loadExperiment } from '../../common/experiment/load.js';
import { vectors } from '../../common/frame.js';
import { vectorKernels } from '../../common/kernels/vector-kernels.js';
import type { Manifest } from '../../common/manifest.js';
import { packageRoot } from '../../common/package-root.js';
import { parameterServerClient } from '../../common/rpc.js';
import type { CutWritten__Output } from '../../proto/gen/polyak/v1/CutWritten.js';
import type { ShardReport__Output } from '../../proto/gen/polyak/v1/ShardReport.js';
import { commitCheckpoint } from '../../server/checkpoint/checkpoint.js';
import { ClusterRole } from './cluster-role.js';
import { FakeCoordinator } from './fake-coordinator.js';

const chunkFloats = 65_536;
/** Weights, average, and room for four gradients; SGD has no slots. */
const slotsPerChunk = 6;

const roles: ClusterRole[] = [];
const closing: (() => void)[] = [];
let folder = '';

async function start(memoryMb: number) {
  const coordinator = await FakeCoordinator.start();
  closing.push(() => coordinator.close());
  folder = mkdtempSync(join(tmpdir(), 'polyak-memory-'));
  const shard = ClusterRole.start('server', [
    ...['--coordinator', coordinator.address, '--shard', '0', '--memory-mb', String(memoryMb)],
  ]);
  roles.push(shard);
  const { address } = await shard.listening;
  return { coordinator, shard, address };
}

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) close();
  await Promise.all(roles.splice(0).map((role) => role.kill()));
  rmSync(folder, { recursive: true, force: true });
});

function manifestOf(parameters: number): Manifest {
  const tensor = { name: 'dense/kernel', shape: [parameters], offset: 0, length: parameters };
  const rest = { initializer: { name: 'zeros' as const }, rateMultiplier: 1, l2: 0, frozen: false };
  return {
    parameters: [{ ...tensor, ...rest }],
    parameterCount: parameters,
    statistics: [],
    statisticsCount: 0,
    statisticsMomentum: [],
  };
}

/** The test as the lead of a trial of one step per epoch. */
function follow(address: string, number: number, manifest: Manifest) {
  const trialKey = Buffer.alloc(8);
  trialKey.writeUInt32LE(number + 1);
  const directory = join(folder, `trial-${number}`);
  mkdirSync(directory, { recursive: true });
  const experiment = {
    ...{ seed: 1, chunkFloats, optimizer: { sgd: { learningRate: 1 } }, weightAverage: { decay: 0.5 } },
    train: { batchSize: 1, microBatchSize: 1, epochs: 1000 },
  };
  const client = parameterServerClient(address);
  const stream = client.follow();
  const reports: ShardReport__Output[] = [];
  let wake: () => void = () => undefined;
  stream.on('data', (report: ShardReport__Output) => {
    reports.push(report);
    wake();
  });
  stream.on('error', () => undefined);
  const next = async (fits: (report: ShardReport__Output) => unknown) => {
    for (;;) {
      const found = reports.find(fits);
      if (found) return found;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  const leave = () => {
    stream.cancel();
    client.close();
  };
  closing.push(leave);
  const begin = async (incarnation: number, checkpoint = '') => {
    stream.write({
      begin: {
        ...{ trialKey, incarnation, shard: 0, shards: 1, directory, checkpoint, leadEpoch: 1 },
        experiment: JSON.stringify(experiment),
        manifest: JSON.stringify(manifest),
        data: { trainCount: 1, features: 1 },
      },
    });
    return await next(({ begun, failed, fenced }) => begun ?? failed ?? fenced);
  };
  const cut = async (step: number): Promise<CutWritten__Output> => {
    stream.write({ cut: { step } });
    return (await next(({ cutWritten }) => cutWritten)).cutWritten!;
  };
  return { trialKey, directory, begin, cut, next, leave };
}

/** As a worker would: the gradient of the trial's first step, in all chunks. */
async function pushStep(address: string, trialKey: Buffer, manifest: Manifest): Promise<void> {
  const memory = new WebAssembly.Memory({ initial: 8, maximum: 8, shared: true });
  const kernels = vectorKernels(memory);
  const stream = openPush(address, 'socket');
  const chunks = layOutChunks(manifest, chunkFloats);
  for (const { index, length } of chunks) {
    const floats = new Float32Array(memory.buffer, 1024, length).fill(1);
    const data = Buffer.from(Float32Array.from(floats).buffer);
    const checksum = kernels.checksum(1024, length);
    const header = {
      trialKey,
      incarnation: 1,
      vector: vectors.weights,
      step: 0,
      chunk: index,
      firstLeaf: 0,
      leaves: 1,
    };
    stream.write({ ...header, checksum, data });
  }
  let answered = 0;
  await new Promise<void>((resolve, reject) => {
    stream.on('error', reject);
    stream.on('data', ({ result, message }) => {
      if (result === 'NONE') return;
      if (result !== 'APPLIED') reject(new Error(`${result}: ${message}`));
      if ((answered += 1) === chunks.length) resolve();
    });
  });
  stream.cancel();
}

describe('a shard that may hold 300 MB', () => {
  it('takes 200 trials that together need several GB, holds none when they are paused, and one again', async () => {
    const { shard, address } = await start(300);
    const trials = 200;
    const manifest = manifestOf(20 * chunkFloats);
    const bytesEach = 20 * slotsPerChunk * chunkFloats * 4;
    expect(trials * bytesEach).toBeGreaterThan(6e9);
    const residents: number[] = [];
    let path = '';
    for (let number = 0; number < trials; number++) {
      const lead = follow(address, number, manifest);
      expect((await lead.begin(1)).begun).toEqual({ step: 0 });
      await pushStep(address, lead.trialKey, manifest);
      await lead.next(({ reached }) => reached?.step === 1);
      if (number === 0) {
        const { file, bytes, chunks } = await lead.cut(1);
        const record = { format: 1 as const, trialKey: lead.trialKey.toString('hex'), incarnation: 1, step: 1 };
        const files = [{ file, bytes, chunks }];
        path = await commitCheckpoint(
          lead.directory,
          { ...record, manifest: { ...manifest }, chunkFloats, files, lead: {}, preprocess: null },
          { keep: 2 },
        );
      }
      lead.leave();
      if (number % 20 === 19) residents.push(await shard.metric('process_resident_memory_bytes'));
    }
    await expect.poll(() => shard.metric('polyak_server_memory_bytes')).toBe(0);
    const first = residents[0] ?? 0;
    // Of 6 GB that have passed through; what grows a little is V8's heap.
    expect(Math.max(...residents) - first).toBeLessThan(150e6);

    const promoted = follow(address, 0, manifest);
    expect((await promoted.begin(2, path)).begun).toEqual({ step: 1 });
    expect(await shard.metric('polyak_server_memory_bytes')).toBe(2 * 20 * chunkFloats * 4);
  });

  it('refuses what has no room, and says whether it would have if it were alone', async () => {
    const { shard, address } = await start(300);
    const first = follow(address, 1, manifestOf(150 * chunkFloats));
    expect((await first.begin(1)).begun).toEqual({ step: 0 });
    const second = follow(address, 2, manifestOf(100 * chunkFloats));
    expect((await second.begin(1)).failed).toMatchObject({ memoryTaken: true });
    const third = follow(address, 3, manifestOf(200 * chunkFloats));
    expect((await third.begin(1)).failed).toEqual({
      memoryTaken: false,
      code: 'exhausted',
      message:
        "memory: the trial's 200 chunks here need 314572800 bytes, the shard's limit is 300000000; " +
        'give it more (--memory-mb), or use more shards',
    });
    expect(await shard.metric('polyak_server_memory_bytes')).toBe(2 * 150 * chunkFloats * 4);
    first.leave();
    // What was refused may be asked for again, by the same incarnation.
    await expect.poll(() => shard.metric('polyak_server_memory_bytes')).toBe(0);
    const again = follow(address, 2, manifestOf(100 * chunkFloats));
    expect((await again.begin(1)).begun).toEqual({ step: 0 });
  });
});

describe('a lead', () => {
  const file = join(packageRoot(), 'examples/invariance.yaml');
  const trialOf = async (...overrides: string[]) => ({
    trialKey: Buffer.from('0807060504030201', 'hex'),
    experiment: JSON.stringify(await loadExperiment(file, ['train.epochs=1', ...overrides])),
    directory: join(folder, 'checkpoints'),
    shards: 1,
  });
  const startWorker = async (coordinator: FakeCoordinator) => {
    roles.push(ClusterRole.start('worker', ['--coordinator', coordinator.address]));
    await coordinator.attended(1, 1);
  };

  it('waits for the memory that another trial has, says so once, and goes on when it is free', async () => {
    const { coordinator, shard, address } = await start(2);
    const other = follow(address, 1, manifestOf(chunkFloats));
    expect((await other.begin(1)).begun).toEqual({ step: 0 });
    await startWorker(coordinator);
    // Its chunks need more than the 2 MB less the other's 1.6 MB.
    coordinator.lead(await trialOf('chunkFloats=8192'), 0);
    const { body } = await coordinator.report(({ kind }) => kind === 'NOTICE');
    expect(body).toMatchObject({ kind: 'memory', message: expect.stringContaining('the trial waits for memory') });
    await expect.poll(() => shard.metric('polyak_server_memory_waits_total'), { timeout: 20_000 }).toBeGreaterThan(2);
    expect(coordinator.reports.filter(({ kind }) => kind !== 'PROGRESS')).toHaveLength(1);
    other.leave();
    const { body: end } = await coordinator.report(({ kind }) => kind === 'END');
    expect(end).toMatchObject({ event: 'finished', steps: 27 });
    await expect.poll(() => shard.metric('polyak_server_memory_bytes')).toBe(0);
  });

  it('fails a trial that alone is larger than its shard', async () => {
    const { coordinator } = await start(1);
    await startWorker(coordinator);
    coordinator.lead(await trialOf('chunkFloats=65536'), 0);
    const { body } = await coordinator.report(({ kind }) => kind === 'END');
    expect(body).toMatchObject({ event: 'failed', code: 'exhausted', epoch: 0 });
    expect(body['message']).toMatch(/the shard's limit is 1000000; give it more \(--memory-mb\)/);
  });
});
