/** The weights of a run's newest whole checkpoint, put together from the files of however many shards wrote it. */
import { layOutChunks } from '../../common/chunk-layout.js';
import { PolyakError } from '../../common/errors.js';
import type { Manifest } from '../../common/manifest.js';
import { newestCheckpoint, openShardFile, readVerified, type CheckpointRecord } from './checkpoint.js';

/** The weights as they were last, or their running average. */
export type WeightsName = 'last' | 'average';

export interface CheckpointWeights {
  /** Of the checkpoint's record. */
  path: string;
  record: CheckpointRecord;
  manifest: Manifest;
  /** Parameters, then statistics, in the manifest's order. */
  vector: Float32Array;
}

/** A run that is training replaces its checkpoints while they are read. */
const attemptsMax = 3;

/** Of the step, where one is given. Errors: `data` where no such checkpoint of the folder is whole. */
export async function readNewestWeights(
  directory: string,
  weights: WeightsName,
  step?: number,
): Promise<CheckpointWeights> {
  for (let attempt = 1; ; attempt++) {
    const { path, record } = await newestWhole(directory, step);
    const manifest = record.manifest as unknown as Manifest;
    try {
      return { path, record, manifest, vector: await readVector(directory, record, manifest, weights) };
    } catch (error) {
      if (attempt === attemptsMax) throw error;
    }
  }
}

async function newestWhole(directory: string, step: number | undefined) {
  const bad: string[] = [];
  const newest = await newestCheckpoint(directory, (path, reason) => bad.push(`\n  ${path}: ${reason}`), step);
  if (newest) return newest;
  const wanted = step === undefined ? '' : ` of step ${step}`;
  const found =
    bad.length > 0
      ? `has no checkpoint${wanted} that is whole:${bad.join('')}`
      : `has no checkpoint${wanted === '' ? ' yet' : wanted}`;
  throw new PolyakError('data', `${directory}: ${found}`);
}

async function readVector(
  directory: string,
  record: CheckpointRecord,
  manifest: Manifest,
  weights: WeightsName,
): Promise<Float32Array> {
  const vector = new Float32Array(manifest.parameterCount + manifest.statisticsCount);
  const bytes = new Uint8Array(vector.buffer);
  const name = weights === 'last' ? 'weights' : 'average';
  const missing = new Map(layOutChunks(manifest, record.chunkFloats).map((chunk) => [chunk.index, chunk]));
  for (const { file, chunks } of record.files) {
    const reader = await openShardFile(directory, file);
    try {
      for (const index of chunks) {
        const tensor = await readVerified(reader, index, name);
        const chunk = missing.get(index);
        if (tensor.length !== (chunk?.length ?? 0) * 4) {
          const expected = `the manifest says ${chunk?.length ?? 0}`;
          throw new PolyakError('data', `${file}: chunk ${index} has ${tensor.length / 4} floats, ${expected}`);
        }
        bytes.set(tensor, (chunk?.offset ?? 0) * 4);
        missing.delete(index);
      }
    } finally {
      await reader.close();
    }
  }
  if (missing.size > 0) throw new PolyakError('data', `${directory}: no file has chunks ${[...missing.keys()].join()}`);
  return vector;
}
