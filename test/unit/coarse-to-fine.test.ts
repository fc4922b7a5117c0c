import { describe, expect, it } from 'vitest';
import { distributionSchema, type Distribution } from '../../common/experiment/search-schema.js';
import type { Decision } from '../../coordinator/search/log.js';
import { narrowSpace } from '../../coordinator/search/narrow-space.js';
import { Search } from '../../coordinator/search/search.js';
import { planOf } from './search-plans.js';

/** The next distribution of one parameter, of which the best trials had these values. */
function next(distribution: Distribution, best: unknown[], widen = false, quantile = 0.25, outer = distribution) {
  const parameters = best.map((value) => (value === undefined ? {} : { x: value }));
  const narrowed = narrowSpace({ x: distribution }, parameters, { quantile, widen, outer: { x: outer } });
  distributionSchema.parse(narrowed.space['x']);
  return { space: narrowed.space['x'], outer: narrowed.outer['x'], edge: narrowed.edges[0]?.edge };
}

describe('the next range', () => {
  it('of a uniform parameter lies around the best, as wide as uniform values of that spread come from', () => {
    // Spread 0.2 of three values: 0.2 (3 + 1) / (3 - 1) = 0.4 around 0.5.
    expect(next({ uniform: [0, 1] }, [0.5, 0.4, 0.6])).toEqual({
      ...{ space: { uniform: [0.3, 0.7] }, outer: { uniform: [0, 1] }, edge: undefined },
    });
  });

  it('is never narrower than the quantile of the present one, also around one trial alone', () => {
    expect(next({ uniform: [0, 1] }, [0.5]).space).toEqual({ uniform: [0.375, 0.625] });
    expect(next({ uniform: [0, 1] }, [0.5], false, 0.5).space).toEqual({ uniform: [0.25, 0.75] });
  });

  it('of a learning rate is re-centred in its logarithm', () => {
    // A quarter of four decades is one, half of it on each side of 1e-3: 10^-3.5 = 3.16e-4 to 10^-2.5 = 3.16e-3.
    expect(next({ logUniform: [1e-5, 1e-1] }, [1e-3]).space).toEqual({ logUniform: [0.00031, 0.0032] });
    // One decade of spread of two values: 1 (2 + 1) / (2 - 1) = 3 decades around 1e-2.5.
    expect(next({ logUniform: [1e-6, 1] }, [1e-3, 1e-2]).space).toEqual({ logUniform: [1e-4, 1e-1] });
  });

  it('of whole numbers has whole bounds, and of a parameter with steps bounds that it has', () => {
    expect(next({ int: [1, 9] }, [5, 4, 6]).space).toEqual({ int: [3, 7] });
    expect(next({ int: [1, 2] }, [1]).space).toEqual({ int: [1, 2] });
    // Half of four octaves, one on each side of 64.
    expect(next({ logInt: [16, 256] }, [64], false, 0.5).space).toEqual({ logInt: [32, 128] });
    expect(next({ uniform: [0, 1], step: 0.25 }, [0.5]).space).toEqual({ uniform: [0.25, 0.75], step: 0.25 });
  });

  it('of a normal parameter has the mean of the best and a smaller deviation', () => {
    expect(next({ normal: [0, 2] }, [1, 3]).space).toEqual({ normal: [2, 1.41] });
    expect(next({ normal: [0, 2] }, [1]).space).toEqual({ normal: [1, 0.5] });
  });

  it('of a choice has the values that are among the best, in their order', () => {
    expect(next({ choice: ['relu', 'tanh', [3, 5]] }, [[3, 5], 'relu', 'relu']).space).toEqual({
      choice: ['relu', [3, 5]],
    });
  });

  it('stays within what the user wrote, but may leave the range of the round before', () => {
    expect(next({ uniform: [0.4, 0.6] }, [0.6], false, 1, { uniform: [0, 1] }).space).toEqual({ uniform: [0.5, 0.7] });
    expect(next({ uniform: [0.4, 0.6] }, [0.6], false, 1, { uniform: [0, 0.65] }).space).toEqual({
      uniform: [0.5, 0.65],
    });
  });

  it('of a constant, of what no trial had, and of what it does not know stays as it is', () => {
    expect(next(0.5, [0.5]).space).toBe(0.5);
    expect(next({ uniform: [0, 1] }, [undefined]).space).toEqual({ uniform: [0, 1] });
    expect(next({ logNormal: [0, 1] }, [1]).space).toEqual({ logNormal: [0, 1] });
  });
});

describe('the edge alarm', () => {
  it('is raised within 5 % of a bound, in the own scale, with a bound half a range further out', () => {
    expect(next({ uniform: [1, 2] }, [1.96]).edge).toEqual({ side: 'upper', bound: 2, widened: 2.5 });
    expect(next({ uniform: [1, 2] }, [1.04]).edge).toEqual({ side: 'lower', bound: 1, widened: 0.5 });
    expect(next({ uniform: [1, 2] }, [1.94]).edge).toBeUndefined();
    // 4e-4 is 20 % of the way up in the logarithm, though only 0.3 % of it in value.
    expect(next({ logUniform: [1e-4, 1e-1] }, [4e-4]).edge).toBeUndefined();
    expect(next({ logUniform: [1e-4, 1e-2] }, [9.9e-3]).edge).toEqual({ side: 'upper', bound: 0.01, widened: 0.1 });
    expect(next({ logInt: [16, 256] }, [256]).edge).toEqual({ side: 'upper', bound: 256, widened: 1024 });
  });

  it('looks at the best trial only', () => {
    expect(next({ uniform: [1, 2] }, [1.5, 1.99]).edge).toBeUndefined();
  });

  it('suggests nothing below 0 for what is never negative, and no whole number below 1 for a logarithm', () => {
    expect(next({ uniform: [0, 0.6] }, [0.01]).edge).toEqual({ side: 'lower', bound: 0, widened: undefined });
    expect(next({ uniform: [0.1, 0.6] }, [0.1]).edge).toEqual({ side: 'lower', bound: 0.1, widened: 0 });
    expect(next({ logInt: [2, 512] }, [2]).edge).toEqual({ side: 'lower', bound: 2, widened: 1 });
  });

  it('widens the range only where that is asked for, and then also what later rounds may use', () => {
    const told = next({ logUniform: [1e-4, 1e-2] }, [9.9e-3]);
    expect(told.space).toEqual({ logUniform: [0.0055, 0.01] });
    expect(told.outer).toEqual({ logUniform: [1e-4, 1e-2] });
    const taken = next({ logUniform: [1e-4, 1e-2] }, [9.9e-3], true);
    expect(taken.space).toEqual({ logUniform: [0.0055, 0.1] });
    expect(taken.outer).toEqual({ logUniform: [1e-4, 0.1] });
  });
});

describe('coarse to fine', () => {
  const rounds = [
    { trials: 4, epochs: 1 },
    { trials: 2, epochs: 5 },
  ];
  const space = { rate: { logUniform: [1e-4, 1e-2] as [number, number] }, depth: 2 };
  const plan = (widen: boolean) =>
    planOf({ trials: 6, epochs: 5, space, schedule: { coarseToFine: { rounds, quantile: 0.5, widen } } }, 10);
  const rates = [1e-3, 9.9e-3, 3e-3, 2e-4];

  function firstRound(widen: boolean, values: (number | null)[]): Decision[] {
    const search = new Search(plan(widen));
    search.take({ type: 'begin' });
    for (const [trial, rate] of rates.entries()) search.take({ type: 'created', trial, parameters: { rate } });
    return values.flatMap((value, trial) => search.take({ type: 'report', trial, step: 10, value }).decisions);
  }

  it('begins the next round when the last trial of the round has ended, and explains it in two lines', () => {
    const decisions = firstRound(false, [0.5, 0.75, null, 0.25]);
    expect(decisions.map(({ type }) => type)).toEqual(['stop', 'stop', 'stop', 'stop', 'create']);
    expect(decisions.at(-1)).toEqual({
      ...{ type: 'create', first: 4, count: 2, bracket: 0, round: 1, untilStep: 50 },
      space: { rate: { logUniform: [0.00031, 0.01] }, depth: 2 },
      explanation: [
        'round 1 of 2, 4 trials of 1 epoch: best validation.accuracy 0.75 (trial 1); the best 2 reach 0.5 or better; 1 without a number',
        "next, 2 trials of 5 epochs: rate [0.0001,0.01] -> [0.00031,0.01]; rate's best, 0.0099, lies at its upper bound, 0.01: consider 0.1",
      ],
      saw: {
        results: 4,
        best: [
          { trial: 1, step: 10, value: 0.75 },
          { trial: 0, step: 10, value: 0.5 },
        ],
      },
    });
  });

  it('says that a bound was widened where that is asked for', () => {
    const create = firstRound(true, [0.5, 0.75, null, 0.25]).at(-1) as Decision & { type: 'create' };
    expect(create.space!['rate']).toEqual({ logUniform: [0.00031, 0.1] });
    expect(create.explanation![1]).toMatch(/0\.01: widened to 0\.1$/);
  });

  it('tries the same ranges again where no trial has a number to show', () => {
    const create = firstRound(true, [null, null, null, null]).at(-1) as Decision & { type: 'create' };
    expect(create.space).toEqual(space);
    expect(create.explanation).toEqual([
      'round 1 of 2, 4 trials of 1 epoch: no trial has a number to show',
      'next, 2 trials of 5 epochs: the same ranges again',
    ]);
  });

  it('refuses rounds that do not fit the trials or the epochs', () => {
    const with5 = { trials: 7, epochs: 5, schedule: { coarseToFine: { rounds } } };
    expect(() => planOf(with5)).toThrow(/search\.trials is 7, and the rounds of coarseToFine have 6 together/);
    expect(() => planOf({ ...with5, trials: 6, epochs: 4 })).toThrow(/has 5 epochs, more than train\.epochs, 4/);
  });
});
