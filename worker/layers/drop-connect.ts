/**
 * A dense layer with DropConnect (Wan et al. 2013): while training, each weight of its kernel is 0 with probability `rate`
 * and else multiplied by 1 / (1 - rate), one mask for a micro-batch; the bias stays. Evaluation uses the kernel itself,
 * which is the mean of all masks, where the paper draws from a normal distribution around it.
 */
import type { Tensor } from '@tensorflow/tfjs';
import type { TF } from '../tensorflow/load.js';
import { DropMask } from './drop-mask.js';
import type { LayerClass } from './our-layers.js';
import type { TrainingContext } from './training-context.js';
import { denseClass } from './weighted-layers.js';

export function dropConnectClass(tf: TF): LayerClass {
  const Dense = denseClass(tf);
  return class DropConnect extends Dense {
    static className = 'DropConnect';
    readonly rate: number;
    readonly #mask: DropMask;

    constructor(config: Record<string, unknown>) {
      super(config);
      this.rate = config.rate as number;
      this.#mask = new DropMask(tf, this.rate);
    }

    attach(context: TrainingContext, index: number): void {
      this.#mask.attach(context, index);
    }

    /** What a dense layer multiplies by in place of its kernel. */
    connected(kernel: Tensor): Tensor {
      const mask = this.#mask.draw(kernel.shape);
      return mask ? tf.mul(kernel, mask) : kernel;
    }

    override getConfig() {
      return { ...super.getConfig(), rate: this.rate };
    }
  };
}
