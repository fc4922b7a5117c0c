/** One shard's part of a checkpoint: a safetensors file whose tensors are named `chunk.7.weights`, by chunk number. */
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { checkpointPlace } from './checkpoint-place.js';

export interface ChunkSnapshot {
  chunk: number;
  version: number;
  tensors: Record<string, Buffer>;
}

export interface ShardFileOptions {
  directory: string;
  incarnation: number;
  shard: number;
  shards: number;
  step: number;
  trialKey: Buffer;
  snapshots: ChunkSnapshot[];
}

export interface WrittenFile {
  /** File name inside the trial's checkpoint folder. */
  file: string;
  bytes: number;
}

export function tensorName(chunk: number, name: string): string {
  return `chunk.${chunk}.${name}`;
}

/**
 * Its lead has made the folder; one that was deleted since is not made anew. Errors: `disk`, `lost`; of a bucket BucketError,
 * after which the same may be tried again.
 */
export async function writeShardFile(options: ShardFileOptions, signal?: AbortSignal): Promise<WrittenFile> {
  const { directory, incarnation, shard, shards, step, trialKey, snapshots } = options;
  const name = `step-${String(step).padStart(9, '0')}.${incarnation}.shard-${shard}-of-${shards}.safetensors`;
  const ordered = snapshots.toSorted((left, right) => left.chunk - right.chunk);
  const tensors = ordered.flatMap(({ chunk, tensors: named }) =>
    Object.entries(named).map(([key, bytes]) => ({ name: tensorName(chunk, key), bytes })),
  );
  const checksums: Record<string, string> = {};
  for (const { name: key, bytes } of tensors) {
    checksums[`sha256:${key}`] = sha256(bytes);
    // A large shard's hashes take longer than the network may wait.
    await setImmediate();
  }
  const facts = { step: String(step), incarnation: String(incarnation), trialKey: trialKey.toString('hex') };
  const content = { tensors, metadata: { ...facts, ...checksums } };
  return { file: name, bytes: await checkpointPlace(directory).writeTensors(name, content, signal) };
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
