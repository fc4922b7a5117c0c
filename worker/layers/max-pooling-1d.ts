/** tfjs's max pooling over sequences, computed as that over images, so with its quick gradient. */
import type { Tensor, Tensor3D, Tensor4D } from '@tensorflow/tfjs';
import type { TF } from '../tensorflow/load.js';
import { maxPool, probeMaxPool } from './max-pooling-2d.js';
import type { LayerClass, Tensors } from './our-layers.js';

type Pair = [number, number];

export function maxPooling1dClass(tf: TF): LayerClass {
  const MaxPooling1D = tf.layers.maxPooling1d({ poolSize: 1 }).constructor as LayerClass;
  return class extends MaxPooling1D {
    static className = 'MaxPooling1D';

    override build(inputShape: number[]): void {
      super.build(inputShape);
      probeMaxPool(tf);
    }

    /** tfjs's class calls it with the sequence as a picture of one column. */
    poolingFunction(x: Tensor4D, poolSize: Pair, strides: Pair, padding: 'valid' | 'same'): Tensor {
      return maxPool(tf, x, poolSize, strides, padding);
    }
  };
}

/** The gradient goes to the first maximum alone; tfjs's own goes in whole to each of several equal ones. */
export function globalMaxPooling1dClass(tf: TF): LayerClass {
  const GlobalMaxPooling1D = tf.layers.globalMaxPooling1d({}).constructor as LayerClass;
  return class extends GlobalMaxPooling1D {
    static className = 'GlobalMaxPooling1D';

    override build(inputShape: number[]): void {
      super.build(inputShape);
      probeMaxPool(tf);
    }

    override call(inputs: Tensors): Tensor {
      const x = (Array.isArray(inputs) ? inputs[0] : inputs) as Tensor3D;
      const [samples, steps, features] = x.shape;
      return tf.tidy(() => {
        const most = maxPool(tf, tf.reshape(x, [samples, steps, 1, features]), [steps, 1], [1, 1], 'valid');
        return tf.reshape(most, [samples, features]);
      });
    }
  };
}
