/**
 * Where the floats of a trial's vectors lie: which chunk, which shard, which tensors. Everything here is arithmetic on
 * the manifest; nothing holds weights.
 */
import type { Manifest, TensorSpec } from './manifest.js';

/** A stretch of one tensor inside one chunk. All numbers count floats. */
export interface Segment {
  tensor: TensorSpec;
  /** Index of the tensor: in `parameters`, or after them in `statistics`. */
  tensorIndex: number;
  /** First float inside the chunk. */
  start: number;
  /** First float inside the tensor. */
  tensorStart: number;
  length: number;
}

export interface ChunkSpec {
  index: number;
  kind: 'parameters' | 'statistics';
  /** First float in the whole vector: parameters, then statistics. */
  offset: number;
  length: number;
  segments: Segment[];
}

/** The chunks of the vector [parameters, statistics]; no chunk has floats of both. */
export function layOutChunks(manifest: Manifest, chunkFloats: number): ChunkSpec[] {
  const chunks: ChunkSpec[] = [];
  const layOut = (kind: ChunkSpec['kind'], tensors: TensorSpec[], count: number, base: number, firstTensor: number) => {
    for (let from = 0; from < count; from += chunkFloats) {
      const to = Math.min(count, from + chunkFloats);
      const segments = tensors.flatMap((tensor, position) => {
        const start = Math.max(from, tensor.offset);
        const end = Math.min(to, tensor.offset + tensor.length);
        if (end <= start) return [];
        const tensorIndex = firstTensor + position;
        return [{ tensor, tensorIndex, start: start - from, tensorStart: start - tensor.offset, length: end - start }];
      });
      chunks.push({ index: chunks.length, kind, offset: base + from, length: to - from, segments });
    }
  };
  layOut('parameters', manifest.parameters, manifest.parameterCount, 0, 0);
  layOut(
    'statistics',
    manifest.statistics,
    manifest.statisticsCount,
    manifest.parameterCount,
    manifest.parameters.length,
  );
  return chunks;
}

/** The shard that leads a trial, and owns its first chunk; tiny trials spread out by their random keys. */
export function leadShardOf(trialKey: Buffer, shards: number): number {
  return trialKey.readUInt32LE(0) % shards;
}

export function shardOfChunk(trialKey: Buffer, chunk: number, chunks: number, shards: number): number {
  return (leadShardOf(trialKey, shards) + Math.floor((chunk * shards) / chunks)) % shards;
}
