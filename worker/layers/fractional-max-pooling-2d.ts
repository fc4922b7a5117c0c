/**
 * Fractional max pooling (Graham 2014): makes a picture smaller by any ratio above 1. Pools of a fixed size begin at places
 * that are now one step, now two apart: pool i of n begins at floor((i + u) a) - floor(u a), with
 * a = (size - pool) / (n - 1), and the last one ends with the picture, as in PyTorch. While training, u is drawn for rows and
 * columns of each micro-batch, a function of seed, step, micro-batch and layer; in evaluation it is a half.
 */
import type { Tensor, Tensor4D } from '@tensorflow/tfjs';
import type { TF } from '../tensorflow/load.js';
import { maxPool, probeMaxPool } from './max-pooling-2d.js';
import type { LayerClass, Tensors } from './our-layers.js';
import { selectPlaces } from './select-places.js';
import type { TrainingContext } from './training-context.js';

type Pair = [number, number];

/** u in evaluation. */
export const middle = 0.5;

export function fractionalMaxPooling2dClass(tf: TF): LayerClass {
  return class FractionalMaxPooling2D extends tf.layers.Layer {
    static className = 'FractionalMaxPooling2D';
    readonly poolSize: Pair;
    readonly ratio: Pair;
    #context: TrainingContext | undefined;
    #index = 0;

    constructor(config: Record<string, unknown>) {
      super(config);
      this.poolSize = config.poolSize as Pair;
      this.ratio = config.ratio as Pair;
      this.inputSpec = [{ ndim: 4 }];
    }

    attach(context: TrainingContext, index: number): void {
      this.#context = context;
      this.#index = index;
    }

    override build(inputShape: number[]): void {
      super.build(inputShape);
      probeMaxPool(tf);
    }

    override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
      const [batch, height, width, channels] = inputShape as [number | null, number, number, number];
      const [rows, columns] = [this.#pools(height, 0, 'rows'), this.#pools(width, 1, 'columns')];
      return [batch, rows, columns, channels];
    }

    override call(inputs: Tensors): Tensor {
      const x = (Array.isArray(inputs) ? inputs[0] : inputs) as Tensor4D;
      const [, height, width] = x.shape;
      const context = this.#context;
      const random = context?.draws && context.random(this.#index);
      // Drawn in this order: rows, then columns.
      const [u, v] = random ? [random.uniform(), random.uniform()] : [middle, middle];
      const [rows, columns] = [this.#places(height, 0, u), this.#places(width, 1, v)];
      return tf.tidy(() => {
        const picked = selectPlaces(tf, selectPlaces(tf, x, rows, 1), columns, 2) as Tensor4D;
        return maxPool(tf, picked, this.poolSize, this.poolSize, 'valid');
      });
    }

    override getConfig() {
      const { poolSize, ratio } = this;
      return { ...super.getConfig(), poolSize, ratio };
    }

    #places(size: number, axis: 0 | 1, u: number): Int32Array {
      return placesOfPools(size, Math.floor(size / this.ratio[axis]), this.poolSize[axis], u);
    }

    #pools(size: number, axis: 0 | 1, what: string): number {
      const [pool, ratio] = [this.poolSize[axis], this.ratio[axis]];
      const pools = Math.floor(size / ratio);
      if (pools < 1) throw new Error(`a ratio of ${ratio} leaves nothing of ${size} ${what}`);
      if (pools - 1 > size - pool) {
        const most = size - pools + 1;
        throw new Error(`${pools} of ${size} ${what} have pools of at most ${most}, not ${pool}; take a larger ratio`);
      }
      return pools;
    }
  };
}

/** Every place of every pool, one pool behind the other. */
export function placesOfPools(size: number, pools: number, pool: number, u: number): Int32Array {
  const starts = fractionalStarts(size, pools, pool, u);
  return Int32Array.from({ length: pools * pool }, (_, at) => starts[Math.floor(at / pool)]! + (at % pool));
}

/** Where each of the pools begins; u is from 0 to below 1. */
export function fractionalStarts(size: number, pools: number, pool: number, u: number): number[] {
  const step = (size - pool) / (pools - 1);
  return Array.from({ length: pools }, (_, index) =>
    index === pools - 1 ? size - pool : Math.floor((index + u) * step) - Math.floor(u * step),
  );
}
