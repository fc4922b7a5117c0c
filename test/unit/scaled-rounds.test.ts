/** The rounds of coarse to fine for another number of trials: exactly so many, in proportion, on the command line and in a sweep that runs. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTemplate } from '../../common/experiment/load.js';
import { withTrials } from '../../cli/sweep/with-trials.js';
import type { Decision } from '../../coordinator/search/log.js';
import { replay } from '../../coordinator/search/replay.js';
import { scaledRounds } from '../../coordinator/search/scaled-rounds.js';
import { Search } from '../../coordinator/search/search.js';
import { planOf } from './search-plans.js';
import { SweepWorld } from './sweep-world.js';

const seed = Number(process.env['POLYAK_TEST_SEED'] ?? 231);
const trialsOf = (rounds: readonly { trials: number }[]) => rounds.map(({ trials }) => trials);
const scaled = (trials: number[], total: number) =>
  trialsOf(
    scaledRounds(
      trials.map((each) => ({ trials: each })),
      total,
    ),
  );

describe('rounds that are scaled', () => {
  it('have exactly as many trials as are wanted, by largest remainders', () => {
    // 200 / 60 of 40, 14 and 6: 133.33, 46.67 and 20; the one that is missing goes to the second.
    expect(scaled([40, 14, 6], 200)).toEqual([133, 47, 20]);
    // Two halves: the one that is missing goes to the first.
    expect(scaled([3, 3], 7)).toEqual([4, 3]);
    expect(scaled([40, 14, 6], 60)).toEqual([40, 14, 6]);
  });

  it('have a trial at least each', () => {
    // A half of a trial for the last; the others share four as 40 : 14, which is 2.96 and 1.04.
    expect(scaled([40, 14, 6], 5)).toEqual([3, 1, 1]);
    expect(scaled([40, 14, 6], 3)).toEqual([1, 1, 1]);
    expect(() => scaled([40, 14, 6], 2)).toThrow('2 trials are too few for 3 rounds of coarseToFine');
  });

  it(`never differ by a whole trial from their share, but for that one (seed ${seed})`, () => {
    const rounds = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 2, maxLength: 6 });
    const property = fc.property(rounds, fc.integer({ min: 6, max: 100_000 }), (weights, total) => {
      const shares = scaled(weights, total);
      const sum = weights.reduce((all, weight) => all + weight, 0);
      expect(shares.reduce((all, share) => all + share, 0)).toBe(total);
      if (weights.every((weight) => weight * total >= sum)) {
        weights.forEach((weight, index) => expect(Math.abs(shares[index]! - (weight * total) / sum)).toBeLessThan(1));
      }
      expect(Math.min(...shares)).toBeGreaterThanOrEqual(1);
    });
    fc.assert(property, { seed });
  });
});

describe('--trials', () => {
  const text = (trials: number) => `
name: small
data: { source: csv, path: x.csv, validation: 1 }
model: [{ dense: { units: 2 } }]
loss: softmaxCrossEntropy
metrics: [accuracy]
optimizer: { sgd: { learningRate: $rate } }
train: { epochs: 5, batchSize: 4, microBatchSize: 4 }
search:
  trials: ${trials}
  schedule: { coarseToFine: { rounds: [{ trials: 40, epochs: 1 }, { trials: 20, epochs: 5 }] } }
  space: { rate: { uniform: [0, 1] } }`;

  it('scales the rounds of the file, and leaves them without it', () => {
    const template = parseTemplate(text(60), 'small.yaml', ['search.trials=200']);
    const { trials, schedule } = withTrials(template, 200).search;
    expect(trials).toBe(200);
    expect(schedule).toMatchObject({
      coarseToFine: {
        rounds: [
          { trials: 133, epochs: 1 },
          { trials: 67, epochs: 5 },
        ],
      },
    });
    expect(withTrials(template, undefined)).toBe(template);
  });

  it('is named where a file and its rounds do not agree', () => {
    const rounds = [
      { trials: 4, epochs: 1 },
      { trials: 2, epochs: 5 },
    ];
    expect(() => planOf({ trials: 9, epochs: 5, schedule: { coarseToFine: { rounds } } })).toThrow(
      'search.trials is 9, and the rounds of coarseToFine have 6 together: make them equal, or leave search.trials at 6 and let polyak sweep --trials 9 scale the rounds',
    );
  });
});

describe('more trials for a sweep from coarse to fine', () => {
  const rounds = [
    { trials: 4, epochs: 1 },
    { trials: 2, epochs: 2 },
    { trials: 1, epochs: 5 },
  ];
  const plan = planOf({ trials: 7, epochs: 5, space: {}, schedule: { coarseToFine: { rounds } } });

  it('go to the rounds that have not begun, and replay to the same table', () => {
    const search = new Search(plan);
    const created: number[] = [];
    const log: Parameters<typeof replay>[1][number][] = [];
    const take = (event: Parameters<Search['take']>[0]) => {
      const { decisions, ignored } = search.take(event);
      expect(ignored).toBeUndefined();
      log.push({ event }, ...decisions.map((decision) => ({ decision })));
      for (const decision of decisions) if (isCreate(decision)) created.push(decision.count);
    };
    const round = (first: number, count: number, until: number) => {
      for (let trial = first; trial < first + count; trial++)
        for (let step = 1; step <= until; step++) take({ type: 'report', trial, step, value: trial });
    };
    take({ type: 'begin' });
    take({ type: 'extend', trials: 10 });
    // Six are left for 2 : 1.
    round(0, 4, 1);
    expect(created).toEqual([4, 4]);
    take({ type: 'extend', trials: 13 });
    round(4, 4, 2);
    expect(created).toEqual([4, 4, 5]);
    expect(search.take({ type: 'extend', trials: 20 }).ignored).toContain('has begun its last round');
    expect(replay(plan, JSON.parse(JSON.stringify(log)) as typeof log).search.rows()).toEqual(search.rows());
  });

  it('are exactly so many, whatever dies meanwhile, and refused in the last round', async () => {
    const options = { seed, search: { trials: 7, schedule: { coarseToFine: { rounds } } }, epochs: 5, workers: 2 };
    for (const disturbed of [false, true]) {
      let refusal = '';
      const world = await SweepWorld.run({
        ...{ ...options, disturbed, settings: { retries: 1000 } },
        check: async ({ sweep, store }) => {
          const more = (trials: number) => sweep.change({ ...sweep.settings, trials });
          if (sweep.settings.trials === 7 && sweep.logLength > 0) store.commit(more(16));
          if (sweep.refusalOfMore !== undefined && refusal === '') {
            try {
              more(30);
            } catch (error) {
              refusal = (error as Error).message;
            }
          }
          await Promise.resolve();
        },
      });
      expect(world.sweep.state).toBe('finished');
      const rows = await world.rows();
      // Twelve are left of 16 for 2 : 1.
      expect([0, 1, 2].map((round) => rows.filter((row) => row.round === round).length)).toEqual([4, 8, 4]);
      expect(refusal).toContain('has begun its last round');
      expect(refusal).toContain('begin another sweep: polyak sweep FILE --trials 30');
    }
  });
});

function isCreate(decision: Decision): decision is Decision & { type: 'create' } {
  return decision.type === 'create';
}
