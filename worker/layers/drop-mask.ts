/**
 * The mask of one layer that drops something: for a micro-batch it is a function of seed, step, micro-batch and the layer's
 * number, not of a generator, so that it is the same on whichever worker computes.
 */
import type { Tensor } from '@tensorflow/tfjs';
import type { TF } from '../tensorflow/load.js';
import type { TrainingContext } from './training-context.js';

/** `inverted` are masks of 0 and 1 / (1 - rate), whose mean is 1; `plain` of 0 and 1, whose mean is 1 - rate. */
export type DropForm = 'inverted' | 'plain';

export class DropMask {
  #context: TrainingContext | undefined;
  #index = 0;
  #place = 0;
  #floats = 0;

  constructor(
    private readonly tf: TF,
    private readonly rate: number,
    private readonly form: DropForm = 'inverted',
  ) {}

  attach(context: TrainingContext, index: number): void {
    this.#context = context;
    this.#index = index;
  }

  /** Undefined outside of a gradient, when nothing is dropped. */
  draw(shape: number[]): Tensor | undefined {
    const context = this.#context;
    if (!context?.draws || this.rate === 0) return undefined;
    const size = shape.reduce((product, each) => product * each, 1);
    if (size > this.#floats) {
      this.#place = context.reserve(size);
      this.#floats = size;
    }
    // The tensor aliases the mask's place, which is written again only in the next gradient.
    const mask = context.dropoutMask(this.#place, size, this.#index, this.rate);
    if (this.form === 'plain') mask.forEach((factor, at) => (mask[at] = Math.sign(factor)));
    return this.tf.tensor(mask, shape);
  }
}
