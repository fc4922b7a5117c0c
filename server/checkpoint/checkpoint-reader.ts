/** A committed checkpoint, opened to read chunks of it, whichever shards wrote them. */
import { createHash } from 'node:crypto';
import { placeAround } from '../../common/checkpoint-location.js';
import { copyBytes } from '../../common/copy-bytes.js';
import type { ChunkSpec } from '../../common/chunk-layout.js';
import { PolyakError } from '../../common/errors.js';
import type { ChunkMemory } from '../chunk.js';
import { openShardFile, readRecord, readVerified, type CheckpointRecord } from './checkpoint.js';
import type { SafetensorsReader } from './safetensors.js';

export class CheckpointReader {
  /** The file that was read last: chunks lie in it one behind the other. */
  private current: { file: string; reader: SafetensorsReader } | undefined;

  private constructor(
    private readonly path: string,
    readonly record: CheckpointRecord,
  ) {}

  /** Errors: `data`; of a bucket also `unreachable` and `disk`. */
  static async open(recordPath: string): Promise<CheckpointReader> {
    return new CheckpointReader(recordPath, await readRecord(recordPath));
  }

  /** Fills the chunk's memory; answers with its version. Errors: as those of `open`. */
  async load(spec: ChunkSpec, memory: ChunkMemory, slotNames: readonly string[]): Promise<number> {
    const tensors = [
      ['weights', memory.weights] as const,
      ['average', memory.average] as const,
      ...slotNames.map((name, index) => [name, memory.slots[index] ?? 0] as const),
    ];
    for (const [name, pointer] of tensors) {
      const bytes = await this.read(spec.index, name);
      if (bytes.length !== spec.length * 4) {
        const found = `chunk ${spec.index} has ${bytes.length / 4} floats, not ${spec.length}`;
        throw new PolyakError('data', `${this.current?.reader.file}: ${found}`);
      }
      copyBytes(memory.arena.bytes(pointer, bytes.length), bytes);
    }
    return this.record.step;
  }

  /** A tensor of a chunk, its checksum verified. */
  async read(chunk: number, name: string): Promise<Buffer> {
    return await readVerified(await this.readerOf(chunk), chunk, name);
  }

  async close(): Promise<void> {
    const { current } = this;
    this.current = undefined;
    await current?.reader.close();
  }

  private async readerOf(chunk: number): Promise<SafetensorsReader> {
    const entry = this.record.files.find(({ chunks }) => chunks.includes(chunk));
    if (!entry) throw new PolyakError('data', `${this.path}: no file has chunk ${chunk}`);
    const { file } = entry;
    if (this.current?.file !== file) {
      await this.close();
      this.current = { file, reader: await openShardFile(placeAround(this.path), file) };
    }
    return this.current.reader;
  }
}

/** SHA-256 over the whole vector in manifest order, read chunk by chunk. */
export async function hashVector(recordPath: string, name: 'weights' | 'average'): Promise<string> {
  const checkpoint = await CheckpointReader.open(recordPath);
  try {
    const { files } = checkpoint.record;
    const chunks = files.flatMap(({ chunks: held }) => held).toSorted((left, right) => left - right);
    const hash = createHash('sha256');
    for (const chunk of chunks) hash.update(await checkpoint.read(chunk, name));
    return hash.digest('hex');
  } finally {
    await checkpoint.close();
  }
}
