/** tfjs's Embedding, but for tokens that are none: they are named, where tfjs cuts fractions off. */
import type { Tensor } from '@tensorflow/tfjs';
import { PolyakError } from '../../common/errors.js';
import type { TF } from '../tensorflow/load.js';
import type { LayerClass, Tensors } from './our-layers.js';

export function embeddingClass(tf: TF): LayerClass {
  const Embedding = tf.layers.embedding({ inputDim: 1, outputDim: 1 }).constructor as LayerClass;
  return class extends Embedding {
    static className = 'Embedding';

    /** Errors: PolyakError `data`. */
    override call(inputs: Tensors, kwargs: Parameters<InstanceType<LayerClass>['call']>[1]): Tensor | Tensor[] {
      const { inputDim } = this as unknown as { inputDim: number };
      const tokens = (Array.isArray(inputs) ? inputs[0]! : inputs).dataSync();
      const wrong = tokens.find((token) => !Number.isInteger(token) || token < 0 || token >= inputDim);
      if (wrong !== undefined) {
        const right = `a token is a whole number from 0 to ${inputDim - 1}`;
        throw new PolyakError('data', `layer '${this.name}': a sample has ${wrong}, ${right} (inputDim: ${inputDim})`);
      }
      return super.call(inputs, kwargs);
    }
  };
}
