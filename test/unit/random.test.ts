/** The counter-based generator, against published values and against its WebAssembly twin. */
import { describe, expect, it } from 'vitest';
import { IndexPermutation } from '../../common/index-permutation.js';
import { inverseNormal } from '../../common/inverse-normal.js';
import { randomKernels } from '../../common/kernels/random-kernels.js';
import { CounterRandom, Purpose, philox, philoxKey } from '../../common/random.js';

function philoxOf(counter: number[], key: [number, number]): number[] {
  const out = new Uint32Array(4);
  philox(counter, key[0], key[1], out);
  return [...out];
}

describe('Philox', () => {
  it('gives the known answers of Random123 (kat_vectors, philox4x32 10)', () => {
    const ones = 0xffffffff;
    expect(philoxOf([0, 0, 0, 0], [0, 0])).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
    expect(philoxOf([ones, ones, ones, ones], [ones, ones])).toEqual([0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]);
    expect(philoxOf([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])).toEqual([
      0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1,
    ]);
  });

  it('the key holds all 53 bits of the seed beside the purpose', () => {
    expect(philoxKey(2 ** 53 - 1, Purpose.dropout)).toEqual([0xffffffff, 0x1fffff + 5 * 2 ** 21]);
    expect(() => philoxKey(2 ** 53, Purpose.dropout)).toThrow('a seed is an integer from 0 to 2^53 - 1');
    expect(() => philoxKey(-1, Purpose.dropout)).toThrow('not -1');
  });
});

describe('CounterRandom', () => {
  it('every argument makes another stream', () => {
    const firsts = [
      new CounterRandom(1, Purpose.augment),
      new CounterRandom(2, Purpose.augment),
      new CounterRandom(2 ** 32 + 1, Purpose.augment),
      new CounterRandom(1, Purpose.dropout),
      new CounterRandom(1, Purpose.augment, 1),
      new CounterRandom(1, Purpose.augment, 0, 1),
      new CounterRandom(1, Purpose.augment, 0, 0, 1),
    ].map((random) => random.uint32());
    expect(new Set(firsts).size).toBe(firsts.length);
  });

  it('purposes have numbers of their own', () => {
    const numbers = Object.values(Purpose);
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  it('seek goes to any word of the stream', () => {
    const whole = new CounterRandom(5, Purpose.user, 1, 2, 3);
    const words = Array.from({ length: 30 }, () => whole.uint32());
    for (const position of [0, 1, 3, 4, 7, 22]) {
      const random = new CounterRandom(5, Purpose.user, 1, 2, 3);
      random.seek(position);
      expect(Array.from({ length: 8 }, () => random.uint32())).toEqual(words.slice(position, position + 8));
    }
  });

  it('uniform has the mean and the spread of [0, 1)', () => {
    const random = new CounterRandom(11, Purpose.user);
    const draws = Array.from({ length: 40_000 }, () => random.uniform());
    const mean = draws.reduce((sum, u) => sum + u) / draws.length;
    const variance = draws.reduce((sum, u) => sum + (u - mean) ** 2, 0) / draws.length;
    // Five standard deviations of the mean of 40,000: 5 * sqrt(1 / 12 / 40,000) = 0.0072.
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.0073);
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.002);
    expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...draws)).toBeLessThan(1);
  });

  it('normal has mean 0, variance 1 and a kurtosis of 3', () => {
    const random = new CounterRandom(12, Purpose.user);
    const draws = Array.from({ length: 40_000 }, () => random.normal());
    const moment = (k: number) => draws.reduce((sum, x) => sum + x ** k, 0) / draws.length;
    // Five standard deviations: 5 / 200, 5 sqrt(2) / 200, 5 sqrt(96) / 200.
    expect(Math.abs(moment(1))).toBeLessThan(0.025);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.036);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.25);
  });

  it('integer gives each value its share', () => {
    const random = new CounterRandom(13, Purpose.user);
    const counts = new Uint32Array(7);
    for (let i = 0; i < 70_000; i += 1) {
      counts[random.integer(7)]! += 1;
    }
    // Five standard deviations: 5 sqrt(70,000 * 6 / 49) = 463.
    for (const count of counts) {
      expect(Math.abs(count - 10_000)).toBeLessThan(463);
    }
    expect(random.integer(1)).toBe(0);
    expect(() => random.integer(0)).toThrow('not 0');
    expect(() => random.integer(2.5)).toThrow('not 2.5');
  });
});

describe('inverseNormal', () => {
  // From Python's statistics.NormalDist().inv_cdf, all three branches on both sides.
  const table = [
    [1.1641532182693481e-10, -6.337957754553789],
    [1e-5, -4.2648907939228256],
    [0.01, -2.3263478740408408],
    [0.074, -1.4466320671589785],
    [0.3, -0.5244005127080407],
    [0.77, 0.7388468491852137],
    [0.926, 1.4466320671589785],
    [0.9999, 3.7190164854557084],
  ];
  it.each(table)('of %d is %d', (p, x) => {
    expect(Math.abs(inverseNormal(p) - x)).toBeLessThanOrEqual(2e-15 * Math.abs(x));
  });
});

describe('IndexPermutation', () => {
  it.each([1, 2, 3, 4, 5, 8, 17, 100, 1024, 1437])('reaches each of %d indices once', (n) => {
    const permutation = new IndexPermutation(231, Purpose.epochOrder, 3, n);
    const reached = Array.from({ length: n }, (_, i) => permutation.at(i));
    expect(reached.toSorted((a, b) => a - b)).toEqual([...Array(n).keys()]);
  });

  it('each of the 24 orders of four is as likely as any other', () => {
    const counts = new Map<string, number>();
    for (let epoch = 0; epoch < 24_000; epoch += 1) {
      const permutation = new IndexPermutation(7, Purpose.epochOrder, epoch, 4);
      const order = [0, 1, 2, 3].map((i) => permutation.at(i)).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(counts.size).toBe(24);
    // The 0.9999 quantile of chi-square with 23 degrees of freedom is 58.6.
    expect(chiSquare).toBeLessThan(58.6);
  });

  it('no index prefers a place', () => {
    const n = 50;
    const counts = new Uint32Array(n * n);
    for (let epoch = 0; epoch < 5000; epoch += 1) {
      const permutation = new IndexPermutation(8, Purpose.epochOrder, epoch, n);
      for (let i = 0; i < n; i += 1) {
        counts[i * n + permutation.at(i)]! += 1;
      }
    }
    const chiSquare = counts.reduce((sum, count) => sum + (count - 100) ** 2 / 100, 0);
    // 49^2 = 2401 degrees of freedom; five standard deviations sqrt(2 * 2401) = 69.3 above.
    expect(chiSquare).toBeLessThan(2401 + 5 * 69.3);
  });

  it('refuses an index outside and a size that cannot be', () => {
    expect(() => new IndexPermutation(1, Purpose.split, 0, 10).at(10)).toThrow('index 10 is not in [0, 10)');
    expect(() => new IndexPermutation(1, Purpose.split, 0, 0)).toThrow('not 0');
  });
});

describe('random kernels', () => {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true });
  const kernels = randomKernels(memory);
  const seed = 2 ** 40 + 12_345;

  it.each([0, 1, 3, 4, 15, 16, 17, 30, 1000])('dropoutMask of %d floats decides as CounterRandom does', (n) => {
    const out = new Float32Array(memory.buffer, 1024, n + 1).fill(9);
    kernels.dropoutMask(1024, n, seed % 2 ** 32, Math.floor(seed / 2 ** 32), 70_000, 3, 2, 0.4);
    const random = new CounterRandom(seed, Purpose.dropout, 70_000, 3, 2);
    const expected = Array.from({ length: n }, () => (random.uniform() < 0.4 ? 0 : Math.fround(1 / (1 - 0.4))));
    expect([...out]).toEqual([...expected, 9]);
  });

  it('a rate of 0 keeps all, and a rate of 1 is refused', () => {
    kernels.dropoutMask(1024, 100, 1, 0, 0, 0, 0, 0);
    expect(new Set(new Float32Array(memory.buffer, 1024, 100))).toEqual(new Set([1]));
    expect(() => kernels.dropoutMask(1024, 100, 1, 0, 0, 0, 0, 1)).toThrow('not 1');
  });

  it('uniform gives the high 24 bits of the stream', () => {
    kernels.uniform(1024, 45, seed, Purpose.user, 1, 2, 3);
    const random = new CounterRandom(seed, Purpose.user, 1, 2, 3);
    const expected = Array.from({ length: 45 }, () => Math.floor(random.uniform() * 2 ** 24) / 2 ** 24);
    expect([...new Float32Array(memory.buffer, 1024, 45)]).toEqual(expected);
  });
});
