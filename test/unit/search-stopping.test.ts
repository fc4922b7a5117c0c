import { describe, expect, it } from 'vitest';
import type { Decision, SearchEvent } from '../../coordinator/search/log.js';
import { Search } from '../../coordinator/search/search.js';
import { planOf, type SweepOptions } from './search-plans.js';

function sweep(stopping: unknown, options: Partial<SweepOptions> = {}) {
  const search = new Search(planOf({ trials: 5, epochs: 10, stopping, ...options }));
  search.take({ type: 'begin' });
  /** Of reports one after another: the first decision, and how many were taken before it. */
  return (...events: Omit<SearchEvent & { type: 'report' }, 'type'>[]): [Decision | undefined, number] => {
    for (const [index, event] of events.entries()) {
      const [decision] = search.take({ type: 'report', ...event }).decisions;
      if (decision) return [decision, index];
    }
    return [undefined, events.length];
  };
}

describe('a trial is stopped', () => {
  it('at the report whose loss or value is not a number', () => {
    const stop = { type: 'stop', trial: 0, reason: 'notFinite' };
    expect(sweep({})({ trial: 0, step: 1, value: 1, loss: 1 }, { trial: 0, step: 2, loss: NaN })).toEqual([
      { ...stop, saw: { step: 2, loss: null } },
      1,
    ]);
    expect(sweep({})({ trial: 0, step: 1, value: -Infinity, loss: 1 })).toEqual([
      { ...stop, saw: { step: 1, value: null, loss: 1 } },
      0,
    ]);
  });

  it('when its loss is more than three times the first, or the factor that is given', () => {
    const losses = [2, 6, 6.5].map((loss, index) => ({ trial: 0, step: index + 1, loss }));
    const stop = { type: 'stop', trial: 0, reason: 'diverged' };
    expect(sweep({})(...losses)).toEqual([{ ...stop, saw: { step: 3, loss: 6.5, limit: 6 } }, 2]);
    expect(sweep({ diverged: { factor: 2 } })(...losses)).toEqual([
      { ...stop, saw: { step: 2, loss: 6, limit: 4 } },
      1,
    ]);
    expect(sweep({ diverged: { factor: 4 } })(...losses)).toEqual([undefined, 3]);
  });

  it('below a threshold from its epoch on, above it where the objective is minimised', () => {
    const stopping = { threshold: { fromEpoch: 2, value: 0.5 } };
    const values = [0.1, 0.5, 0.4].map((value, index) => ({ trial: 0, step: index + 1, value }));
    expect(sweep(stopping)(...values)).toEqual([
      { type: 'stop', trial: 0, reason: 'threshold', saw: { step: 3, value: 0.4, limit: 0.5 } },
      2,
    ]);
    expect(sweep(stopping, { direction: 'minimise' })(...values)).toEqual([undefined, 3]);
  });

  it('after so many epochs that are no better by more than the change', () => {
    const stopping = { patience: { epochs: 2, change: 0.1 } };
    const values = [0.3, 0.5, 0.55, 0.58].map((value, index) => ({ trial: 0, step: index + 1, value }));
    expect(sweep(stopping)(...values)).toEqual([
      { type: 'stop', trial: 0, reason: 'patience', saw: { step: 4, value: 0.58, limit: 0.5, since: 2 } },
      3,
    ]);
    expect(sweep({ patience: { epochs: 2 } })(...values)).toEqual([undefined, 4]);
  });

  it('at its last step only where it has come to nothing, because nothing is saved', () => {
    const last = { trial: 0, step: 10, value: 0.1 };
    expect(sweep({ threshold: { fromEpoch: 2, value: 0.5 } })(last)).toEqual([undefined, 1]);
    expect(sweep({})({ ...last, value: null })[0]).toEqual({
      ...{ type: 'stop', trial: 0, reason: 'notFinite' },
      saw: { step: 10, value: null },
    });
  });

  it("by the median rule when its best is worse than the median of the others' averages so far", () => {
    // Averages of trials 0 to 3 up to step 2: 3, 5, 7 and 2; the median is (3 + 5) / 2 = 4.
    const curves = [
      [2, 4],
      [5, 5],
      [8, 6],
      [2, 2],
    ];
    const others = curves.flatMap((values, trial) => values.map((value, index) => ({ trial, step: index + 1, value })));
    const stopping = { median: { fromEpoch: 2, trials: 4 } };
    const at = (best: number, last: number) => [
      { trial: 4, step: 1, value: best },
      { trial: 4, step: 2, value: last },
    ];
    expect(sweep(stopping)(...others, ...at(3.5, 3))).toEqual([
      {
        ...{ type: 'stop', trial: 4, reason: 'median' },
        saw: { step: 2, value: 3, compared: 3.5, limit: 4, others: 4 },
      },
      9,
    ]);
    expect(sweep(stopping)(...others, ...at(4, 1))).toEqual([undefined, 10]);
    expect(sweep({ median: { fromEpoch: 2, trials: 5 } })(...others, ...at(3.5, 3))).toEqual([undefined, 10]);
    expect(sweep({ median: { fromEpoch: 3, trials: 4 } })(...others, ...at(3.5, 3))).toEqual([undefined, 10]);
  });
});
