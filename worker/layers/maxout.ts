/**
 * Maxout (Goodfellow et al. 2013): of n * pieces channels, output c is the largest of the channels c, c + n, c + 2 n and
 * on. It has no weights; the dense or convolutional layer before it has the pieces. The gradient goes to the largest
 * alone, and of equal ones to the first.
 */
import type { Rank, Tensor } from '@tensorflow/tfjs';
import type { TF } from '../tensorflow/load.js';
import { maxPool, probeMaxPool } from './max-pooling-2d.js';
import type { LayerClass, Tensors } from './our-layers.js';

export function maxoutClass(tf: TF): LayerClass {
  return class Maxout extends tf.layers.Layer {
    static className = 'Maxout';
    readonly pieces: number;

    constructor(config: Record<string, unknown>) {
      super(config);
      this.pieces = config.pieces as number;
    }

    override build(inputShape: number[]): void {
      super.build(inputShape);
      probeMaxPool(tf);
    }

    override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
      const channels = inputShape.at(-1)!;
      if (channels % this.pieces !== 0) {
        throw new Error(`its ${channels} channels are no multiple of ${this.pieces} pieces`);
      }
      return [...inputShape.slice(0, -1), channels / this.pieces];
    }

    /** As max pooling over a picture that has the pieces as its rows. */
    override call(inputs: Tensors): Tensor {
      const x = Array.isArray(inputs) ? inputs[0]! : inputs;
      const channels = x.shape.at(-1)! / this.pieces;
      return tf.tidy(() => {
        const rows = tf.reshape<Rank.R4>(x, [-1, this.pieces, 1, channels]);
        const largest = maxPool(tf, rows, [this.pieces, 1], [1, 1], 'valid');
        return tf.reshape(largest, [...x.shape.slice(0, -1), channels]);
      });
    }

    override getConfig() {
      return { ...super.getConfig(), pieces: this.pieces };
    }
  };
}
