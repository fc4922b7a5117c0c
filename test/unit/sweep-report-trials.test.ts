/** What a report takes trials and parameters for, before anything is drawn. */
import { describe, expect, it } from 'vitest';
import { categoriesMax, parameterAxes, placeOn } from '../../cli/report/parameter-axis.js';
import { durationText, listText, numberText, plainText, timeText } from '../../cli/report/plain-text.js';
import { linearTicks, logTicks, tickText, valueScale } from '../../cli/report/plot-scale.js';
import {
  bestSoFar,
  groupedByReason,
  hasResult,
  isFailure,
  ranked,
  shownRange,
  thinned,
} from '../../cli/report/trial-results.js';
import { at, mixedSpace, mixedTrials, trialOf } from './sweep-report-facts.js';

describe('results of trials', () => {
  it('leaves out who failed, lost its numbers, diverged or has none yet', () => {
    const trials = [
      trialOf({ number: 0, value: 0.9 }),
      trialOf({ number: 1, value: 0.9, status: 'failed', reason: 'worker lost' }),
      trialOf({ number: 2, value: NaN }),
      trialOf({ number: 3, value: Infinity }),
      trialOf({ number: 4, value: null, status: 'running' }),
      trialOf({ number: 5, value: 7, status: 'stopped', reason: 'diverged' }),
      trialOf({ number: 6, value: 0.5, status: 'stopped', reason: 'median' }),
    ];
    expect(trials.filter(hasResult).map(({ number }) => number)).toEqual([0, 6]);
  });

  it('counts a trial whose numbers were not finite as one that came to nothing, wherever that was', () => {
    const reasons = ['notFinite', 'notFinite: step 12: the gradient is not finite', 'diverged', 'rank', null];
    const trials = reasons.map((reason, number) => trialOf({ number, reason, status: 'stopped' }));
    expect(trials.map(isFailure)).toEqual([true, true, true, false, false]);
  });

  it('ranks by direction, and of equal values the earlier trial first', () => {
    const trials = [0.2, 0.5, 0.5, 0.1].map((value, number) => trialOf({ number, value })).filter(hasResult);
    expect(ranked(trials, 'maximise').map(({ number }) => number)).toEqual([1, 2, 0, 3]);
    expect(ranked(trials, 'minimise').map(({ number }) => number)).toEqual([3, 0, 1, 2]);
  });

  it('tells the best so far in the order in which trials ended, with the compute of those that failed', () => {
    const trials = [
      trialOf({ number: 0, value: 0.7, endedAt: at(30), computeSeconds: 100 }),
      trialOf({ number: 1, value: null, status: 'failed', endedAt: at(10), computeSeconds: 5 }),
      trialOf({ number: 2, value: 0.6, endedAt: at(20), computeSeconds: 50 }),
      trialOf({ number: 3, value: 0.9, status: 'paused', endedAt: null, computeSeconds: 20 }),
      trialOf({ number: 4, value: null, status: 'running', endedAt: null, computeSeconds: 1000 }),
      trialOf({ number: 5, value: 0.65, endedAt: at(40), computeSeconds: 10 }),
    ];
    const shown = bestSoFar(trials, 'maximise').map(({ trial, ...rest }) => ({ number: trial.number, ...rest }));
    expect(shown).toEqual([
      { number: 2, ended: 2, computeSeconds: 55, best: 0.6 },
      { number: 0, ended: 3, computeSeconds: 155, best: 0.7 },
      { number: 5, ended: 4, computeSeconds: 165, best: 0.7 },
      { number: 3, ended: 5, computeSeconds: 185, best: 0.9 },
    ]);
  });

  it('takes reasons that differ in numbers for one', () => {
    const reasons = ['loss is NaN at step 12', 'no such file', 'loss is NaN at step 1e3', null];
    const trials = reasons.map((reason, number) => trialOf({ number, reason, status: 'failed' }));
    expect(groupedByReason(trials)).toEqual([
      { reason: 'loss is NaN at step 12', trials: [0, 2] },
      { reason: 'no such file', trials: [1] },
      { reason: 'no reason was recorded', trials: [3] },
    ]);
  });

  it('does not let a loss that exploded press all others into a line', () => {
    // Quartiles 2.5 and 5.5, so nothing above 5.5 + 3 * 3 is shown.
    expect(shownRange([1, 2, 3, 4, 5, 6, 1e9], 'minimise')).toEqual({ low: 1, high: 5.5 + 3 * 3, beyond: 1 });
    expect(shownRange([1, 2, 3, 4, 5, 6, 1e9], 'maximise')).toEqual({ low: 1, high: 1e9, beyond: 0 });
    expect(shownRange([0.9, 0.91, 0.92, 0.93, 0], 'maximise')).toMatchObject({ high: 0.93, beyond: 1 });
    expect(shownRange([], 'maximise')).toEqual({ low: 0, high: 0, beyond: 0 });
  });

  it('thins evenly, and keeps the first and last', () => {
    expect(thinned([0, 1, 2, 3, 4, 5, 6, 7, 8], 3)).toEqual([0, 4, 8]);
    expect(thinned([0, 1], 3)).toEqual([0, 1]);
  });
});

describe('axes of parameters', () => {
  it('are linear, logarithmic or categories, as the parameter is drawn', () => {
    const axes = parameterAxes(mixedSpace, mixedTrials(50));
    expect(axes.map(({ name, kind }) => [name, kind])).toEqual([
      ['learningRate', 'logarithmic'],
      ['units', 'linear'],
      ['dropout', 'linear'],
      ['optimizer', 'categories'],
      ['optimizer.adam.beta1', 'linear'],
      ['batchSize', 'categories'],
    ]);
    expect(axes[0]).toMatchObject({ low: 1e-5, high: 1e-1 });
    expect(axes[3]).toMatchObject({ categories: ['adam', 'sgd'] });
    expect(axes[5]).toMatchObject({ categories: ['32', '64', '128'] });
  });

  it('reach as far as the values, where a range was widened', () => {
    const trials = [0.5, 2].map((a, number) => trialOf({ number, columns: { a } }));
    expect(parameterAxes({ a: { uniform: [0, 1] } }, trials)).toEqual([{ name: 'a', kind: 'linear', low: 0, high: 2 }]);
  });

  it('know a parameter without bounds, or that the space does not have', () => {
    const trials = [0.5, 2].map((value, number) => trialOf({ number, columns: { a: value, b: value, c: value } }));
    expect(parameterAxes({ a: { normal: [0, 1] }, b: { logNormal: [0, 1] } }, trials)).toEqual([
      { name: 'a', kind: 'linear', low: 0.5, high: 2 },
      { name: 'b', kind: 'logarithmic', low: 0.5, high: 2 },
      { name: 'c', kind: 'linear', low: 0.5, high: 2 },
    ]);
  });

  it('leave out what has but one value', () => {
    const trials = [1, 2].map((a, number) => trialOf({ number, columns: { a, b: 'same' } }));
    expect(parameterAxes({ a: { uniform: [0, 3] }, b: 'same' }, trials).map(({ name }) => name)).toEqual(['a']);
  });

  it('put rare ones of many categories together', () => {
    const trials = Array.from({ length: 60 }, (_, number) =>
      trialOf({ number, columns: { word: `w${number < 30 ? number % 3 : number}` } }),
    );
    const [axis] = parameterAxes({}, trials);
    if (axis?.kind !== 'categories') throw new Error('not of categories');
    expect(axis.categories).toHaveLength(categoriesMax);
    expect(axis.categories.slice(0, 1)).toEqual(['w0']);
    expect(axis.categories.at(-1)).toBe('others');
    expect(placeOn(axis, { word: 'w59' })).toBe(categoriesMax - 1);
    expect(placeOn(axis, {})).toBeUndefined();
  });

  it('put the numbers of an option that is drawn itself into four ranges', () => {
    const space = { rate: { choice: ['none', { uniform: [0, 1] as [number, number] }] } };
    const trials = Array.from({ length: 100 }, (_, number) =>
      trialOf({ number, columns: { rate: number < 20 ? 'none' : number / 100 } }),
    );
    const [axis] = parameterAxes(space, trials);
    expect(axis).toMatchObject({
      kind: 'categories',
      categories: ['none', '0.2 to 0.398', '0.398 to 0.595', '0.595 to 0.792', '0.792 to 0.99'],
    });
    expect([0.2, 0.5, 0.99].map((rate) => placeOn(axis!, { rate }))).toEqual([1, 2, 4]);
  });

  it('have ticks at round numbers', () => {
    expect(linearTicks(0, 0.6)).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
    expect(linearTicks(16, 256)).toEqual([50, 100, 150, 200, 250]);
    expect(logTicks(1e-5, 1e-2)).toEqual([1e-5, 1e-4, 1e-3, 1e-2]);
    expect(logTicks(0.003, 0.03)).toEqual([0.005, 0.01, 0.02]);
    expect(logTicks(3, 4)).toEqual([3, 4]);
    expect([1e-5, 0.02, 20, 1e6, 0].map((value) => tickText(value))).toEqual(['1e-5', '0.02', '20', '1e6', '0']);
    expect(valueScale({ low: 0.7241, high: 0.9729, beyond: 0 })).toMatchObject({ min: 0.7, max: 1 });
    expect(valueScale({ low: 5, high: 5, beyond: 0 })).toMatchObject({ min: 4.5, max: 5.5 });
  });
});

describe('texts of a report', () => {
  it('are the same on every machine', () => {
    expect(timeText('2026-11-25T10:58:31.000Z')).toBe('2026-11-25 10:58 UTC');
    expect(timeText('soon')).toBe('soon');
    expect([4.21, 45.4, 59.6, 250, 2700, 12_000, 4_500_000].map(durationText)).toEqual([
      ...['4.2 s', '45 s', '1 min', '4 min 10 s', '45 min', '3 h 20 min', '1,250 h'],
    ]);
    expect(numberText(0.97250002622)).toBe('0.9725');
    expect(listText([1, 2, 3], 2)).toBe('1, 2 and 1 more');
  });

  it('have no line breaks, control characters or halves of characters', () => {
    expect(plainText('a\n b\u0000\u001b[31mc \ud800')).toBe('a b [31mc \ufffd');
    expect(plainText('a😀b', 2)).toBe('a…');
  });
});
