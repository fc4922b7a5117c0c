/** What `best --refit` trains and how it judges, without training: experiments out of an experiment, and verdicts out of numbers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refitLines, type Refit } from '../../cli/sweep/refit.js';
import { refitExperiments } from '../../cli/sweep/refit-experiments.js';
import { equalsOf, spreadOf, verdictOf } from '../../cli/sweep/refit-verdict.js';
import type { Experiment } from '../../common/experiment/schema.js';
import { TrialPlan } from '../../coordinator/sweep/trial-plan.js';
import { tinySweep } from '../cluster/tiny-sweep.js';

const parameters = { learningRate: 0.1, momentum: 0.5 };
const clouds = { source: 'csv', path: 'clouds.csv', header: false };
const plateau = {
  momentum: { learningRate: '$learningRate', momentum: '$momentum', schedule: { reduceOnPlateau: { factor: 0.5 } } },
};

describe('what a refit trains', () => {
  let within: string;
  const planOf = async (search: Record<string, unknown>, more: Record<string, unknown> = {}) => {
    const { experiment, folder } = await tinySweep(within, { trials: 2, ...search }, more);
    return new TrialPlan({ value: experiment, folder });
  };
  const refitOf = (plan: TrialPlan) => {
    const first = JSON.parse(plan.experimentOf(parameters, 0)) as Experiment;
    return { first, ...refitExperiments(first, plan.section.crossValidation) };
  };

  beforeAll(() => {
    within = mkdtempSync(join(tmpdir(), 'polyak-refit-'));
  });
  afterAll(() => rmSync(within, { recursive: true }));

  it('is validated by the very samples of the sweep, whatever the seed, and then trained on them too', async () => {
    const { first, validated, whole, validation } = refitOf(await planOf({}));
    expect(first.data.seed).toBeUndefined();
    expect(validated(7)).toEqual([{ ...first, seed: 7, data: { ...first.data, seed: first.seed } }]);
    expect(validation).toBe('included');
    expect(whole(7)).toEqual({ ...first, seed: 7, data: { ...first.data, seed: first.seed, validation: 0 } });
  });

  it('of cross-validation is every fold, as the sweep trained it but for the seed, and at last no fold is held out', async () => {
    const plan = await planOf({ crossValidation: { folds: 3, repeats: 2, stratified: false } }, { data: clouds });
    const { first, validated, whole, validation, folds, repeats } = refitOf(plan);
    expect([folds, repeats]).toEqual([3, 2]);
    const own = [0, 1, 2].map((fold) => JSON.parse(plan.experimentOf(parameters, fold)) as Experiment);
    const fixed = own.map((each) => ({ ...each, data: { ...each.data, seed: first.seed } }));
    expect(validated(first.seed)).toEqual(fixed);
    expect(validated(7)).toEqual(fixed.map((each) => ({ ...each, seed: 7 })));
    expect(validation).toBe('included');
    expect(whole(7).data.validation).toBe(0);
  });

  it('leaves validation data that lie in a file of their own where they are', async () => {
    const { validated, whole, validation } = refitOf(
      await planOf({}, { data: { ...clouds, validation: 'clouds.csv' } }),
    );
    expect(validation).toBe('apart');
    expect(whole(7).data.validation).toMatch(/clouds\.csv$/);
    expect(validated(7)[0]?.data.validation).toBe(whole(7).data.validation);
  });

  it('trains on a fold that the experiment itself holds out', async () => {
    const { validated, whole } = refitOf(await planOf({}, { data: { ...clouds, validation: { fold: 1, of: 4 } } }));
    expect(validated(7)[0]?.data.validation).toMatchObject({ fold: 1, of: 4 });
    expect(whole(7).data.validation).toBe(0);
  });

  it('keeps validation samples out where the learning rate follows them', async () => {
    const { whole, validation } = refitOf(await planOf({}, { optimizer: plateau }));
    expect(validation).toBe('needed');
    expect(whole(7).data.validation).toBe(80);
  });
});

describe('the verdict on the best of many', () => {
  // Mean 0.9, deviation 0.02: values above 0.94 are luck.
  const again = spreadOf([0.88, 0.9, 0.92]);

  it('is by the mean and the deviation by n - 1', () => {
    expect(again.mean).toBeCloseTo(0.9, 12);
    expect(again.deviation).toBeCloseTo(0.02, 12);
    expect(spreadOf([0.9])).toEqual({ mean: 0.9, deviation: null, values: [0.9] });
  });

  it.each([
    ['confirmed', 0.93, 'maximise'],
    ['lucky', 0.95, 'maximise'],
    ['confirmed', 0.8, 'maximise'],
    ['confirmed', 0.87, 'minimise'],
    ['lucky', 0.85, 'minimise'],
    ['confirmed', 0.99, 'minimise'],
  ] as const)('is %s of %d, to %s', (verdict, value, direction) => {
    expect(verdictOf({ value, direction, repeats: 1 }, again)).toBe(verdict);
  });

  it('asks more of a value that is the mean of several seeds already', () => {
    // Of four: the mean's deviation is 0.01, and 0.93 is three of those above.
    expect(verdictOf({ value: 0.93, direction: 'maximise', repeats: 4 }, again)).toBe('lucky');
  });

  it('is unknown by one seed, and unstable where a seed diverges', () => {
    const judged = { value: 0.9, direction: 'maximise', repeats: 1 } as const;
    expect(verdictOf(judged, spreadOf([0.9]))).toBe('unknown');
    expect(verdictOf(judged, again, 1)).toBe('unstable');
  });

  it('names the trials that the noise does not tell apart from it, without those that have no value', () => {
    const ranked = [0.95, 0.925, 0.92, 0.9, null].map((value, number) => ({ number, value }));
    const judged = { value: 0.95, direction: 'maximise', repeats: 1 } as const;
    expect(equalsOf(ranked, judged, again)).toEqual([1, 2]);
    expect(equalsOf(ranked, { ...judged, repeats: 4 }, again)).toEqual([]);
    expect(equalsOf(ranked, judged, spreadOf([0.9]))).toEqual([]);
  });
});

describe('what a refit says', () => {
  const refit: Refit = {
    ...{ trial: 4, metric: 'validation.accuracy', value: 0.95, epoch: 3, folds: 3, again: spreadOf([0.9, 0.91]) },
    ...{ diverged: 0, verdict: 'lucky', equals: [], test: null, validation: 'included' },
    runs: [{ id: 'digits-refit-7', folder: '/x', seed: 1, test: null }],
  };

  it('says of folds that each value is their mean', () => {
    expect(refitLines(refit)[0]).toBe(
      'trial 4: validation.accuracy 0.9500 in the sweep, 0.9050 ± 0.0071 (2 seeds, each the mean of 3 folds) with other seeds: the sweep chose a lucky seed: expect what the other seeds give',
    );
  });

  it.each([
    ['included', 'trained on all data, validation included: digits-refit-7'],
    ['apart', 'trained again (the validation data lie apart and stay out): digits-refit-7'],
    ['needed', 'trained again (reduceOnPlateau follows the validation samples, which stay out): digits-refit-7'],
  ] as const)('says what became of validation samples that are %s', (validation, text) => {
    expect(refitLines({ ...refit, validation })[1]).toBe(text);
  });
});
