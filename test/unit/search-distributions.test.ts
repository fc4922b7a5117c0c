/** What a parameter is drawn from: shares, bounds and steps. Seeds are fixed, so that bounds on chance cannot fail at times. */
import { describe, expect, it } from 'vitest';
import { numberDistribution } from '../../coordinator/search/number-distribution.js';
import { randomCoordinate } from '../../coordinator/search/coordinate.js';

type Written = Parameters<typeof numberDistribution>[0];

const count = 4000;
/** Kolmogorov's bound that one sample in 1000 exceeds. */
const distanceMax = 1.95 / Math.sqrt(count);

function draw(written: Written, stream = 5): number[] {
  const { quantile } = numberDistribution(written);
  return Array.from({ length: count }, (_, trial) => quantile(randomCoordinate(231, trial, 0, stream)));
}

/** The largest difference between the share that was drawn up to a value and the one that should be. */
function distance(values: number[], share: (value: number) => number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return Math.max(
    ...sorted.map((value, index) =>
      Math.max(Math.abs(share(value) - index / count), Math.abs(share(value) - (index + 1) / count)),
    ),
  );
}

function sharesOf(values: number[]): Map<number, number> {
  const shares = new Map<number, number>();
  for (const value of values) shares.set(value, (shares.get(value) ?? 0) + 1 / count);
  return shares;
}

/** Five standard deviations of a share among `count` draws. */
function tolerance(share: number): number {
  return 5 * Math.sqrt((share * (1 - share)) / count);
}

describe('a real parameter', () => {
  it('is as likely anywhere between its bounds', () => {
    expect(distance(draw({ uniform: [-2, 6] }), (value) => (value + 2) / 8)).toBeLessThan(distanceMax);
  });

  it('has a logarithm that is as likely anywhere between those of its bounds', () => {
    const share = (value: number) => Math.log(value / 1e-4) / Math.log(1e3);
    expect(distance(draw({ logUniform: [1e-4, 1e-1] }), share)).toBeLessThan(distanceMax);
  });

  it.each([
    ['normal', (value: number) => value],
    ['logNormal', (value: number) => Math.log(value)],
  ] as const)('that is %s has the shares of the normal distribution', (name, scale) => {
    const values = draw({ [name]: [3, 0.5] }).map((value) => (scale(value) - 3) / 0.5);
    // The standard normal distribution's shares below -2, -1, 0, 1 and 2.
    for (const [bound, share] of [
      [-2, 0.02275],
      [-1, 0.158655],
      [0, 0.5],
      [1, 0.841345],
      [2, 0.97725],
    ] as const) {
      const drawn = values.filter((value) => value < bound).length / count;
      expect(Math.abs(drawn - share)).toBeLessThan(tolerance(share));
    }
  });

  it.each([
    [{ uniform: [0.1, 0.3] }, 0.1, 0.3],
    [{ uniform: [-1e308, 1e308] }, -1e308, 1e308],
    [{ logUniform: [1e-4, 1e-1] }, 1e-4, 1e-1],
    [{ logUniform: [3e-7, 7] }, 3e-7, 7],
  ] as [Written, number, number][])('%j reaches its bounds and never leaves them', (written, low, high) => {
    const { quantile, has } = numberDistribution(written);
    expect([quantile(0), quantile(1)]).toEqual([low, high]);
    for (const u of [2 ** -53, 1e-9, 0.5, 1 - 1e-9, 1 - 2 ** -53]) {
      expect(quantile(u)).toBeGreaterThanOrEqual(low);
      expect(quantile(u)).toBeLessThanOrEqual(high);
    }
    expect([has(low), has(high), has(low - Math.abs(low)), has(high * 1.001)]).toEqual([true, true, false, false]);
  });
});

describe('a whole parameter', () => {
  it('has every value from the first to the last, each as likely', () => {
    const shares = sharesOf(draw({ int: [-1, 4] }));
    expect([...shares.keys()].toSorted((left, right) => left - right)).toEqual([-1, 0, 1, 2, 3, 4]);
    for (const share of shares.values()) expect(Math.abs(share - 1 / 6)).toBeLessThan(tolerance(1 / 6));
  });

  it('on a logarithmic scale has the share log((k + 1) / k) of log((high + 1) / low)', () => {
    const shares = sharesOf(draw({ logInt: [1, 7] }));
    expect([...shares.keys()].toSorted((left, right) => left - right)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    for (const [k, drawn] of shares) {
      const share = Math.log((k + 1) / k) / Math.log(8);
      expect(Math.abs(drawn - share)).toBeLessThan(tolerance(share));
    }
  });

  it('has its bounds at the ends of the coordinate', () => {
    for (const written of [{ int: [3, 90] }, { logInt: [3, 90] }] as Written[]) {
      const { quantile } = numberDistribution(written);
      expect([quantile(2 ** -53), quantile(1 - 2 ** -53)]).toEqual([3, 90]);
    }
  });
});

describe('a parameter with a step', () => {
  it.each([
    [{ uniform: [0, 1], step: 0.1 }, [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]],
    [{ uniform: [0.1, 0.45], step: 0.1 }, [0.1, 0.2, 0.3, 0.4]],
    [{ logUniform: [1e-4, 5e-4], step: 1e-4 }, [1e-4, 2e-4, 3e-4, 4e-4, 5e-4]],
    [{ int: [32, 100], step: 32 }, [32, 64, 96]],
    [{ logInt: [8, 40], step: 8 }, [8, 16, 24, 32, 40]],
  ] as [Written, number[]][])('%j has those decimals and no others', (written, expected) => {
    const { values, has } = numberDistribution(written);
    expect(Array.from({ length: values!.count }, (_, index) => values!.at(index))).toEqual(expected);
    expect([...sharesOf(draw(written)).keys()].toSorted((left, right) => left - right)).toEqual(expected);
    expect(expected.every(has)).toBe(true);
    expect(has((expected[0]! + expected[1]!) / 2)).toBe(false);
  });

  it('of a normal distribution is a multiple, to the last bit', () => {
    const values = new Set(draw({ normal: [0, 1], step: 0.05 }));
    const multiples = new Set(Array.from({ length: 401 }, (_, index) => Number(((index - 200) * 0.05).toFixed(2)) + 0));
    expect([...values].filter((value) => !multiples.has(value))).toEqual([]);
    expect([...values].some((value) => Object.is(value, -0))).toBe(false);
    expect(values.size).toBeGreaterThan(80);
  });

  it('of a logarithmic normal distribution is never 0', () => {
    const values = draw({ logNormal: [-3, 1], step: 0.25 });
    expect(Math.min(...values)).toBe(0.25);
  });
});

it('a coordinate is never 0 or 1, and is uniform', () => {
  const coordinates = Array.from({ length: count }, (_, trial) => randomCoordinate(7, trial, 0, 1));
  expect(Math.min(...coordinates)).toBeGreaterThan(0);
  expect(Math.max(...coordinates)).toBeLessThan(1);
  expect(distance(coordinates, (value) => value)).toBeLessThan(distanceMax);
});
