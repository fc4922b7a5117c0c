/**
 * tfjs's Conv1D, Conv2D and Dense, but for how they compute: bias and activation as operations of their own, whose gradients are
 * TensorFlow's. tfjs's fused paths compute the gradient by their input even where nobody asks for it, as for images.
 */
import type { Tensor, Tensor3D, Tensor4D } from '@tensorflow/tfjs';
import { addBias } from '../tensorflow/gradients/bias.js';
import type { TF } from '../tensorflow/load.js';
import type { LayerClass, Tensors } from './our-layers.js';

/** What tfjs's classes have but do not declare. */
interface WeightedLayer {
  kernel: { read(): Tensor };
  bias: { read(): Tensor } | null;
  activation: { apply(x: Tensor): Tensor } | null;
  strides: number[];
  dilationRate: number | number[];
  padding: 'valid' | 'same';
}

function finish(tf: TF, layer: WeightedLayer, product: Tensor): Tensor {
  const sum = layer.bias ? addBias(tf, product, layer.bias.read()) : product;
  return layer.activation ? layer.activation.apply(sum) : sum;
}

const only = (inputs: Tensors) => (Array.isArray(inputs) ? inputs[0]! : inputs);

export function conv2dClass(tf: TF): LayerClass {
  const Conv2D = tf.layers.conv2d({ filters: 1, kernelSize: 1 }).constructor as LayerClass;
  return class extends Conv2D {
    static className = 'Conv2D';

    override call(inputs: Tensors): Tensor {
      const layer = this as unknown as WeightedLayer;
      const { padding, strides, dilationRate } = layer;
      return tf.tidy(() => {
        const kernel = layer.kernel.read() as Tensor4D;
        return finish(
          tf,
          layer,
          tf.conv2d(
            only(inputs) as Tensor4D,
            kernel,
            strides as [number, number],
            padding,
            'NHWC',
            dilationRate as [number, number],
          ),
        );
      });
    }
  };
}

export function conv1dClass(tf: TF): LayerClass {
  const Conv1D = tf.layers.conv1d({ filters: 1, kernelSize: 1 }).constructor as LayerClass;
  return class extends Conv1D {
    static className = 'Conv1D';

    override call(inputs: Tensors): Tensor {
      const layer = this as unknown as WeightedLayer;
      const { padding, strides, dilationRate } = layer;
      return tf.tidy(() => {
        const kernel = layer.kernel.read() as Tensor3D;
        const [stride, dilation] = [[strides].flat()[0]!, [dilationRate].flat()[0]!];
        return finish(tf, layer, tf.conv1d(only(inputs) as Tensor3D, kernel, stride, padding, 'NWC', dilation));
      });
    }
  };
}

export function denseClass(tf: TF): LayerClass {
  const Dense = tf.layers.dense({ units: 1 }).constructor as LayerClass;
  return class extends Dense {
    static className = 'Dense';

    override call(inputs: Tensors): Tensor {
      const layer = this as unknown as WeightedLayer;
      return tf.tidy(() => {
        const x = only(inputs);
        const kernel = this.connected(layer.kernel.read());
        const rows = x.rank === 2 ? x : tf.reshape(x, [-1, kernel.shape[0]]);
        const y = finish(tf, layer, tf.matMul(rows, kernel));
        return x.rank === 2 ? y : tf.reshape(y, [...x.shape.slice(0, -1), kernel.shape[1]!]);
      });
    }

    /** What the inputs are multiplied by; DropConnect's has holes. */
    connected(kernel: Tensor): Tensor {
      return kernel;
    }
  };
}
