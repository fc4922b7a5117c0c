/**
 * Points at which gradients are compared with finite differences: drawn by a seed that the tests are named with, and away
 * from kinks, where there is no gradient to agree with.
 */
import type { Tensor } from '@tensorflow/tfjs';
import { CounterRandom, Purpose } from '../../common/random.js';
import type { TF } from '../../worker/tensorflow/load.js';

/** POLYAK_TEST_SEED takes other points. */
export const pointsSeed = Number(process.env['POLYAK_TEST_SEED'] ?? 231);

/** For the names of tests, which is how the seed is printed. */
export const atPoints = `at points of seed ${pointsSeed}`;

/** Well beyond the step of a finite difference. */
const marginOfKinks = 0.05;

export interface Range {
  from?: number;
  to?: number;
  /** No point is near one of them. */
  kinks?: readonly number[];
}

export class RandomPoints {
  readonly #random: CounterRandom;

  /** Tests with streams of their own stay as they are when another draws more. */
  constructor(stream: number) {
    this.#random = new CounterRandom(pointsSeed, Purpose.test, stream, 231);
  }

  /** Uniform, from -2 to 2 unless told otherwise. */
  values(count: number, { from = -2, to = 2, kinks = [] }: Range = {}): Float32Array<ArrayBuffer> {
    return Float32Array.from({ length: count }, () => {
      for (;;) {
        const value = from + (to - from) * this.#random.uniform();
        if (kinks.every((kink) => Math.abs(value - kink) > marginOfKinks)) return value;
      }
    });
  }

  tensor(tf: TF, shape: number[], range: Range = {}): Tensor {
    return tf.tensor(this.values(sizeOf(shape), range), shape);
  }

  /** No two are near one another, so that the largest of any stays the largest: places on a grid, in random order, each moved. */
  apart(tf: TF, shape: number[]): Tensor {
    const count = sizeOf(shape);
    const order = Array.from({ length: count }, (_, index) => index);
    for (let left = count - 1; left > 0; left--) {
      const other = this.#random.integer(left + 1);
      [order[left], order[other]] = [order[other]!, order[left]!];
    }
    const spacing = 3 * marginOfKinks;
    const values = order.map((place) => (place - count / 2 + 0.5 * (this.#random.uniform() - 0.5)) * spacing);
    return tf.tensor(Float32Array.from(values), shape);
  }

  integer(below: number): number {
    return this.#random.integer(below);
  }

  /** Some of the places of a tensor. */
  places(length: number, count = 4): number[] {
    return Array.from({ length: Math.min(count, length) }, () => this.integer(length));
  }
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
