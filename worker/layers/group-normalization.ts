/**
 * Group normalisation (Wu and He 2018): of every sample, over all places and each group of adjoining channels. One group
 * is the whole sample; as many as there are channels are instance normalisation. tfjs has no such layer.
 */
import type { layers, Tensor } from '@tensorflow/tfjs';
import type { TF } from '../tensorflow/load.js';
import { requireLastAxis } from './last-axis.js';
import { normalize } from './normalize.js';
import type { LayerClass, Tensors } from './our-layers.js';

type Weight = layers.Layer['weights'][number];

export function groupNormalizationClass(tf: TF): LayerClass {
  return class GroupNormalization extends tf.layers.Layer {
    static className = 'GroupNormalization';
    readonly groups: number;
    readonly epsilon: number;
    readonly center: boolean;
    readonly scale: boolean;
    readonly #axis: unknown;
    #gamma: Weight | undefined;
    #beta: Weight | undefined;

    constructor(config: Record<string, unknown>) {
      super(config);
      this.groups = (config.groups as number | undefined) ?? 32;
      this.epsilon = (config.epsilon as number | undefined) ?? 1e-3;
      this.center = (config.center as boolean | undefined) ?? true;
      this.scale = (config.scale as boolean | undefined) ?? true;
      this.#axis = config.axis;
      this.supportsMasking = true;
    }

    override build(inputShape: number[]): void {
      requireLastAxis(this, this.#axis, inputShape);
      const channels = inputShape.at(-1)!;
      if (channels % this.groups !== 0) {
        throw new Error(`its ${channels} channels are no multiple of ${this.groups} groups`);
      }
      if (this.scale) this.#gamma = this.addWeight('gamma', [channels], 'float32', tf.initializers.ones());
      if (this.center) this.#beta = this.addWeight('beta', [channels], 'float32', tf.initializers.zeros());
      this.built = true;
    }

    override computeOutputShape(inputShape: number[]): number[] {
      return inputShape;
    }

    override call(inputs: Tensors): Tensor {
      const x = Array.isArray(inputs) ? inputs[0]! : inputs;
      const [samples = 0] = x.shape;
      const channels = x.shape.at(-1)!;
      const inGroup = channels / this.groups;
      const view = {
        shape: [samples, x.size / (samples * channels), this.groups, inGroup],
        axes: [1, 3],
        scaleShape: [1, 1, this.groups, inGroup],
        scaleAxes: [0, 1],
      };
      return tf.tidy(() => {
        const gamma = this.#gamma?.read() ?? tf.ones([channels]);
        const beta = this.#beta?.read() ?? tf.zeros([channels]);
        return normalize(tf, x, gamma, beta, this.epsilon, view);
      });
    }

    override getConfig() {
      const { groups, epsilon, center, scale } = this;
      return { ...super.getConfig(), groups, axis: -1, epsilon, center, scale };
    }
  };
}
