/**
 * Looks into a model while it computes: what each layer puts out, and the gradient of the summed loss by that, as they go
 * by. What is computed stays the same, bit for bit.
 */
import type { layers, LayersModel, Tensor } from '@tensorflow/tfjs';
import type { TF } from '../tensorflow/load.js';

export interface LayerListener {
  /** The tensors belong to the model. */
  forward(layer: string, inputs: Tensor[], output: Tensor): void;
  /** Of the same shape as the output. Not called where no weight lies before it. */
  backward(layer: string, gradient: Tensor): void;
}

type Call = layers.Layer['call'];

/** For as long as the model lives. */
export function tapLayers(tf: TF, model: LayersModel, listener: LayerListener): void {
  for (const layer of model.layers) {
    const call: Call = layer.call.bind(layer);
    const tapped = tf.customGrad((...args) => ({
      value: tf.clone(args[0] as Tensor),
      gradFunc: (gradient: Tensor) => {
        listener.backward(layer.name, gradient);
        return tf.clone(gradient);
      },
    }));
    const tap = (inputs: Tensor | Tensor[], output: Tensor) => {
      listener.forward(layer.name, [inputs].flat(), output);
      return tapped(output);
    };
    layer.call = (inputs, kwargs) => {
      const output = call(inputs, kwargs);
      return Array.isArray(output) ? output.map((each) => tap(inputs, each)) : tap(inputs, output);
    };
  }
}
