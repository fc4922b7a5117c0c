/** What checkpoints ask of a bucket, whoever serves it: one life of a trial's checkpoints, of two shards with a chunk of 5 floats each. */
import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
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
import { accessKey, secretKey } from './s3-server.js';

const names = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_ENDPOINT_URL', 'AWS_REGION'];
const before = names.map((name) => [name, process.env[name]] as const);
export const trialKey = randomBytes(8);
export const directory = 's3://bucket/runs/tiny-search-1/trials/7/checkpoints';

/** By the variables of this process, until `useNoServer`. */
export function useServer(url: string): void {
  Object.assign(process.env, {
    ...{ AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey, AWS_SESSION_TOKEN: '' },
    ...{ AWS_ENDPOINT_URL: url, AWS_REGION: 'eu-central-1' },
  });
}

export function useNoServer(): void {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

export async function writeShards(step: number, incarnation: number, place = directory): Promise<CheckpointRecord> {
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

export async function save(step: number, incarnation: number): Promise<string> {
  return await commitCheckpoint(directory, await writeShards(step, incarnation), { keep: 2 });
}

export const passOver = () => undefined;

/** What every S3 has to do, which has nothing of this trial. */
export async function livesThrough(): Promise<void> {
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
