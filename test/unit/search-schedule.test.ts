import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Decision, SearchEvent } from '../../coordinator/search/log.js';
import { averageMatureStep, type SearchPlan } from '../../coordinator/search/plan.js';
import { describeReproducibility, reproducibilityOf } from '../../coordinator/search/reproducibility.js';
import { hyperbandBrackets, hyperbandTrials, rungEpochs } from '../../coordinator/search/rungs.js';
import { Search } from '../../coordinator/search/search.js';
import { curve, decisionsOf, runCluster } from './search-cluster.js';
import { planOf, type SweepOptions } from './search-plans.js';

/** Begins, and reports `values` of trials 0, 1, … at the step. */
function reported(plan: SearchPlan, values: readonly (number | null)[], step: number) {
  const search = new Search(plan);
  search.take({ type: 'begin' });
  for (const [trial] of values.entries())
    if (plan.schedule.name === 'asha' && trial >= 0) search.take({ type: 'request' });
  const decisions = values.flatMap((value, trial) => search.take({ type: 'report', trial, step, value }).decisions);
  return { search, decisions };
}

function promoted(decisions: readonly Decision[]): number[] {
  return decisions.flatMap((decision) => (decision.type === 'promote' ? [decision.trial] : []));
}

const ask: SearchEvent = { type: 'request' };

describe('rungs and brackets', () => {
  it("are those of Hyperband's published table for R = 81 and eta = 3", () => {
    const table = hyperbandBrackets({ minEpochs: 1, maxEpochs: 81, eta: 3 }).map(({ s, rungs }) => [
      s,
      rungs.map(({ trials, epochs }) => `${trials}x${epochs}`).join(' '),
    ]);
    expect(table).toEqual([
      [4, '81x1 27x3 9x9 3x27 1x81'],
      [3, '27x3 9x9 3x27 1x81'],
      [2, '9x9 3x27 1x81'],
      [1, '6x27 2x81'],
      [0, '5x81'],
    ]);
    expect(hyperbandTrials({ minEpochs: 1, maxEpochs: 81, eta: 3 })).toBe(81 + 27 + 9 + 6 + 5);
  });

  it('end with the whole training also where it is no power of eta', () => {
    expect(rungEpochs({ minEpochs: 1, maxEpochs: 20, eta: 3 })).toEqual([2, 7, 20]);
    expect(rungEpochs({ minEpochs: 4, maxEpochs: 5, eta: 3 })).toEqual([5]);
    expect(rungEpochs({ minEpochs: 1, maxEpochs: 243, eta: 3 })).toEqual([1, 3, 9, 27, 81, 243]);
  });

  it('need as many trials as they have places, and say how many', () => {
    const halving = { trials: 8, epochs: 9, schedule: { successiveHalving: {} } };
    expect(() => planOf(halving)).toThrow(/search\.trials is 8, too few for rungs of 1, 3, 9 epochs.*give 9 or more/);
    const hyperband = { trials: 100, epochs: 81, schedule: { hyperband: {} } };
    expect(() => planOf(hyperband)).toThrow(/have 128 trials together: give 128$/);
    expect(() => planOf({ ...hyperband, trials: 300 })).toThrow(/give 256 or 384$/);
    const twice = planOf({ ...hyperband, trials: 256 }).schedule;
    expect('brackets' in twice && twice.brackets.map(({ first }) => first)).toEqual([
      ...[0, 81, 108, 117, 123],
      ...[128, 209, 236, 245, 251],
    ]);
    const late = { trials: 8, epochs: 2, schedule: { asha: { minEpochs: 3 } } };
    expect(() => planOf(late)).toThrow(/search\.schedule\.asha\.minEpochs is 3, more than train\.epochs, 2/);
  });
});

describe('a running average', () => {
  const average = { trials: 9, epochs: 9, weights: 'average', decay: 0.995 } as const;

  it('is refused as a rank before 3 / (1 - decay) steps, and the message says from which epoch on', () => {
    // 3 / 0.005 = 600 steps; of 100 an epoch that is 6 epochs.
    expect(averageMatureStep(0.995)).toBe(600);
    const early = { ...average, schedule: { successiveHalving: {} } };
    expect(() => planOf(early, 100)).toThrow(
      /successiveHalving ranks trials by it at step 100, but .* from step 600 on.*give 6 epochs or more/,
    );
    expect(planOf(early, 600).untilStep).toBe(5400);
    expect(() => planOf(early, 599)).toThrow(/at step 599/);
    // A plan in epochs, of which the shortest has so many steps.
    expect(planOf(early, 1, 600).untilStep).toBe(9);
    expect(() => planOf(early, 1, 599)).toThrow(/at step 599/);
  });

  it('is refused for early rounds, medians and thresholds alike, and never for a training in full', () => {
    const rounds = [
      { trials: 6, epochs: 1 },
      { trials: 3, epochs: 9 },
    ];
    expect(() => planOf({ ...average, schedule: { coarseToFine: { rounds } } }, 100)).toThrow(/coarseToFine ranks/);
    expect(() => planOf({ ...average, stopping: { median: {} } }, 100)).toThrow(/stopping\.median ranks/);
    const threshold = { fromEpoch: 5, value: 0.5 };
    expect(() => planOf({ ...average, stopping: { threshold } }, 100)).toThrow(/stopping\.threshold ranks/);
    expect(planOf(average, 1).schedule.name).toBe('full');
    expect(planOf({ ...average, weights: 'last', schedule: { successiveHalving: {} } }, 1).trials).toBe(9);
  });
});

describe('successive halving', () => {
  const halving = { trials: 9, epochs: 9, schedule: { successiveHalving: { eta: 3 } } };

  it('promotes the best third of a complete rung, the lower number of two that tie', () => {
    const { decisions } = reported(planOf(halving), [5, 7, 7, 1, 7, 7, 2, 3, 4], 1);
    expect(promoted(decisions)).toEqual([1, 2, 4]);
    const stop = decisions.find((decision) => decision.type === 'stop' && decision.trial === 5);
    expect(stop).toEqual({
      ...{ type: 'stop', trial: 5, reason: 'rank' },
      saw: { step: 1, value: 7, rank: 4, results: 9, kept: 3 },
    });
  });

  it('decides nothing before the last trial of the rung has its result', () => {
    const { search, decisions } = reported(planOf(halving), [5, 7, 7, 1, 7, 7, 2, 3], 1);
    expect(decisions.map(({ type }) => type)).toEqual(Array.from({ length: 8 }, () => 'pause'));
    const last = search.take({ type: 'failed', trial: 8, reason: 'no memory' }).decisions;
    expect(promoted(last)).toEqual([1, 2, 4]);
  });

  it('promotes fewer where fewer have a number, and ends where none has', () => {
    const lost = [null, null, null, null, null, null, null, null];
    expect(promoted(reported(planOf(halving), [...lost, 2], 1).decisions)).toEqual([8]);
    const { search, decisions } = reported(planOf(halving), [...lost, null], 1);
    expect(promoted(decisions)).toEqual([]);
    expect(search.rows().map(({ reason }) => reason)).toEqual(Array.from({ length: 9 }, () => 'notFinite'));
  });

  it('minimises what is minimised', () => {
    const plan = planOf({ ...halving, direction: 'minimise' });
    expect(promoted(reported(plan, [5, 7, 7, 1, 7, 7, 2, 3, 4], 1).decisions)).toEqual([3, 6, 7]);
  });
});

describe('asha', () => {
  const asha = { trials: 9, epochs: 9, schedule: { asha: { eta: 3 } } };

  it('promotes as soon as one of three results is best, and only when a worker asks', () => {
    const { search, decisions } = reported(planOf(asha), [4, 6, 5], 1);
    expect(decisions.map(({ type }) => type)).toEqual(['pause', 'pause', 'pause']);
    expect(search.take(ask).decisions).toEqual([
      {
        ...{ type: 'promote', trial: 1, rung: 1, untilStep: 3 },
        saw: { step: 1, value: 6, rank: 1, results: 3, kept: 1 },
      },
    ]);
    expect(search.take(ask).decisions).toEqual([
      { type: 'create', first: 3, count: 1, bracket: 0, untilStep: 1, saw: { rungs: [3, 0, 0] } },
    ]);
  });

  it('lets a worker wait when all trials are created, and answers it when a result makes one promotable', () => {
    const plan = planOf({ ...asha, trials: 3 });
    const { search } = reported(plan, [4, 6], 1);
    expect(search.take(ask).decisions.map(({ type }) => type)).toEqual(['create']);
    expect(search.take(ask).decisions).toEqual([]);
    const decisions = search.take({ type: 'report', trial: 2, step: 1, value: 5 }).decisions;
    expect(promoted(decisions)).toEqual([1]);
  });

  it('says of a late report that it is ignored, and why', () => {
    const { search } = reported(planOf(asha), [4, null], 1);
    expect(search.take({ type: 'report', trial: 1, step: 2, value: 9 })).toEqual({
      decisions: [],
      ignored: 'the report of trial 1 at step 2 is ignored: the trial is stopped since step 1',
    });
    expect(search.take({ type: 'report', trial: 0, step: 1, value: 9 }).ignored).toMatch(/step 1 was reported before/);
    expect(search.take({ type: 'report', trial: 0, step: 2, value: 9 }).ignored).toMatch(/not to go beyond step 1/);
    expect(search.take({ type: 'report', trial: 7, step: 1, value: 9 }).ignored).toMatch(/there is no such trial/);
  });

  it('takes a value that comes after the report of its step', () => {
    const { search } = reported(planOf(asha), [4, 6], 1);
    expect(search.take({ type: 'request' }).decisions[0]?.type).toBe('create');
    expect(search.take({ type: 'report', trial: 2, step: 1, loss: 0.4 })).toEqual({ decisions: [] });
    const { decisions } = search.take({ type: 'report', trial: 2, step: 1, value: 5 });
    expect(decisions).toEqual([{ type: 'pause', trial: 2, saw: { step: 1, value: 5 } }]);
  });
});

describe('the table of a sweep', () => {
  const rounds = [
    { trials: 6, epochs: 2 },
    { trials: 4, epochs: 9 },
  ];
  const space = { rate: { logUniform: [1e-4, 1e-1] as [number, number] } };
  const kinds: Record<string, SweepOptions> = {
    'random, grid, Sobol or list': { trials: 10, epochs: 9 },
    'successive halving': { trials: 12, epochs: 9, schedule: { successiveHalving: { eta: 2 } } },
    // Brackets of 9, 3 and 3.
    Hyperband: { trials: 15, epochs: 9, schedule: { hyperband: { eta: 3 } } },
    'coarse to fine': { trials: 10, epochs: 9, space, schedule: { coarseToFine: { rounds, quantile: 0.5 } } },
  };

  it.each(Object.entries(kinds))('of %s is the same for any workers and any order of arrival', (_, options) => {
    const stopping = { patience: { epochs: 4 }, diverged: { factor: 2 } };
    const plan = planOf({ ...options, stopping });
    const run = (workers: number, seed: number) => {
      const search = new Search(plan);
      const log = runCluster(search, {
        ...{ workers, seed, asks: false, stepsPerReport: 1, untilStep: 9, value: curve },
        parameters: (trial) => ({ rate: 10 ** -(1 + (trial % 7) / 2) }),
      });
      const decisions = decisionsOf(log).map((decision) => JSON.stringify(decision));
      return { rows: search.rows(), decisions: decisions.toSorted() };
    };
    const alone = run(1, 1);
    expect(alone.rows.length).toBe(options.trials);
    expect(alone.rows.filter(({ status }) => status === 'running' || status === 'paused')).toEqual([]);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(), (workers, seed) => {
        expect(run(workers, seed)).toEqual(alone);
      }),
    );
  });

  it('of asha depends on the order of arrival, and the report says so', () => {
    const plan = planOf({ trials: 12, epochs: 9, schedule: { asha: { eta: 3 } } });
    const tables = new Set(
      Array.from({ length: 20 }, (_, seed) => {
        const search = new Search(plan);
        runCluster(search, { workers: 4, seed, asks: true, stepsPerReport: 1, untilStep: 9, value: curve });
        return JSON.stringify(search.rows());
      }),
    );
    expect(tables.size).toBeGreaterThan(1);
    expect(describeReproducibility(reproducibilityOf(plan))).toBe(
      'recorded: another run gives this table with --replay only, because asha promotes by the results that are there when a worker asks',
    );
  });

  it('is told to be reproducible unless the schedule, the median rule or a time budget looks at arrival', () => {
    const halving = planOf({ trials: 9, epochs: 9, schedule: { successiveHalving: {} } });
    expect(describeReproducibility(reproducibilityOf(halving))).toBe(
      'reproducible: the same table for any number of workers',
    );
    expect(reproducibilityOf(halving, ['a time budget ends it by the clock']).kind).toBe('by replay');
    const median = planOf({ trials: 9, epochs: 9, stopping: { median: {} } });
    expect(reproducibilityOf(median).reasons).toEqual([
      'the median rule compares with what other trials have reported by then',
    ]);
  });
});
