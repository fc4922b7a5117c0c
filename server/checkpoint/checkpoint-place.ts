/**
 * Where the files of a trial's checkpoints lie: a folder that the servers share, or a prefix in a bucket. Whatever is created
 * here is there whole or not at all, and of two who create the same name one is told that it came second. What the files
 * mean is not known here.
 */
import { isBucket } from '../../common/checkpoint-location.js';
import { BucketPlace } from './bucket-place.js';
import type { ByteSource } from './byte-source.js';
import { FolderPlace } from './folder-place.js';

/** Named tensors of float32, and texts that go with them. */
export interface TensorFile {
  tensors: { name: string; bytes: Uint8Array }[];
  metadata: Record<string, string>;
}

export interface CheckpointPlace {
  /** As it was given. */
  readonly name: string;
  /** Makes it; `within` is what must be there already. Errors: `disk`, `lost`. */
  prepare(options: { within: string | undefined }): Promise<void>;
  /** Names of the files. Errors: of the disk; `unreachable`, `disk` of a bucket. */
  list(): Promise<string[]>;
  read(file: string): Promise<Buffer>;
  open(file: string): Promise<ByteSource>;
  /** Takes a name that one only can have, with nothing in it. False where another has it. */
  claim(file: string): Promise<boolean>;
  /** A text that is committed by being there. False where another's is. */
  commit(file: string, text: string): Promise<boolean>;
  /** Answers with its size in bytes. */
  writeTensors(file: string, content: TensorFile, signal?: AbortSignal): Promise<number>;
  remove(file: string): Promise<void>;
  /** What is left of the place when its files are removed. */
  removeEmpty(): Promise<void>;
}

/** Errors: `usage` for a name that is none; for one in a bucket, where half of a pair of keys is set. */
export function checkpointPlace(name: string): CheckpointPlace {
  return isBucket(name) ? BucketPlace.open(name) : new FolderPlace(name);
}
