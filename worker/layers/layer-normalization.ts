/**
 * Layer normalisation (Ba, Kiros and Hinton 2016) over the last axis: of every sample, and at every place, over its
 * channels. In training and evaluation alike, whatever the micro-batch.
 */
import type { layers, Tensor } from '@tensorflow/tfjs';
import type { TF } from '../tensorflow/load.js';
import { requireLastAxis } from './last-axis.js';
import { normalize } from './normalize.js';
import type { LayerClass, Tensors } from './our-layers.js';

type Weight = layers.Layer['weights'][number];

export function layerNormalizationClass(tf: TF): LayerClass {
  return class LayerNormalization extends tf.layers.Layer {
    static className = 'LayerNormalization';
    readonly epsilon: number;
    readonly center: boolean;
    readonly scale: boolean;
    readonly #axis: unknown;
    #gamma: Weight | undefined;
    #beta: Weight | undefined;

    constructor(config: Record<string, unknown>) {
      super(config);
      this.epsilon = (config.epsilon as number | undefined) ?? 1e-3;
      this.center = (config.center as boolean | undefined) ?? true;
      this.scale = (config.scale as boolean | undefined) ?? true;
      this.#axis = config.axis;
      this.supportsMasking = true;
    }

    override build(inputShape: number[]): void {
      requireLastAxis(this, this.#axis, inputShape);
      const shape = [inputShape.at(-1)!];
      if (this.scale) this.#gamma = this.addWeight('gamma', shape, 'float32', tf.initializers.ones());
      if (this.center) this.#beta = this.addWeight('beta', shape, 'float32', tf.initializers.zeros());
      this.built = true;
    }

    override computeOutputShape(inputShape: number[]): number[] {
      return inputShape;
    }

    override call(inputs: Tensors): Tensor {
      const x = Array.isArray(inputs) ? inputs[0]! : inputs;
      const channels = x.shape.at(-1)!;
      const view = { shape: [x.size / channels, channels], axes: [1], scaleShape: [1, channels], scaleAxes: [0] };
      return tf.tidy(() => {
        const gamma = this.#gamma?.read() ?? tf.ones([channels]);
        const beta = this.#beta?.read() ?? tf.zeros([channels]);
        return normalize(tf, x, gamma, beta, this.epsilon, view);
      });
    }

    override getConfig() {
      const { epsilon, center, scale } = this;
      return { ...super.getConfig(), axis: -1, epsilon, center, scale };
    }
  };
}
