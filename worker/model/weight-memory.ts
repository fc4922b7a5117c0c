/**
 * The weights' place in memory, used by TensorFlow where it is, so that new weights are one copy. Nothing may run while
 * they are written; all of a model's work is synchronous.
 */
import type { TensorSpec } from '../../common/manifest.js';
import { usesGpu } from '../tensorflow/native-operation.js';
import type { TF } from '../tensorflow/load.js';
import { alignedFloats } from './aligned-floats.js';
import type { LayerWeight } from './model-manifest.js';

export class WeightMemory {
  readonly #places: { floats: Float32Array; offset: number; renew: () => void }[];
  readonly #copied: boolean;
  readonly #release: () => void;

  /** Puts tensors over this memory in the place of the weights' own. */
  constructor(tf: TF, specs: readonly TensorSpec[], weights: readonly LayerWeight[]) {
    const { arrays, release } = alignedFloats(specs.map((spec) => spec.length));
    this.#release = release;
    this.#places = specs.map(({ shape, offset }, index) => {
      const floats = arrays[index]!.fill(0);
      const renew = () =>
        tf.tidy(() => {
          weights[index]!.write(tf.tensor(floats, shape));
        });
      renew();
      return { floats, offset, renew };
    });
    this.#copied = usesGpu(tf);
  }

  /** Takes a vector in the manifest's order. */
  write(vector: Float32Array): void {
    for (const { floats, offset, renew } of this.#places) {
      floats.set(vector.subarray(offset, offset + floats.length));
      if (this.#copied) renew();
    }
  }

  /** To be called once, when the tensors over it have been disposed. */
  release(): void {
    this.#release();
  }
}
