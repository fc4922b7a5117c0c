/** tfjs's exponential linear unit (Clevert et al. 2016) with any alpha: x above 0, alpha (e^x - 1) below. */
import type { Tensor } from '@tensorflow/tfjs';
import type { TF } from '../tensorflow/load.js';
import type { LayerClass, Tensors } from './our-layers.js';

export function eluClass(tf: TF): LayerClass {
  return class ELU extends tf.layers.Layer {
    static className = 'ELU';
    readonly alpha: number;

    constructor(config: Record<string, unknown>) {
      super(config);
      this.alpha = (config.alpha as number | undefined) ?? 1;
      this.supportsMasking = true;
    }

    override computeOutputShape(inputShape: number[]): number[] {
      return inputShape;
    }

    override call(inputs: Tensors): Tensor {
      const x = Array.isArray(inputs) ? inputs[0]! : inputs;
      if (this.alpha === 1) return tf.elu(x);
      return tf.tidy(() => {
        // Above 0 the difference is exactly 0.
        const positive = tf.relu(x);
        return tf.add(positive, tf.mul(tf.sub(tf.elu(x), positive), this.alpha));
      });
    }

    override getConfig() {
      return { ...super.getConfig(), alpha: this.alpha };
    }
  };
}
