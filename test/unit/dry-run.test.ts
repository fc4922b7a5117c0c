/** What a dry run says of a sweep whose first trial has been measured: stages, epochs, time, price, and where a budget ends it. */
import { describe, expect, it } from 'vitest';
import { estimate, linesOf } from '../../cli/sweep/dry-run.js';
import { stagesOf } from '../../cli/sweep/planned-stages.js';
import { searchSchema } from '../../common/experiment/search-schema.js';
import { TrialPlan } from '../../coordinator/sweep/trial-plan.js';

const pace = { secondsPerEpoch: 2, workers: 4 };

function planOf(search: Record<string, unknown>, epochs: number): TrialPlan {
  const value = {
    ...{ name: 'x', seed: 1, data: { source: 'csv', path: 'x.csv', validation: search['crossValidation'] ? 0 : 1 } },
    ...{ model: [{ dense: { units: 2 } }], loss: 'softmaxCrossEntropy', metrics: ['accuracy'] },
    ...{ optimizer: { sgd: { learningRate: '$rate' } }, train: { epochs, batchSize: 4, microBatchSize: 4 } },
    search: searchSchema.parse({ space: { rate: { uniform: [0, 1] } }, ...search }),
  };
  return new TrialPlan({ value, folder: '/' });
}

/** Name, trials, and epochs of each trial. */
function stages(search: Record<string, unknown>, epochs: number): [string, number, number][] {
  return stagesOf(planOf(search, epochs).search).map((stage) => [stage.name, stage.trials, stage.epochs]);
}

function linesFor(search: Record<string, unknown>, epochs: number): string[] {
  const plan = planOf(search, epochs);
  return linesOf(estimate(plan, plan.section.budget ?? {}, pace), plan)
    .join('\n')
    .split('\n');
}

const halving = { successiveHalving: { eta: 3 } };
const rounds = [
  { trials: 6, epochs: 1 },
  { trials: 2, epochs: 4 },
];

describe('the stages of a dry run', () => {
  it('are one without a schedule, and the rungs of successive halving', () => {
    expect(stages({ trials: 5 }, 3)).toEqual([['all', 5, 3]]);
    expect(stages({ trials: 9, schedule: halving }, 9)).toEqual([
      ['rung 1', 9, 1],
      ['rung 2', 3, 2],
      ['rung 3', 1, 6],
    ]);
  });

  it('of Hyperband are the rungs of each bracket', () => {
    // R = 4 and eta = 2: 4 trials from 1 epoch, 2 from 2, 3 in full.
    expect(stages({ trials: 9, schedule: { hyperband: { eta: 2 } } }, 4)).toEqual([
      ['bracket 1, rung 1', 4, 1],
      ['bracket 1, rung 2', 2, 1],
      ['bracket 1, rung 3', 1, 2],
      ['bracket 2, rung 1', 2, 2],
      ['bracket 2, rung 2', 1, 2],
      ['bracket 3, rung 1', 3, 4],
    ]);
  });

  it('of ASHA have as many trials as can be promoted at most', () => {
    expect(stages({ trials: 20, schedule: { asha: { eta: 3 } } }, 9)).toEqual([
      ['rung 1', 20, 1],
      ['rung 2', 6, 2],
      ['rung 3', 2, 6],
    ]);
  });

  it('of coarse to fine are its rounds, which begin anew', () => {
    expect(stages({ trials: 8, schedule: { coarseToFine: { rounds } } }, 4)).toEqual([
      ['round 1', 6, 1],
      ['round 2', 2, 4],
    ]);
  });
});

describe('a dry run', () => {
  it('says how long it takes on so many workers, and what it costs', () => {
    const plan = planOf({ trials: 9, schedule: halving, price: 3.6 }, 9);
    // 9 + 6 + 6 epochs of 2 s; four workers; 42 s of them at 3.6 / 3600 a second.
    const result = estimate(plan, {}, pace);
    expect(result).toMatchObject({ epochs: 21, plannedEpochs: 21, seconds: 10.5, budgetEnd: null });
    expect(result.cost).toBeCloseTo(0.042, 12);
    expect(linesOf(result, plan)).toContain('about 0.04 at 3.6 per worker-hour');
    expect(estimate(planOf({ trials: 2 }, 1), {}, pace).cost).toBeNull();
  });

  it('counts the runs of cross-validation', () => {
    const plan = planOf({ trials: 2, crossValidation: { folds: 3 }, price: 3600 }, 5);
    expect(estimate(plan, {}, pace)).toMatchObject({ epochs: 30, seconds: 15, cost: 60 });
  });

  it('lists no epochs that its budget of epochs forbids', () => {
    const lines = linesFor({ trials: 9, budget: { epochs: 10 }, price: 3600 }, 3);
    expect(lines).toContain('search.budget.epochs of 10 ends it after 3 of 9 trials: 9 of 27 epochs');
    expect(lines).toContain('one epoch of the first trial takes 2.00 s on one worker; 4 at once: about 5 s');
    expect(lines).toContain('about 18.00 at 3600 per worker-hour');
    expect(lines[1]).toMatch(/all +9 +\+3 +27 +9$/);
  });

  it('names the rung or round that a budget of epochs does not reach the end of', () => {
    const ended = (search: Record<string, unknown>, epochs: number) =>
      linesFor(search, epochs).find((line) => line.includes('ends it'));
    expect(ended({ trials: 9, schedule: halving, budget: { epochs: 12 } }, 9)).toBe(
      'search.budget.epochs of 12 ends it in rung 2, after 1 of 3 trials: 11 of 21 epochs',
    );
    expect(ended({ trials: 9, schedule: halving, budget: { epochs: 10 } }, 9)).toBe(
      'search.budget.epochs of 10 ends it before rung 2: 9 of 21 epochs',
    );
    expect(ended({ trials: 8, schedule: { coarseToFine: { rounds } }, budget: { epochs: 10 } }, 4)).toBe(
      'search.budget.epochs of 10 ends it in round 2, after 1 of 2 trials: 10 of 14 epochs',
    );
    expect(ended({ trials: 9, schedule: { hyperband: { eta: 2 } }, budget: { epochs: 9 } }, 4)).toBe(
      'search.budget.epochs of 9 ends it before bracket 2, rung 1: about 8 of 26 epochs',
    );
    expect(ended({ trials: 20, schedule: { asha: { eta: 3 } }, budget: { epochs: 30 } }, 9)).toBe(
      'search.budget.epochs of 30 ends it after 30 of 44 epochs',
    );
    expect(ended({ trials: 9, schedule: halving, budget: { epochs: 21 } }, 9)).toBeUndefined();
  });

  it('tells by the measured time where a budget of time ends it, and what that costs', () => {
    const plan = planOf({ trials: 9, price: 3600 }, 3);
    // 5 s of four workers, 2 s an epoch: ten epochs, three trials and a third.
    const byTime = estimate(plan, { time: 5 }, pace);
    expect(byTime).toMatchObject({
      epochs: 10,
      seconds: 5,
      cost: 20,
      budgetEnd: { limit: 'time', most: 5, stage: 'all' },
    });
    expect(linesOf(byTime, plan)).toContain(
      'search.budget.time of 5 s ends it after about 3 of 9 trials: about 10 of 27 epochs',
    );
    const byWork = estimate(plan, { time: 5, computeTime: 9, epochs: 20 }, pace);
    expect(byWork).toMatchObject({ epochs: 4, budgetEnd: { limit: 'computeTime', most: 9 } });
    expect(byWork.reproducibility).toContain('search.budget.time ends it by the clock');
  });
});
