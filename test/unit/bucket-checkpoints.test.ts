/** Checkpoints in a bucket: of our own S3, which checks signatures and fails as it is told to, and of moto's, which is not ours. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { insist } from '../../server/checkpoint/insist.js';
import { bucketLocation, placeInside } from '../../common/checkpoint-location.js';
import {
  claimIncarnation,
  commitCheckpoint,
  discardCheckpoints,
  listCheckpoints,
  newestCheckpoint,
  type CheckpointRecord,
} from '../../server/checkpoint/checkpoint.js';
import { hashVector } from '../../server/checkpoint/checkpoint-reader.js';
import { checkpointPlace } from '../../server/checkpoint/checkpoint-place.js';
import { writeShardFile } from '../../server/checkpoint/shard-file.js';
import { MotoServer } from './moto-server.js';
import { S3Server, accessKey, secretKey } from './s3-server.js';

const names = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_ENDPOINT_URL', 'AWS_REGION'];
const before = names.map((name) => [name, process.env[name]] as const);
const trialKey = randomBytes(8);
const directory = 's3://bucket/runs/tiny-search-1/trials/7/checkpoints';

function useServer(url: string): void {
  Object.assign(process.env, {
    ...{ AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey, AWS_SESSION_TOKEN: '' },
    ...{ AWS_ENDPOINT_URL: url, AWS_REGION: 'eu-central-1' },
  });
}

afterEach(() => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

/** Of two shards, a chunk of 5 floats on each. */
async function write(step: number, incarnation: number, place = directory): Promise<CheckpointRecord> {
  const files = [];
  for (const shard of [0, 1]) {
    const floats = Buffer.from(new Float32Array(5).fill(step + shard).buffer);
    const snapshots = [{ chunk: shard, version: step, tensors: { weights: floats, average: floats } }];
    const identity = { directory: place, incarnation, step, trialKey };
    files.push({ ...(await writeShardFile({ ...identity, shard, shards: 2, snapshots })), chunks: [shard] });
  }
  const facts = { format: 1 as const, trialKey: trialKey.toString('hex'), incarnation, step, chunkFloats: 5 };
  const manifest = { parameterCount: 10, statisticsCount: 0 };
  return { ...facts, manifest, files, lead: {}, preprocess: null };
}

async function save(step: number, incarnation: number): Promise<string> {
  return await commitCheckpoint(directory, await write(step, incarnation), { keep: 2 });
}

const passOver = () => undefined;

/** What every S3 has to do. */
async function livesThrough(): Promise<void> {
  expect(await listCheckpoints(directory)).toEqual([]);
  expect(await claimIncarnation(directory)).toBe(1);
  const first = await save(10, 1);
  expect(first).toBe(`${directory}/step-000000010.1.json`);
  await save(20, 1);
  const third = await save(30, 1);
  expect((await newestCheckpoint(directory, passOver))?.path).toBe(third);
  // Two are kept, with their files.
  const there = (await checkpointPlace(directory).list()).toSorted();
  expect(there).toEqual([
    'incarnation-1',
    ...[20, 30].flatMap((step) => [
      `step-0000000${step}.1.json`,
      `step-0000000${step}.1.shard-0-of-2.safetensors`,
      `step-0000000${step}.1.shard-1-of-2.safetensors`,
    ]),
  ]);
  expect(await hashVector(third, 'weights')).toMatch(/^[0-9a-f]{64}$/);
  // One of two claimants has the incarnation, and fences the other.
  const claimed = await Promise.all([claimIncarnation(directory), claimIncarnation(directory)]);
  expect(claimed.toSorted((left, right) => left - right)).toEqual([2, 3]);
  await expect(save(40, 1)).rejects.toMatchObject({ code: 'fenced' });
  await discardCheckpoints(directory);
  expect(await checkpointPlace(directory).list()).toEqual([]);
}

describe("moto's S3", () => {
  it('keeps checkpoints, and gives a trial to one of two who claim it', { timeout: 120_000 }, async (context) => {
    const server = await MotoServer.start();
    if (typeof server === 'string') return context.skip(server);
    try {
      useServer(server.url);
      await expect(livesThrough()).resolves.toBeUndefined();
    } finally {
      await server.stop();
    }
  });
});

describe('checkpoints in a bucket', () => {
  let server: S3Server;

  beforeEach(async () => {
    server = await S3Server.start({});
    useServer(server.url);
  });
  afterEach(() => server.close());

  it('are kept by signed requests, and a trial is given to one of two who claim it', livesThrough);

  it('are committed once, though the answer was lost and the write is repeated', async () => {
    await claimIncarnation(directory);
    const record = await write(10, 1);
    let lost = 0;
    server.fault = (method, key) =>
      method === 'PUT' && key.endsWith('.json') && lost++ === 0 ? 'lose the answer' : undefined;
    await expect(commitCheckpoint(directory, record, { keep: 2 })).rejects.toMatchObject({ code: 'unreachable' });
    expect(await commitCheckpoint(directory, record, { keep: 2 })).toContain('step-000000010.1.json');
    // Whoever else commits this cut, with other words, comes second.
    const other = { ...record, lead: { other: true } };
    await expect(commitCheckpoint(directory, other, { keep: 2 })).rejects.toMatchObject({ code: 'fenced' });
  });

  it('are passed over where an object is torn, and never where the bucket only cannot be read', async () => {
    await claimIncarnation(directory);
    const first = await save(10, 1);
    await save(20, 1);
    const torn = [...server.objects.keys()].find((key) => key.includes('000000020.1.shard-0')) ?? '';
    server.objects.set(torn, (server.objects.get(torn) ?? Buffer.alloc(0)).subarray(0, 300));
    const bad: string[] = [];
    expect((await newestCheckpoint(directory, (path) => void bad.push(path)))?.path).toBe(first);
    expect(bad).toHaveLength(1);
    server.fault = (_, key) => (key.includes('shard') ? { status: 403, code: 'AccessDenied' } : undefined);
    await expect(newestCheckpoint(directory, passOver)).rejects.toMatchObject({ code: 'disk' });
  });

  it.each([
    { status: 503, code: 'SlowDown', is: 'unreachable' },
    { status: 507, code: 'XMinioStorageFull', is: 'unreachable' },
    { status: 403, code: 'QuotaExceeded', is: 'disk' },
  ])('are tried again until the bucket takes them, after $code', async ({ status, code, is }) => {
    let refusals = 2;
    server.fault = (method) => (method === 'PUT' && refusals-- > 0 ? { status, code } : undefined);
    const heard: { code: string; message: string }[] = [];
    const record = await insist(async () => await write(10, 1), { onFailure: (error) => void heard.push(error) });
    expect(record.files).toHaveLength(2);
    expect(heard.map((error) => error.code)).toEqual([is, is]);
    expect(heard[0]?.message).toContain(code);
    expect(JSON.stringify(heard)).not.toContain(secretKey);
  });

  it('are given up when nobody wants them any more, though the bucket never answers', async () => {
    server.fault = () => 'hang';
    const leaving = new AbortController();
    const floats = Buffer.alloc(20);
    const snapshots = [{ chunk: 0, version: 1, tensors: { weights: floats, average: floats } }];
    const options = { directory, incarnation: 1, step: 1, trialKey, shard: 0, shards: 1, snapshots };
    const writing = writeShardFile(options, leaving.signal);
    leaving.abort();
    await expect(writing).rejects.toThrow(/abort/i);
  });

  it('are refused where the server knows no conditional writes, or there are no keys', async () => {
    server.ignoresConditions = true;
    await expect(claimIncarnation('s3://bucket/elsewhere')).rejects.toThrow(/in spite of If-None-Match/);
    delete process.env['AWS_ACCESS_KEY_ID'];
    delete process.env['AWS_SECRET_ACCESS_KEY'];
    const preparing = checkpointPlace(directory).prepare({ within: undefined });
    await expect(preparing).rejects.toThrow('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set');
  });
});

describe('a place in a bucket', () => {
  it('is named by bucket and prefix', () => {
    expect(bucketLocation('s3://weights/a/b/', '--checkpoints')).toEqual({ bucket: 'weights', prefix: 'a/b' });
    expect(placeInside('s3://weights/a', 'trials', '3')).toBe('s3://weights/a/trials/3');
  });

  it.each([
    'gs://weights/a',
    'weights',
    's3://',
    's3://W/a',
    's3://weights/a/../b',
    's3://weights/a//b',
    's3://weights/a b',
  ])('is not %s', (place) => {
    expect(() => bucketLocation(place, '--checkpoints')).toThrow(/--checkpoints '.*'.*give s3:\/\/bucket\/prefix/);
  });
});
