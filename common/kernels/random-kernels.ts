/** Vectors of counter-based random floats: the stream of CounterRandom, written by WebAssembly. */
import { Purpose, philoxKey } from '../random.js';
import { instantiateKernel } from './kernel-module.js';

/** A pointer is a byte offset in the memory, n counts floats. */
export interface RandomKernels {
  /**
   * Float i is 0 where `uniform()` i of CounterRandom(seed, Purpose.dropout, a, b, c) is below the rate, else
   * 1 / (1 - rate), for a rate from 0 to below 1. The seed comes in two halves: `seed % 2^32`, `floor(seed / 2^32)`.
   */
  dropoutMask(
    out: number,
    n: number,
    seedLow: number,
    seedHigh: number,
    a: number,
    b: number,
    c: number,
    rate: number,
  ): void;
  /** Float i is floor(2^24 u) / 2^24, in [0, 1), where u is `uniform()` i of CounterRandom(seed, purpose, a, b, c). */
  uniform(out: number, n: number, seed: number, purpose: Purpose, a: number, b: number, c: number): void;
}

interface Exports {
  dropoutMask(...numbers: number[]): void;
  uniform(...numbers: number[]): void;
}

/** The kernels over a shared memory; make them once per memory and thread. */
export function randomKernels(memory: WebAssembly.Memory): RandomKernels {
  const kernels = instantiateKernel('philox', memory) as unknown as Exports;
  return {
    dropoutMask(out, n, seedLow, seedHigh, a, b, c, rate) {
      if (!(rate >= 0 && rate < 1)) {
        throw new RangeError(`a dropout rate is from 0 to below 1, not ${rate}`);
      }
      // A word w drops its float when w / 2^32 < rate, which for an integer is w < ceil(2^32 rate).
      const threshold = Math.min(Math.ceil(rate * 2 ** 32), 2 ** 32 - 1);
      const key = philoxKey((seedLow >>> 0) + seedHigh * 2 ** 32, Purpose.dropout);
      kernels.dropoutMask(out, n, ...key, a, b, c, threshold, 1 / (1 - rate));
    },
    uniform(out, n, seed, purpose, a, b, c) {
      kernels.uniform(out, n, ...philoxKey(seed, purpose), a, b, c);
    },
  };
}
