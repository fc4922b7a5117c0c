/** One shard's part of a checkpoint: a safetensors file whose tensors are named `chunk.7.weights`, by chunk number. */
import { createHash } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { folderError } from './checkpoint-folder.js';
import { writeSafetensors } from './safetensors.js';

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

/** Its lead has made the folder; one that was deleted since is not made anew. Errors: `disk`, `lost`. */
export async function writeShardFile(options: ShardFileOptions): Promise<WrittenFile> {
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
  const temporary = join(directory, `${name}.partial`);
  const facts = { step: String(step), incarnation: String(incarnation), trialKey: trialKey.toString('hex') };
  try {
    const bytes = await writeSafetensors(temporary, tensors, { ...facts, ...checksums });
    await rename(temporary, join(directory, name));
    return { file: name, bytes };
  } catch (error) {
    // What of it was written takes room that a full disk does not have.
    await rm(temporary, { force: true });
    throw folderError(directory, error);
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
