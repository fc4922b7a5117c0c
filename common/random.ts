/**
 * Counter-based random numbers: every draw is a function of (seed, purpose, a, b, c, position), so nothing that trains
 * keeps a generator's state. The generator is Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers:
 * as easy as 1, 2, 3", 2011). Only exact IEEE operations are used, so that the numbers are equal on every engine.
 */
import { inverseNormal } from './inverse-normal.js';

/** What a stream of draws is for. The numbers are part of the format: they never change and are never used again. */
export const Purpose = {
  /** a: the tensor's index in its vector. */
  initialWeights: 1,
  /** The permutation of the training split; a: the epoch. */
  epochOrder: 2,
  /** The permutation that cuts the training data into training and validation. */
  split: 3,
  /** a: step, b: micro-batch, c: the sample's position in it. */
  augment: 4,
  /** a: step, b: micro-batch, c: the layer's index. */
  dropout: 5,
  /**
   * The hyperparameters of a sweep; a: the trial's number, b: the attempt, c: the parameter's stream. Scrambling and Latin
   * hypercubes have a and b of their own.
   */
  hyperparameters: 6,
  /** Left to user modules. */
  user: 7,
  /** Random tests, which print their seed. */
  test: 8,
  /** Other seeds for the same experiment, when it is trained again to see what is luck. */
  refit: 9,
  /** The seeds that a trial is trained by again; a: the repetition, from 1. */
  repetition: 10,
  /** The forests by which a report measures parameters; a: the repeat. */
  report: 11,
} as const;

export type Purpose = (typeof Purpose)[keyof typeof Purpose];

const purposeShift = 21;

/**
 * The generator's key: the low 32 bits of the seed, then its high 21 bits under the purpose. A seed is an integer from
 * 0 to 2^53 - 1.
 */
export function philoxKey(seed: number, purpose: Purpose): [number, number] {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`a seed is an integer from 0 to 2^53 - 1, not ${seed}`);
  }
  return [seed >>> 0, (Math.floor(seed / 2 ** 32) | (purpose << purposeShift)) >>> 0];
}

/** The high half of the 64-bit product of two 32-bit integers. */
function multiplyHigh(left: number, right: number): number {
  const leftLow = left & 0xffff;
  const leftHigh = left >>> 16;
  const rightLow = right & 0xffff;
  const rightHigh = right >>> 16;
  const middle = leftHigh * rightLow + ((leftLow * rightLow) >>> 16);
  const cross = leftLow * rightHigh + (middle & 0xffff);
  return (leftHigh * rightHigh + Math.floor(middle / 65536) + Math.floor(cross / 65536)) >>> 0;
}

/** Philox4x32-10: four unsigned words of output at the counter, into `out` (which may be the counter). */
export function philox(counter: ArrayLike<number>, keyLow: number, keyHigh: number, out: Uint32Array): void {
  let x0 = counter[0]!;
  let x1 = counter[1]!;
  let x2 = counter[2]!;
  let x3 = counter[3]!;
  let k0 = keyLow;
  let k1 = keyHigh;
  for (let round = 0; round < 10; round += 1) {
    const high0 = multiplyHigh(0xd2511f53, x0);
    const low0 = Math.imul(0xd2511f53, x0);
    const high1 = multiplyHigh(0xcd9e8d57, x2);
    const low1 = Math.imul(0xcd9e8d57, x2);
    x0 = (high1 ^ x1 ^ k0) >>> 0;
    x1 = low1 >>> 0;
    x2 = (high0 ^ x3 ^ k1) >>> 0;
    x3 = low0 >>> 0;
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  out[0] = x0;
  out[1] = x1;
  out[2] = x2;
  out[3] = x3;
}

/**
 * The stream of 32-bit words of one key and (a, b, c), each from 0 to 2^32 - 1. Word i is word i mod 4 of Philox at the
 * counter (floor(i / 4), a, b, c).
 */
export class CounterRandom {
  readonly #key: [number, number];
  readonly #counter: Uint32Array;
  readonly #block = new Uint32Array(4);
  #position = 0;

  constructor(seed: number, purpose: Purpose, a = 0, b = 0, c = 0) {
    this.#key = philoxKey(seed, purpose);
    this.#counter = new Uint32Array([0, a, b, c]);
  }

  /** The next draw is word `position` of the stream, below 2^34. */
  seek(position: number): void {
    this.#position = position;
    if (position % 4 !== 0) {
      this.#fillBlock();
    }
  }

  #fillBlock(): void {
    this.#counter[0] = Math.floor(this.#position / 4);
    philox(this.#counter, this.#key[0], this.#key[1], this.#block);
  }

  /** An integer from 0 to 2^32 - 1; one word. */
  uint32(): number {
    const word = this.#position % 4;
    if (word === 0) {
      this.#fillBlock();
    }
    this.#position += 1;
    return this.#block[word]!;
  }

  /** In [0, 1), a multiple of 2^-32; one word. */
  uniform(): number {
    return this.uint32() / 2 ** 32;
  }

  /** In (0, 1), never an end; one word. */
  openUniform(): number {
    return (this.uint32() + 0.5) / 2 ** 32;
  }

  /** Mean 0 and variance 1, within 6.4 of 0; one word. */
  normal(): number {
    return inverseNormal(this.openUniform());
  }

  /** An integer from 0 to n - 1, each equally likely, for n up to 2^32; one word, seldom more. */
  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) {
      throw new RangeError(`integer(n) takes n from 1 to 2^32, not ${n}`);
    }
    // The words above the last whole multiple of n would favour the small remainders.
    const limit = 2 ** 32 - (2 ** 32 % n);
    let word = this.uint32();
    while (word >= limit) {
      word = this.uint32();
    }
    return word % n;
  }
}
