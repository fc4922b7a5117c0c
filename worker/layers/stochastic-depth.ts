/**
 * Stochastic depth (Huang et al. 2016): what the layers of a residual block put out is dropped as a whole with probability
 * `rate` while training, so that the block is its shortcut alone, and else multiplied by 1 / (1 - rate); in evaluation it
 * is passed on. Whether it is dropped is drawn for each sample, or once for a micro-batch, as the paper has it.
 */
import type { TF } from '../tensorflow/load.js';
import { dropoutClass } from './dropout.js';
import type { LayerClass } from './our-layers.js';

export function stochasticDepthClass(tf: TF): LayerClass {
  const Dropout = dropoutClass(tf);
  return class StochasticDepth extends Dropout {
    static className = 'StochasticDepth';
    readonly per: 'sample' | 'microBatch';

    constructor(config: Record<string, unknown>) {
      super(config);
      this.per = (config.per as 'sample' | 'microBatch' | undefined) ?? 'sample';
    }

    maskShape(inputShape: number[]): number[] {
      return inputShape.map((size, axis) => (axis === 0 && this.per === 'sample' ? size : 1));
    }

    override getConfig() {
      return { ...super.getConfig(), per: this.per };
    }
  };
}
