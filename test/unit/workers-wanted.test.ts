/** How many workers a sweep wants, worked by hand. */
import { describe, expect, it } from 'vitest';
import { wantedBy, type WantingSweep } from '../../coordinator/workers-wanted.js';

const none = { running: 0, paused: 0, stopped: 0, finished: 0, failed: 0, waiting: 0 };

/** A sweep of 100 trials that runs, with nothing to do. */
function sweep(
  change: Partial<Omit<WantingSweep, 'settings'>> & { parallel?: number; workers?: number } = {},
): WantingSweep {
  const { parallel, workers, ...members } = change;
  const limits = { ...(parallel === undefined ? {} : { parallel }), ...(workers === undefined ? {} : { workers }) };
  const settings = { trials: 100, priority: 0, budget: {}, keep: 5, retries: 2, sameFailures: 5, ...limits };
  return {
    ...{ key: 'a', isExternal: false, state: 'running', counts: none, mayAsk: false, canStart: true },
    ...{ plan: { members: 1 }, ready: { length: 0, newTrials: 0 } },
    ...members,
    settings,
  };
}

describe('the workers that a sweep wants', () => {
  it('are those that work and one for each trial that waits', () => {
    expect(wantedBy(sweep({ ready: { length: 96, newTrials: 95 } }), 4)).toBe(100);
  });

  it('are no more than may be at once', () => {
    const ready = { length: 96, newTrials: 95 };
    expect(wantedBy(sweep({ ready, parallel: 8 }), 4)).toBe(8);
    expect(wantedBy(sweep({ ready, parallel: 8, workers: 3 }), 3)).toBe(3);
  });

  it('are one for each fold of a trial', () => {
    // Two trials of five folds each have not begun, and one fold of another waits.
    const folds = { plan: { members: 5 }, ready: { length: 3, newTrials: 2 } };
    expect(wantedBy(sweep(folds), 4)).toBe(4 + 1 + 10);
    expect(wantedBy(sweep({ ...folds, parallel: 2 }), 4)).toBe(10);
  });

  it('count trials that the schedule creates only when it is asked, so that the first worker comes', () => {
    expect(wantedBy(sweep({ mayAsk: true, canStart: false, parallel: 4 }), 0)).toBe(4);
    expect(wantedBy(sweep({ mayAsk: true, canStart: false, counts: { ...none, running: 2, paused: 95 } }), 2)).toBe(5);
  });

  it('do not count what the budget does not allow', () => {
    expect(wantedBy(sweep({ ready: { length: 96, newTrials: 95 }, canStart: false }), 4)).toBe(4);
  });

  it('are one at least until it has ended, since a trial may still be promoted or tried again', () => {
    expect(wantedBy(sweep(), 0)).toBe(1);
  });

  it('are those on their way to a checkpoint when it is paused, and none when it has ended', () => {
    expect(wantedBy(sweep({ state: 'paused', ready: { length: 96, newTrials: 95 } }), 4)).toBe(4);
    expect(wantedBy(sweep({ state: 'stopped' }), 0)).toBe(0);
    expect(wantedBy(sweep({ state: 'finished' }), 0)).toBe(0);
  });

  it('are none of ours where its trials are run by others', () => {
    expect(wantedBy(sweep({ isExternal: true, ready: { length: 96, newTrials: 95 } }), 0)).toBe(0);
  });
});
