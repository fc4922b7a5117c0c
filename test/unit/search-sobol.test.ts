/** Sobol's sequence against published numbers and SciPy's points (test/golden/sobol.py), and that scrambling keeps the net. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { dimensionsMax, scrambledCoordinate, sobolWord } from '../../coordinator/search/samplers/sobol.js';
import { directionNumbers } from '../../coordinator/search/samplers/sobol-directions.js';

interface Golden {
  points: number[][];
  late: [point: number, dimension: number, value: number][];
}

const golden = JSON.parse(readFileSync(new URL('../golden/sobol.json', import.meta.url), 'utf8')) as Golden;

it("the direction numbers are Joe and Kuo's, as their file new-joe-kuo-6.21201 begins", () => {
  // Its lines `d s a m_i` for d from 2 to 10.
  expect(directionNumbers.slice(0, 9)).toEqual([
    ...['1 0 1', '2 1 1 3', '3 1 1 3 1', '3 2 1 1 1', '4 1 1 1 3 3', '4 4 1 3 5 13'],
    ...['5 2 1 1 5 5 17', '5 4 1 1 5 5 5', '5 7 1 1 7 11 19'],
  ]);
  expect(dimensionsMax).toBe(100);
});

it('the first points are those of the literature', () => {
  // 0, 1/2, 3/4, 1/4, 3/8, 7/8, 5/8, 1/8 in the first dimension; 0, 1/2, 1/4, 3/4, 3/8, 7/8, 1/8, 5/8 in the second.
  const points = Array.from({ length: 8 }, (_, n) => [0, 1].map((dimension) => sobolWord(n, dimension) / 2 ** 32));
  expect(points.map(([x]) => x)).toEqual([0, 0.5, 0.75, 0.25, 0.375, 0.875, 0.625, 0.125]);
  expect(points.map(([, y]) => y)).toEqual([0, 0.5, 0.25, 0.75, 0.375, 0.875, 0.125, 0.625]);
});

it('without scrambling the points are those of SciPy', () => {
  const points = golden.points.map((point, n) => point.map((_, dimension) => sobolWord(n, dimension)));
  expect(points).toEqual(golden.points);
  expect(golden.late.map(([n, dimension]) => [n, dimension, sobolWord(n, dimension)])).toEqual(golden.late);
});

describe('scrambled points', () => {
  const coordinate = (seed: number, n: number, dimension: number) =>
    scrambledCoordinate(seed, dimension + 1000, sobolWord(n, dimension));

  it.each([1, 4, 7])('of 2^%i, one is in each 2^-%im-th of every dimension', (m) => {
    const cells = [...Array(2 ** m).keys()];
    for (const dimension of [0, 1, 2, 17, 60, 99]) {
      const reached = cells.map((n) => Math.floor(coordinate(231, n, dimension) * 2 ** m));
      expect(reached.toSorted((left, right) => left - right)).toEqual(cells);
    }
  });

  it('of the first two dimensions have one in every box of area 2^-m, whatever its sides', () => {
    const m = 6;
    const points = Array.from({ length: 2 ** m }, (_, n) => [coordinate(9, n, 0), coordinate(9, n, 1)] as const);
    for (let across = 0; across <= m; across++) {
      const box = ([x, y]: readonly [number, number]) =>
        Math.floor(x * 2 ** across) * 2 ** (m - across) + Math.floor(y * 2 ** (m - across));
      expect(new Set(points.map(box)).size).toBe(2 ** m);
    }
  });

  it('are uniform over the seeds, also the first, which is 0 without', () => {
    const count = 2000;
    const values = Array.from({ length: count }, (_, seed) => coordinate(seed, 0, 3)).toSorted((a, b) => a - b);
    const distance = Math.max(...values.map((value, index) => Math.abs(value - (index + 0.5) / count)));
    expect(distance).toBeLessThan(1.95 / Math.sqrt(count));
  });

  it('do not follow from one another: two halves of a dimension are scrambled each in its own way', () => {
    // Of a digital shift, the lower half of the unit interval would be shifted by the same bits as the upper half.
    const flips = [0, 1].map((half) =>
      Array.from({ length: 64 }, (_, seed) => {
        const word = half * 2 ** 31;
        return Math.floor(scrambledCoordinate(seed, 1, word) * 4) % 2;
      }),
    );
    const equal = flips[0]!.filter((flip, seed) => flip === flips[1]![seed]).length;
    // Of 64 fair coins; five standard deviations are 20.
    expect(Math.abs(equal - 32)).toBeLessThan(20);
  });
});
