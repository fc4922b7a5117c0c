/** First weights: their distributions, and that any part of a tensor can be drawn alone. */
import { describe, expect, it } from 'vitest';
import { initialize, initializeRange, initializerNames } from '../../common/initializers.js';
import type { InitializerSpec } from '../../common/manifest.js';

const fans = { fanIn: 200, fanOut: 100 };

function drawn(spec: InitializerSpec, shape = [200, 100], seed = 231, tensorIndex = 4): Float32Array {
  const out = new Float32Array(shape.reduce((product, size) => product * size, 1));
  initialize(spec, shape, seed, tensorIndex, out);
  return out;
}

function momentsOf(values: Float32Array): { mean: number; variance: number; largest: number } {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  return { mean, variance, largest: values.reduce((max, x) => Math.max(max, Math.abs(x)), 0) };
}

describe('initialize', () => {
  it('zeros, ones and constant draw nothing', () => {
    expect(new Set(drawn({ name: 'zeros' }))).toEqual(new Set([0]));
    expect(new Set(drawn({ name: 'ones' }))).toEqual(new Set([1]));
    expect(new Set(drawn({ name: 'constant', value: 0.25 }))).toEqual(new Set([0.25]));
  });

  // Variances by the papers' formulas with fanIn 200 and fanOut 100; 20,000 draws hold them within 4 %.
  it.each([
    ['glorotUniform', 2 / 300, Math.sqrt(6 / 300)],
    ['glorotNormal', 2 / 300, (2 * Math.sqrt(2 / 300)) / 0.8796],
    ['heUniform', 2 / 200, Math.sqrt(6 / 200)],
    ['heNormal', 2 / 200, (2 * Math.sqrt(2 / 200)) / 0.8796],
    ['lecunUniform', 1 / 200, Math.sqrt(3 / 200)],
    ['lecunNormal', 1 / 200, (2 * Math.sqrt(1 / 200)) / 0.8796],
    ['randomNormal', 0.05 ** 2, 0.05 * 6.4],
    ['randomUniform', 0.1 ** 2 / 12, 0.05],
    ['truncatedNormal', (0.05 * 0.8796) ** 2, 0.1],
  ])('%s has variance %d and no value beyond %d', (name, expected, limit) => {
    const { mean, variance, largest } = momentsOf(drawn({ name, ...fans }));
    expect(Math.abs(mean)).toBeLessThan(5 * Math.sqrt(expected / 20_000));
    expect(Math.abs(variance / expected - 1)).toBeLessThan(0.04);
    expect(largest).toBeLessThanOrEqual(limit * 1.0001);
  });

  it.each([
    [[20, 20], 'both'],
    [[3, 3, 4, 16], 'columns'],
    [[8, 40], 'rows'],
  ])('orthogonal of shape %j has orthonormal %s, times its gain', (shape) => {
    const width = shape.at(-1)!;
    const matrix = drawn({ name: 'orthogonal', gain: 2 }, shape);
    const height = matrix.length / width;
    const at = (row: number, column: number) => matrix[row * width + column]! / 2;
    const [size, length] = height >= width ? [width, height] : [height, width];
    const entry = (vector: number, i: number) => (height >= width ? at(i, vector) : at(vector, i));
    for (let a = 0; a < size; a += 1) {
      for (let b = 0; b < size; b += 1) {
        let product = 0;
        for (let i = 0; i < length; i += 1) {
          product += entry(a, i) * entry(b, i);
        }
        expect(Math.abs(product - (a === b ? 1 : 0))).toBeLessThan(1e-6);
      }
    }
  });

  it.each([...initializerNames])('%s: a part drawn alone equals that part of the whole', (name) => {
    const whole = drawn({ name, ...fans }, [20, 10]);
    for (const [from, to] of [
      [0, 7],
      [13, 14],
      [101, 200],
    ] as const) {
      const part = new Float32Array(to - from);
      initializeRange({ name, ...fans }, [20, 10], 231, 4, from, part);
      expect(part).toEqual(whole.slice(from, to));
    }
  });

  it("the forget gate's quarter is ones, also in a part drawn alone, and the rest is drawn as without it", () => {
    const spec = { name: 'randomNormal', unitForget: true };
    const plain = drawn({ name: 'randomNormal' }, [20]);
    const whole = drawn(spec, [20]);
    expect(whole).toEqual(plain.map((value, index) => (index >= 5 && index < 10 ? 1 : value)));
    for (const [from, to] of [
      [0, 5],
      [3, 7],
      [6, 9],
      [8, 20],
      [10, 20],
    ] as const) {
      // prettier-ignore
      const part = new Float32Array(to - from);
      initializeRange(spec, [20], 231, 4, from, part);
      expect(part).toEqual(whole.subarray(from, to));
    }
  });

  it('seed and tensor decide the values', () => {
    const spec = { name: 'heNormal', ...fans };
    expect(drawn(spec)).toEqual(drawn(spec));
    expect(drawn(spec, [200, 100], 232)).not.toEqual(drawn(spec));
    expect(drawn(spec, [200, 100], 231, 5)).not.toEqual(drawn(spec));
  });

  it('refuses an unknown name and a missing fan', () => {
    expect(() => drawn({ name: 'xavier' })).toThrow("initializer: there is no 'xavier'; one of zeros, ones, constant");
    expect(() => drawn({ name: 'heNormal' })).toThrow('initializer heNormal: fanIn is undefined; it needs a positive');
  });
});
