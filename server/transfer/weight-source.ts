/** Named tensors that a training can begin with, whatever file they lie in. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PolyakError } from '../../common/errors.js';
import type { Transfer } from '../../common/experiment/transfer-schema.js';
import { openRunWeights } from './run-weights.js';
import { openSafetensors } from './safetensors-tensors.js';
import { openTfjsModel } from './tfjs-model.js';

export interface WeightSource {
  /** What messages call it. */
  readonly name: string;
  /** Shapes by name; also of tensors whose type cannot be read. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** In the layout that it has there. Errors: `data` for a type that is not floats, or a file that is torn. */
  read(tensor: string): Promise<Float32Array>;
  /** Of the file, of the model's files one after the other, or of the run's weights. */
  sha256(): Promise<string>;
  close(): Promise<void>;
}

/** Errors: `usage` for what is no source of weights, `data` for one that is torn. */
export async function openWeightSource({ from, weights }: Pick<Transfer, 'from' | 'weights'>): Promise<WeightSource> {
  const info = await stat(from).catch(() => undefined);
  if (!info) throw new PolyakError('usage', `transfer.from: '${from}' does not exist`);
  if (info.isDirectory()) {
    const inside = await stat(join(from, 'checkpoints')).catch(() => undefined);
    if (inside?.isDirectory()) return await openRunWeights(from, weights);
    const model = join(from, 'model.json');
    if (await stat(model).catch(() => undefined)) return await openTfjsModel(model);
    throw new PolyakError('usage', `transfer.from: '${from}' is no folder of a run, nor one with a model.json`);
  }
  if (from.endsWith('.safetensors')) return await openSafetensors(from);
  if (from.endsWith('.json')) return await openTfjsModel(from);
  const right = "a run's folder, a model.json, or a .safetensors";
  throw new PolyakError('usage', `transfer.from: '${from}' is none of ${right}`);
}
