/** Every vector kernel against the same arithmetic in plain JavaScript, bit for bit, over lengths and alignments. */
import { describe, expect, it } from 'vitest';
import { vectorKernels } from '../../common/kernels/vector-kernels.js';
import { CounterRandom, Purpose } from '../../common/random.js';

const memory = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true });
const kernels = vectorKernels(memory);
const f = Math.fround;
const lengths = [...Array(38).keys(), 64, 100, 1023];

/** A vector at a byte offset: a pointer and its view. */
function vector(n: number, seed: number, pointer: number): { pointer: number; values: Float32Array } {
  const random = new CounterRandom(seed, Purpose.user);
  const values = new Float32Array(memory.buffer, pointer, n);
  for (let i = 0; i < n; i += 1) {
    values[i] = random.normal();
  }
  return { pointer, values };
}

/** Runs `body` with three vectors of each length, aligned to 64 bytes and to 4 bytes only. */
function overLengths(body: (n: number, ...vectors: ReturnType<typeof vector>[]) => void): void {
  for (const n of lengths) {
    for (const shift of [0, 4]) {
      body(n, vector(n, n, 1024 + shift), vector(n, n + 1, 65536 + shift), vector(n, n + 2, 131072 + shift));
    }
  }
}

/** The floats' bits, so that NaN and the sign of zero count. */
function bits(values: ArrayLike<number>): number[] {
  return [...new Uint32Array(Float32Array.from(values).buffer)];
}

function sumAbsolutesInLanes(values: ArrayLike<number>): number {
  return sumInLanes(Array.from(values, Math.abs));
}

function sumSquaresInLanes(values: ArrayLike<number>): number {
  return sumInLanes(Array.from(values, (value) => value * value));
}

/** The order that the kernel promises: eight lanes over the whole eights, then the rest one by one. */
function sumInLanes(values: readonly number[]): number {
  const lanes = new Float64Array(8);
  const whole = values.length - (values.length % 8);
  for (let i = 0; i < whole; i += 1) {
    lanes[i % 8]! += values[i]!;
  }
  const [a, b, c, d, e, g, h, k] = lanes;
  let total = a! + b! + (c! + d!) + (e! + g! + (h! + k!));
  for (let i = whole; i < values.length; i += 1) {
    total += values[i]!;
  }
  return total;
}

describe('vector kernels', () => {
  it('add sums into either operand', () => {
    overLengths((n, left, right, out) => {
      const expected = bits(left.values.map((value, i) => value + right.values[i]!));
      kernels.add(out.pointer, left.pointer, right.pointer, n);
      expect(bits(out.values)).toEqual(expected);
      kernels.add(left.pointer, left.pointer, right.pointer, n);
      expect(bits(left.values)).toEqual(expected);
    });
  });

  it('add leaves what follows the vector alone', () => {
    overLengths((n, left, right) => {
      const after = new Float32Array(memory.buffer, left.pointer + 4 * n, 1);
      after[0] = 7;
      kernels.add(left.pointer, left.pointer, right.pointer, n);
      expect(after[0]).toBe(7);
    });
  });

  it('denormal numbers are kept', () => {
    const { pointer, values } = vector(19, 1, 1024);
    values.fill(1e-40);
    kernels.add(pointer, pointer, pointer, 19);
    expect(bits(values)).toEqual(bits(Array<number>(19).fill(f(1e-40) * 2)));
    kernels.scale(pointer, 19, 0.5);
    expect(bits(values)).toEqual(bits(Array<number>(19).fill(1e-40)));
  });

  it('copy, fill, scale and axpy do what they say', () => {
    overLengths((n, left, right, out) => {
      kernels.copy(out.pointer, left.pointer, n);
      expect(bits(out.values)).toEqual(bits(left.values));
      kernels.axpy(out.pointer, right.pointer, n, 0.3);
      expect(bits(out.values)).toEqual(bits(left.values.map((value, i) => value + f(f(0.3) * right.values[i]!))));
      const scaled = bits(left.values.map((value) => value * f(1.7)));
      kernels.scale(left.pointer, n, 1.7);
      expect(bits(left.values)).toEqual(scaled);
      kernels.fill(out.pointer, n, 2.5);
      expect(bits(out.values)).toEqual(bits(Array<number>(n).fill(2.5)));
    });
  });

  it('clip moves each element into the limits and keeps a NaN', () => {
    overLengths((n, { pointer, values }) => {
      if (n > 3) {
        values[n - 1] = NaN;
        values[n >> 1] = -Infinity;
      }
      const expected = values.map((value) => (value > 0.5 ? 0.5 : value < -0.5 ? -0.5 : value));
      kernels.clip(pointer, n, 0.5);
      expect([...values]).toEqual([...expected]);
    });
  });

  it('sumSquares adds in its fixed order of lanes, in float64', () => {
    overLengths((n, { pointer, values }) => {
      expect(kernels.sumSquares(pointer, n)).toBe(sumSquaresInLanes(values));
    });
  });

  it('prepareGradient makes the mean, adds the decay and measures the result', () => {
    overLengths((n, gradient, weights) => {
      const expected = gradient.values.map((g, i) => f(g * f(1 / 96)) + f(f(1e-4) * weights.values[i]!));
      const squares = kernels.prepareGradient(gradient.pointer, weights.pointer, n, 1 / 96, 1e-4);
      expect(bits(gradient.values)).toEqual(bits(expected));
      expect(squares).toBe(sumSquaresInLanes(expected));
    });
  });

  it('addSigns adds the sign of each weight, and nothing where it is 0', () => {
    overLengths((n, gradient, weights) => {
      for (let i = 0; i < n; i += 5) weights.values[i] = i % 2 === 0 ? 0 : -0;
      const expected = gradient.values.map((g, i) => g + f(f(0.3) * Math.sign(weights.values[i]!)));
      kernels.addSigns(gradient.pointer, weights.pointer, n, 0.3);
      expect([...gradient.values]).toEqual([...expected]);
    });
  });

  it('sumAbsolutes adds in the order of sumSquares', () => {
    overLengths((n, { pointer, values }) => {
      expect(kernels.sumAbsolutes(pointer, n)).toBe(sumAbsolutesInLanes(values));
    });
  });

  it('firstNonFinite finds the first of several, wherever it stands', () => {
    overLengths((n, { pointer, values }) => {
      expect(kernels.firstNonFinite(pointer, n)).toBe(-1);
      for (let i = n - 1; i >= 0; i -= 1) {
        values[i] = [NaN, Infinity, -Infinity][i % 3]!;
        expect(kernels.firstNonFinite(pointer, n)).toBe(i);
      }
    });
  });

  it('the largest finite float is finite', () => {
    const { pointer, values } = vector(17, 1, 1024);
    values.fill(-3.4028234663852886e38);
    expect(kernels.firstNonFinite(pointer, 17)).toBe(-1);
  });

  it('a change of any one bit changes the checksum', () => {
    const { pointer, values } = vector(37, 5, 1024);
    const words = new Uint32Array(memory.buffer, pointer, 37);
    const seen = new Set([kernels.checksum(pointer, values.length)]);
    for (let i = 0; i < 37; i += 1) {
      for (let bit = 0; bit < 32; bit += 1) {
        words[i]! ^= 1 << bit;
        seen.add(kernels.checksum(pointer, values.length));
        words[i]! ^= 1 << bit;
      }
    }
    expect(seen.size).toBe(37 * 32 + 1);
  });

  it('the checksum depends on the order and on the length', () => {
    const { pointer, values } = vector(64, 5, 1024);
    const before = kernels.checksum(pointer, 64);
    [values[0], values[16]] = [values[16]!, values[0]!];
    expect(kernels.checksum(pointer, 64)).not.toBe(before);
    values.fill(0);
    expect(new Set(lengths.map((n) => kernels.checksum(pointer, Math.min(n, 64)))).size).toBe(39);
  });

  it('the checksum never changes between versions', () => {
    const { pointer, values } = vector(21, 5, 1024);
    values.forEach((_, i) => (values[i] = i / 8));
    // Worked out by the formula of assembly/vector.ts in Python.
    expect(kernels.checksum(pointer, 21)).toBe(1704621909);
    expect(kernels.checksum(pointer, 0)).toBe(299380655);
  });

  it('the moving average comes to rest exactly at the weights', () => {
    overLengths((n, average, weights) => {
      const expected = average.values.map((a, i) => a + f(f(1 - 0.995) * f(weights.values[i]! - a)));
      kernels.movingAverage(average.pointer, weights.pointer, n, 0.995);
      expect(bits(average.values)).toEqual(bits(expected));
    });
    const weights = vector(9, 3, 4096);
    kernels.copy(8192, weights.pointer, 9);
    kernels.movingAverage(8192, weights.pointer, 9, 0.9999);
    expect(bits(new Float32Array(memory.buffer, 8192, 9))).toEqual(bits(weights.values));
  });

  it('running statistics move by the share of the step', () => {
    overLengths((n, running, sum) => {
      const expected = running.values.map((r, i) => r + f(f(1 - 0.9) * f(f(sum.values[i]! * f(1 / 7)) - r)));
      kernels.runningStatistics(running.pointer, sum.pointer, n, 1 / 7, 0.9);
      expect(bits(running.values)).toEqual(bits(expected));
    });
  });

  it('an optimizer step is the same however the vector is cut', () => {
    const [weights, gradient, first, second] = [1024, 8192, 16384, 24576] as const;
    const numbers = [0.01, 0.1, 0.999, 0.001, 1.5, 1e-8, 1] as const;
    const step = (cuts: number[]) => {
      for (const [i, pointer] of [weights, gradient, first, second].entries()) {
        const { values } = vector(1000, 40 + i, pointer);
        values.forEach((value, j) => (values[j] = Math.abs(value)));
      }
      for (const [i, from] of cuts.entries()) {
        const n = (cuts[i + 1] ?? 1000) - from;
        const o = 4 * from;
        kernels.adam(weights + o, gradient + o, first + o, second + o, n, ...numbers);
        kernels.momentum(weights + o, gradient + o, first + o, n, 0.01, 0.9);
        kernels.nesterov(weights + o, gradient + o, second + o, n, 0.01, 0.9);
        kernels.sgd(weights + o, gradient + o, n, 0.01);
      }
      return [weights, first, second].map((pointer) => bits(new Float32Array(memory.buffer, pointer, 1000)));
    };
    expect(step([0, 1, 2, 5, 18, 37, 501])).toEqual(step([0]));
  });
});
