/**
 * A random permutation of [0, n) of which any single element is computed without the others: no array is kept, and
 * every process that knows the seed agrees on it.
 */
import { CounterRandom, type Purpose } from './random.js';

const rounds = 10;

/** MurmurHash3's finaliser: each input bit changes each output bit with probability a half. */
function mix(x: number): number {
  let hash = x;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * A Feistel network over the smallest power of two that holds n, its round keys drawn from Philox; a value that falls
 * outside [0, n) is enciphered again until it is inside, which keeps the map a bijection (cycle walking: Black and
 * Rogaway, "Ciphers with arbitrary finite domains", 2002). Fewer than two passes are needed on average.
 */
export class IndexPermutation {
  readonly #keys: Uint32Array;
  readonly #leftBits: number;
  readonly #rightBits: number;

  /** n from 1 to 2^31; `epoch` numbers the permutations of one seed and purpose. */
  constructor(
    seed: number,
    purpose: Purpose,
    epoch: number,
    readonly n: number,
  ) {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 31) {
      throw new RangeError(`a permutation needs a size from 1 to 2^31, not ${n}`);
    }
    const random = new CounterRandom(seed, purpose, epoch, n >>> 0);
    this.#keys = Uint32Array.from({ length: rounds }, () => random.uint32());
    const bits = 32 - Math.clz32(n - 1);
    this.#leftBits = bits >>> 1;
    this.#rightBits = bits - this.#leftBits;
  }

  /** Where i goes, for i in [0, n). */
  at(i: number): number {
    if (!(i >= 0 && i < this.n)) {
      throw new RangeError(`index ${i} is not in [0, ${this.n})`);
    }
    let value = this.#encipher(i);
    while (value >= this.n) {
      value = this.#encipher(value);
    }
    return value;
  }

  /** Even rounds change the left half by a function of the right one, odd rounds the right by the left. */
  #encipher(value: number): number {
    const leftMask = 2 ** this.#leftBits - 1;
    const rightMask = 2 ** this.#rightBits - 1;
    let left = value >>> this.#rightBits;
    let right = value & rightMask;
    for (let round = 0; round < rounds; round += 2) {
      left ^= mix(right ^ this.#keys[round]!) & leftMask;
      right ^= mix(left ^ this.#keys[round + 1]!) & rightMask;
    }
    return ((left << this.#rightBits) | right) >>> 0;
  }
}
