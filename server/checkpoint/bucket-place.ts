/**
 * Checkpoints in a bucket: an object is created by a conditional write, which the server grants to one of two who ask. An
 * answer may be lost on its way, so whoever is told that an object is there looks whether it is its own.
 */
import { createHash, randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { bucketLocation } from '../../common/checkpoint-location.js';
import { PolyakError } from '../../common/errors.js';
import { objectBytesMax, S3 } from '../../common/remote/s3.js';
import { BucketError, bucketError } from './bucket-error.js';
import { BucketBytes } from './bucket-bytes.js';
import type { ByteSource } from './byte-source.js';
import type { CheckpointPlace, TensorFile } from './checkpoint-place.js';
import { safetensorsLayout } from './safetensors.js';

/** Buckets, with their endpoints, that have been seen to refuse a second creation. */
const proved = new Set<string>();

export class BucketPlace implements CheckpointPlace {
  private constructor(
    readonly name: string,
    private readonly s3: S3,
    private readonly bucket: string,
    private readonly prefix: string,
  ) {}

  static open(name: string, s3 = S3.fromEnvironment()): BucketPlace {
    const { bucket, prefix } = bucketLocation(name, 'checkpoints');
    return new BucketPlace(name.replace(/\/+$/, ''), s3, bucket, prefix);
  }

  /** Nothing is to be made in a bucket; but who may not write there, is told before training begins. */
  async prepare(): Promise<void> {
    if (this.s3.hasKeys) return await Promise.resolve();
    const missing = 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set where this server runs';
    throw new BucketError('disk', `${this.name} cannot be written: ${missing}`);
  }

  async list(): Promise<string[]> {
    const prefix = this.key('');
    const objects = await this.told(this.s3.list(this.bucket, prefix));
    return objects.map(({ key }) => key.slice(prefix.length)).filter((file) => file !== '' && !file.includes('/'));
  }

  /** Errors: `data` where it is not there. */
  async read(file: string): Promise<Buffer> {
    return await this.told(this.unlessMissing(file, this.s3.read(this.bucket, this.key(file))));
  }

  /** Errors: `data` where it is not there. */
  async open(file: string): Promise<ByteSource> {
    const range = async (from: number, length: number) =>
      await this.told(this.unlessMissing(file, this.s3.range(this.bucket, this.key(file), { from, length })));
    return await BucketBytes.open(range);
  }

  async claim(file: string): Promise<boolean> {
    const claimed = await this.create(file, [Buffer.from(`${randomUUID()}\n`)]);
    if (claimed) await this.requireConditions(file);
    return claimed;
  }

  async commit(file: string, text: string): Promise<boolean> {
    return await this.create(file, [Buffer.from(text)]);
  }

  async writeTensors(file: string, { tensors, metadata }: TensorFile, signal?: AbortSignal): Promise<number> {
    const { header, bytes } = safetensorsLayout(tensors, metadata);
    if (bytes > objectBytesMax) {
      const most = `an object of a bucket has at most ${objectBytesMax}`;
      throw new PolyakError('usage', `${this.name}/${file} would have ${bytes} bytes, ${most}; give more --shards`);
    }
    const created = await this.create(file, [header, ...tensors.map((tensor) => tensor.bytes)], signal);
    if (!created) throw new PolyakError('fenced', `${this.name}/${file} has been written by another process`);
    return bytes;
  }

  async remove(file: string): Promise<void> {
    await this.told(this.s3.remove(this.bucket, this.key(file)));
  }

  async removeEmpty(): Promise<void> {
    await Promise.resolve();
  }

  /** False where another's is there; an object of the same bytes is ours, or as good. */
  private async create(file: string, parts: readonly Uint8Array[], signal?: AbortSignal): Promise<boolean> {
    const hash = createHash('sha256');
    for (const part of parts) {
      hash.update(part);
      // A large shard's hash takes longer than the network may wait.
      await setImmediate();
    }
    const sha256 = hash.digest('hex');
    if (await this.told(this.s3.create(this.bucket, this.key(file), parts, { sha256, signal }))) return true;
    const there = await this.told(this.s3.hashOf(this.bucket, this.key(file), signal));
    return there === sha256;
  }

  /** Once per bucket and process: servers that do not know conditional writes would let two leads have one trial. */
  private async requireConditions(file: string): Promise<void> {
    const place = `${this.s3.host} ${this.bucket}`;
    if (proved.has(place)) return;
    const again = Buffer.from('a second creation of this object\n');
    const sha256 = createHash('sha256').update(again).digest('hex');
    if (await this.told(this.s3.create(this.bucket, this.key(file), [again], { sha256 }))) {
      const why =
        'its server replaces an object in spite of If-None-Match: *, so that two servers could have one trial';
      throw new BucketError('disk', `${this.name}: ${why}; use a server that knows conditional writes`);
    }
    proved.add(place);
  }

  private async unlessMissing<Value>(file: string, work: Promise<Value>): Promise<Value> {
    return await work.catch((error: unknown) => {
      if (!(error instanceof PolyakError) || !/answered 404; NoSuchKey|answered 404$/.test(error.message)) throw error;
      throw new MissingObject('data', `${this.name}/${file}: is not there`, { cause: error });
    });
  }

  private async told<Value>(work: Promise<Value>): Promise<Value> {
    return await work.catch((error: unknown) => {
      throw error instanceof MissingObject ? error : bucketError(error);
    });
  }

  private key(file: string): string {
    return this.prefix === '' ? file : `${this.prefix}/${file}`;
  }
}

class MissingObject extends PolyakError {}
