/** What a user may change of a search while it runs: a failed trial tried again, and more trials. All of it replays. */
import { describe, expect, it } from 'vitest';
import type { LogEntry, SearchEvent } from '../../coordinator/search/log.js';
import { replay } from '../../coordinator/search/replay.js';
import { Search } from '../../coordinator/search/search.js';
import { planOf } from './search-plans.js';

/** The log as a coordinator stores it. */
function logged(search: Search, events: readonly SearchEvent[]): LogEntry[] {
  return events.flatMap((event) => {
    const { decisions, ignored } = search.take(event);
    return ignored === undefined ? [{ event }, ...decisions.map((decision) => ({ decision }))] : [];
  });
}

const report = (trial: number, step: number, value: number): SearchEvent => ({ type: 'report', trial, step, value });

describe('a failed trial that is tried again', () => {
  it('goes on from its last report where every trial trains in full, and replays to the same table', () => {
    const plan = planOf({ trials: 2, epochs: 3 });
    const search = new Search(plan);
    const log = logged(search, [
      { type: 'begin' },
      report(0, 1, 0.5),
      { type: 'failed', trial: 0, reason: 'no room' },
      { type: 'retry', trial: 0 },
      report(0, 2, 0.6),
      report(0, 3, 0.7),
      { type: 'finished', trial: 0 },
    ]);
    expect(search.rows()[0]).toMatchObject({ status: 'finished', step: 3, value: 0.7, reason: undefined });
    expect(log).toHaveLength(8);
    expect(replay(plan, JSON.parse(JSON.stringify(log)) as LogEntry[]).search.rows()).toEqual(search.rows());
  });

  it('is ignored where it has not failed, and where the schedule has decided on its failure', () => {
    const search = new Search(planOf({ trials: 2, epochs: 3 }));
    search.take({ type: 'begin' });
    expect(search.take({ type: 'retry', trial: 0 }).ignored).toContain('it is running');
    expect(search.take({ type: 'retry', trial: 7 }).ignored).toContain('not there');
    const halving = new Search(planOf({ trials: 9, epochs: 9, schedule: { successiveHalving: { eta: 3 } } }));
    halving.take({ type: 'begin' });
    halving.take({ type: 'failed', trial: 0, reason: 'no room' });
    expect(halving.take({ type: 'retry', trial: 0 }).ignored).toContain('successiveHalving has decided');
  });
});

describe('a search that is given more trials', () => {
  it('creates them at once where every trial trains in full, and replays to the same table', () => {
    const plan = planOf({ trials: 2, epochs: 1 });
    const search = new Search(plan);
    const log = logged(search, [
      { type: 'begin' },
      report(0, 1, 0.5),
      { type: 'extend', trials: 5 },
      report(4, 1, 0.9),
    ]);
    expect(log.at(-2)).toMatchObject({ decision: { type: 'create', first: 2, count: 3 } });
    expect(search.rows()).toHaveLength(5);
    expect(replay(plan, JSON.parse(JSON.stringify(log)) as LogEntry[]).search.rows()).toEqual(search.rows());
  });

  it('creates them as workers ask under asha, and replays to the same table', () => {
    const plan = planOf({ trials: 1, epochs: 9, schedule: { asha: { eta: 3 } } });
    const search = new Search(plan);
    const log = logged(search, [
      ...([{ type: 'begin' }, { type: 'request' }, { type: 'request' }] as const),
      ...([{ type: 'extend', trials: 3 }, { type: 'request' }] as const),
    ]);
    expect(log.flatMap((entry) => ('decision' in entry ? [entry.decision] : []))).toMatchObject(
      [0, 1, 2].map((first) => ({ type: 'create', first, count: 1 })),
    );
    expect(replay(plan, JSON.parse(JSON.stringify(log)) as LogEntry[]).search.rows()).toEqual(search.rows());
  });

  it('refuses fewer, and schedules that are made for their number of trials', () => {
    const search = new Search(planOf({ trials: 3, epochs: 1 }));
    search.take({ type: 'begin' });
    expect(search.take({ type: 'extend', trials: 3 }).ignored).toContain('there are 3');
    const halving = new Search(planOf({ trials: 9, epochs: 9, schedule: { successiveHalving: { eta: 3 } } }));
    halving.take({ type: 'begin' });
    expect(halving.take({ type: 'extend', trials: 20 }).ignored).toContain('made for 9 trials');
  });
});
