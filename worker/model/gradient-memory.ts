/**
 * The way of gradients out of TensorFlow: one operation copies each into memory of ours. tfjs's own way allocates a new
 * array for each and leaves it to the garbage collector, which can cost more than the arithmetic.
 */
import type { Tensor, Tensor1D } from '@tensorflow/tfjs';
import { isNative, runNativeFloat } from '../tensorflow/native-operation.js';
import type { TF } from '../tensorflow/load.js';
import { alignedFloats } from './aligned-floats.js';

interface Place {
  floats: Float32Array;
  /** [1, length], over the floats. */
  tensor: Tensor;
}

export class GradientMemory {
  readonly #places: Place[];
  readonly #release: () => void;
  readonly #first: Tensor1D;
  /** TensorFlow says of InplaceUpdate that it may go one day, so it is tried. */
  readonly #inPlace: boolean;

  constructor(
    private readonly tf: TF,
    lengths: readonly number[],
  ) {
    this.#first = tf.tensor1d([0], 'int32');
    const { arrays, release } = alignedFloats(lengths);
    this.#release = release;
    this.#places = arrays.map((floats) => ({
      floats,
      tensor: tf.tensor2d(floats, [1, floats.length]),
    }));
    this.#inPlace = isNative(tf) && this.#works();
  }

  /** The tensor's floats; they are overwritten by the next read of the same index. */
  read(index: number, tensor: Tensor): Float32Array {
    if (!this.#inPlace) {
      return tensor.dataSync<'float32'>();
    }
    const { floats, tensor: place } = this.#places[index]!;
    this.tf.tidy(() => {
      runNativeFloat(this.tf, 'InplaceUpdate', [place, this.#first, this.tf.reshape(tensor, place.shape)]);
    });
    return floats;
  }

  dispose(): void {
    this.#first.dispose();
    for (const { tensor } of this.#places) tensor.dispose();
    this.#release();
  }

  #works(): boolean {
    const { tf } = this;
    const { arrays, release } = alignedFloats([3]);
    const floats = arrays[0]!.fill(0);
    try {
      tf.tidy(() => {
        const place = tf.tensor2d(floats, [1, 3]);
        runNativeFloat(tf, 'InplaceUpdate', [place, this.#first, tf.tensor2d([[1, 2, 3]])]);
      });
      return floats.join() === '1,2,3';
    } catch {
      return false;
    } finally {
      release();
    }
  }
}
