/** Checkpoints in a bucket: of our own S3, which checks signatures and fails as it is told to, and of moto's, which is not ours (seaweed.test.ts has SeaweedFS's). */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { insist } from '../../server/checkpoint/insist.js';
import { bucketLocation, placeInside } from '../../common/checkpoint-location.js';
import { claimIncarnation, commitCheckpoint, newestCheckpoint } from '../../server/checkpoint/checkpoint.js';
import { checkpointPlace } from '../../server/checkpoint/checkpoint-place.js';
import { writeShardFile } from '../../server/checkpoint/shard-file.js';
import {
  directory,
  livesThrough,
  passOver,
  save,
  trialKey,
  useNoServer,
  useServer,
  writeShards,
} from './bucket-life.js';
import { MotoServer } from './moto-server.js';
import { S3Server, secretKey } from './s3-server.js';

afterEach(useNoServer);

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

  it('are kept by signed requests, and a trial is given to one of two who claim it', async () => {
    await expect(livesThrough()).resolves.toBeUndefined();
  });

  it('are committed once, though the answer was lost and the write is repeated', async () => {
    await claimIncarnation(directory);
    const record = await writeShards(10, 1);
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
    const record = await insist(async () => await writeShards(10, 1), { onFailure: (error) => void heard.push(error) });
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
