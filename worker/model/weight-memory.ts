/**
 * The weights' place in memory: aligned as TensorFlow wants it, so that its tensors use the floats where they are and
 * new weights are one copy. Nothing may run while they are written; all of a model's work is synchronous.
 */
import type { TensorSpec } from '../../common/manifest.js';
import type { TF } from '../tensorflow/load.js';
import type { LayerWeight } from './model-manifest.js';

const pageBytes = 65536;
const alignmentBytes = 64;

export class WeightMemory {
  readonly #places: { floats: Float32Array; offset: number }[] = [];

  /** Puts tensors over this memory in the place of the weights' own. */
  constructor(tf: TF, specs: readonly TensorSpec[], weights: readonly LayerWeight[]) {
    const slotBytes = (spec: TensorSpec) => Math.ceil((spec.length * 4) / alignmentBytes) * alignmentBytes;
    const bytes = specs.reduce((sum, spec) => sum + slotBytes(spec), 0);
    const pages = Math.max(1, Math.ceil(bytes / pageBytes));
    const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    let start = 0;
    specs.forEach((spec, index) => {
      const floats = new Float32Array(buffer, start, spec.length);
      start += slotBytes(spec);
      this.#places.push({ floats, offset: spec.offset });
      tf.tidy(() => {
        weights[index]!.write(tf.tensor(floats, spec.shape));
      });
    });
  }

  /** Takes a vector in the manifest's order. */
  write(vector: Float32Array): void {
    for (const { floats, offset } of this.#places) {
      floats.set(vector.subarray(offset, offset + floats.length));
    }
  }
}
