/**
 * Dropout (Srivastava et al. 2014): while training, each activation is 0 with probability `rate`. What is left is
 * multiplied by 1 / (1 - rate) while training (inverted, which evaluation knows nothing of), or everything by 1 - rate in
 * evaluation (plain, as the paper has it). Which ones is a function of seed, step, micro-batch and layer.
 */
import type { Tensor } from '@tensorflow/tfjs';
import type { TF } from '../tensorflow/load.js';
import { DropMask, type DropForm } from './drop-mask.js';
import type { LayerClass, Tensors } from './our-layers.js';
import type { TrainingContext } from './training-context.js';

export function dropoutClass(tf: TF): LayerClass {
  return class Dropout extends tf.layers.Layer {
    static className = 'Dropout';
    readonly rate: number;
    readonly form: DropForm;
    readonly #mask: DropMask;
    #context: TrainingContext | undefined;

    constructor(config: Record<string, unknown>) {
      super(config);
      this.rate = config.rate as number;
      this.form = (config.form as DropForm | undefined) ?? 'inverted';
      this.#mask = new DropMask(tf, this.rate, this.form);
      this.supportsMasking = true;
    }

    attach(context: TrainingContext, index: number): void {
      this.#context = context;
      this.#mask.attach(context, index);
    }

    override computeOutputShape(inputShape: number[]): number[] {
      return inputShape;
    }

    override call(inputs: Tensors): Tensor {
      const x = Array.isArray(inputs) ? inputs[0]! : inputs;
      const isTraining = this.#context?.draws !== undefined;
      if (!isTraining) return this.form === 'plain' ? tf.mul(x, 1 - this.rate) : x;
      const mask = this.#mask.draw(this.maskShape(x.shape));
      return mask ? tf.mul(x, mask) : x;
    }

    /** Broadcasts over the input. */
    maskShape(inputShape: number[]): number[] {
      return inputShape;
    }

    override getConfig() {
      return { ...super.getConfig(), rate: this.rate, form: this.form };
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
