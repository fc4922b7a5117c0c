/** The weights of a run's newest checkpoint as a source, by the names of its model. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readNewestWeights, type WeightsName } from '../checkpoint/newest-weights.js';
import type { WeightSource } from './weight-source.js';

/** Errors: `data` where the run has no whole checkpoint. */
export async function openRunWeights(folder: string, weights: WeightsName): Promise<WeightSource> {
  const { manifest, vector } = await readNewestWeights(join(folder, 'checkpoints'), weights);
  const { parameters, parameterCount, statistics } = manifest;
  const tensors = [
    ...parameters.map((spec) => ({ ...spec, at: spec.offset })),
    ...statistics.map((spec) => ({ ...spec, at: parameterCount + spec.offset })),
  ];
  const places = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  return {
    name: folder,
    shapes: new Map(tensors.map(({ name, shape }) => [name, shape])),
    read: async (name) => {
      const place = places.get(name);
      if (!place) throw new Error(`${folder} has no tensor ${name}`);
      return await Promise.resolve(vector.slice(place.at, place.at + place.length));
    },
    sha256: async () => {
      const hash = createHash('sha256').update(new Uint8Array(vector.buffer)).digest('hex');
      return await Promise.resolve(hash);
    },
    close: async () => await Promise.resolve(),
  };
}
