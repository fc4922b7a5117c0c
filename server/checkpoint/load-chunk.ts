/** Reads chunks of a committed checkpoint, whichever shards wrote them. */
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { copyBytes } from '../../common/copy-bytes.js';
import type { ChunkSpec } from '../../common/chunk-layout.js';
import { PolyakError } from '../../common/errors.js';
import type { ChunkMemory } from '../chunk.js';
import { readRecord, readVerified, type CheckpointRecord } from './checkpoint.js';
import { SafetensorsReader } from './safetensors.js';

/** Fills the chunk's memory; answers with its version. Errors: `data`. */
export async function loadChunk(
  recordPath: string,
  spec: ChunkSpec,
  memory: ChunkMemory,
  slotNames: readonly string[],
): Promise<number> {
  const record = await readRecord(recordPath);
  const tensors = [
    ['weights', memory.weights] as const,
    ['average', memory.average] as const,
    ...slotNames.map((name, index) => [name, memory.slots[index] ?? 0] as const),
  ];
  await withChunkFile(recordPath, record, spec.index, async (reader) => {
    for (const [name, pointer] of tensors) {
      const bytes = await readVerified(reader, spec.index, name);
      if (bytes.length !== spec.length * 4) {
        throw new PolyakError(
          'data',
          `${reader.file}: chunk ${spec.index} has ${bytes.length / 4} floats, not ${spec.length}`,
        );
      }
      copyBytes(memory.arena.bytes(pointer, bytes.length), bytes);
    }
  });
  return record.step;
}

/** SHA-256 over the whole vector in manifest order, read chunk by chunk. */
export async function hashVector(recordPath: string, name: 'weights' | 'average'): Promise<string> {
  const record = await readRecord(recordPath);
  const chunks = record.files.flatMap(({ chunks: held }) => held).toSorted((left, right) => left - right);
  const hash = createHash('sha256');
  for (const chunk of chunks) {
    await withChunkFile(recordPath, record, chunk, async (reader) => {
      hash.update(await readVerified(reader, chunk, name));
    });
  }
  return hash.digest('hex');
}

async function withChunkFile(
  recordPath: string,
  record: CheckpointRecord,
  chunk: number,
  use: (reader: SafetensorsReader) => Promise<void>,
): Promise<void> {
  const entry = record.files.find(({ chunks }) => chunks.includes(chunk));
  if (!entry) throw new PolyakError('data', `${recordPath}: no file has chunk ${chunk}`);
  const reader = await SafetensorsReader.open(join(dirname(recordPath), entry.file));
  try {
    await use(reader);
  } finally {
    await reader.close();
  }
}
