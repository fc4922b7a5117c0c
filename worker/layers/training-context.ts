/**
 * What a gradient tells the layers and hears from them while it runs. tf.layers passes nothing but tensors from layer
 * to layer, so each model has one of these and each of our layers holds it.
 */
import { randomKernels, type RandomKernels } from '../../common/kernels/random-kernels.js';
import { CounterRandom, Purpose } from '../../common/random.js';
import { modelMemories } from '../model/aligned-floats.js';

const pageBytes = 65536;
/** TensorFlow uses memory in place only if it is aligned like this. */
const alignmentBytes = 64;

/** Where the draws of one micro-batch come from. */
export interface Draws {
  seed: number;
  step: number;
  microBatch: number;
}

export type StatisticsListener = (layer: string, mean: Float32Array, variance: Float32Array) => void;

export class TrainingContext {
  /** Undefined outside of a gradient: the layers then work as in evaluation. */
  draws: Draws | undefined;
  /** Is told the mean and the unbiased variance of each batch normalisation, in the order of the layers. */
  onStatistics: StatisticsListener | undefined;
  readonly #memory = modelMemories.take(1);
  readonly #kernels: RandomKernels = randomKernels(this.#memory);
  #nextByte = pageBytes;

  /** Byte offset of a place for n floats that belongs to the caller for good. */
  reserve(n: number): number {
    const place = this.#nextByte;
    this.#nextByte += Math.ceil((n * 4) / alignmentBytes) * alignmentBytes;
    const missing = this.#nextByte - this.#memory.buffer.byteLength;
    if (missing > 0) {
      this.#memory.grow(Math.ceil(missing / pageBytes));
    }
    return place;
  }

  /** The model has been disposed; to be called once. */
  release(): void {
    modelMemories.give(this.#memory);
  }

  /** Floats that are 0 or 1 / (1 - rate), a function of the draws and the layer's number alone. */
  dropoutMask(place: number, n: number, layer: number, rate: number): Float32Array {
    const { seed, step, microBatch } = this.draws!;
    this.#kernels.dropoutMask(place, n, seed % 2 ** 32, Math.floor(seed / 2 ** 32), step, microBatch, layer, rate);
    return new Float32Array(this.#memory.buffer, place, n);
  }

  /** The same stream, from its beginning, for a layer that draws no mask. */
  random(layer: number): CounterRandom {
    const { seed, step, microBatch } = this.draws!;
    return new CounterRandom(seed, Purpose.dropout, step, microBatch, layer);
  }
}
