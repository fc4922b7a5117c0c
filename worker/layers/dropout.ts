/**
 * Inverted dropout (Srivastava et al. 2014): while training, each activation is 0 with probability `rate` and else
 * multiplied by 1 / (1 - rate). Which ones is a function of seed, step, micro-batch and layer, not of a generator.
 */
import type { Tensor } from '@tensorflow/tfjs';
import type { TF } from '../tensorflow/load.js';
import type { LayerClass, Tensors } from './our-layers.js';
import type { TrainingContext } from './training-context.js';

export function dropoutClass(tf: TF): LayerClass {
  return class Dropout extends tf.layers.Layer {
    static className = 'Dropout';
    readonly rate: number;
    #context: TrainingContext | undefined;
    #index = 0;
    #place = 0;
    #floats = 0;

    constructor(config: Record<string, unknown>) {
      super(config);
      this.rate = config.rate as number;
      this.supportsMasking = true;
    }

    attach(context: TrainingContext, index: number): void {
      this.#context = context;
      this.#index = index;
    }

    override computeOutputShape(inputShape: number[]): number[] {
      return inputShape;
    }

    override call(inputs: Tensors): Tensor {
      const x = Array.isArray(inputs) ? inputs[0]! : inputs;
      const context = this.#context;
      if (!context?.draws || this.rate === 0) {
        return x;
      }
      const shape = this.maskShape(x.shape);
      const size = shape.reduce((product, each) => product * each, 1);
      if (size > this.#floats) {
        this.#place = context.reserve(size);
        this.#floats = size;
      }
      // The tensor aliases the mask's place, which is written again only in the next gradient.
      const mask = tf.tensor(context.dropoutMask(this.#place, size, this.#index, this.rate), shape);
      return tf.mul(x, mask);
    }

    /** Broadcasts over the input. */
    maskShape(inputShape: number[]): number[] {
      return inputShape;
    }

    override getConfig() {
      return { ...super.getConfig(), rate: this.rate };
    }
  };
}

/**
 * Drops whole channels of each sample (Tompson et al. 2015), because places beside one another say the same: of
 * sequences with 1 dimension of places, of images with 2.
 */
export function spatialDropoutClass(tf: TF, dimensions: 1 | 2): LayerClass {
  const Dropout = dropoutClass(tf);
  return class extends Dropout {
    static className = `SpatialDropout${dimensions}D`;

    constructor(config: Record<string, unknown>) {
      super(config);
      this.inputSpec = [{ ndim: dimensions + 2 }];
    }

    maskShape(inputShape: number[]): number[] {
      return inputShape.map((size, axis) => (axis === 0 || axis === inputShape.length - 1 ? size : 1));
    }
  };
}
