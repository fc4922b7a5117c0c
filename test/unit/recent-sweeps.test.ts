/** Which sweeps /metrics shows, on a sweep that is run to its end without processes. */
import { describe, expect, it } from 'vitest';
import { RecentSweeps, shownSweeps, sweepsShownMax } from '../../coordinator/recent-sweeps.js';
import type { Sweep } from '../../coordinator/sweep/sweep.js';
import { SweepWorld } from './sweep-world.js';

const options = { seed: 1, search: { trials: 3 }, epochs: 2, disturbed: false, workers: 2 };

describe('the sweeps that have series of their own', () => {
  it('lose them an hour after their end, whether the coordinator still has them in mind or not', async () => {
    const { sweep } = await SweepWorld.run(options);
    const endedAt = Date.parse(sweep.row.endedAt!);
    const inMind: Sweep[] = [sweep];
    const recent = new RecentSweeps({ all: () => inMind }, 3600);
    const seen = recent.all(endedAt);
    expect(seen).toMatchObject([{ key: sweep.key, state: 'finished', counts: { finished: 3 }, epochs: 6, top: [] }]);
    expect(seen[0]?.best).toBe(sweep.best?.value);
    inMind.pop();
    expect(recent.all(endedAt + 3_599_000)).toEqual(seen);
    expect(recent.all(endedAt + 3_600_000)).toEqual([]);
  });

  it('show the newest objectives of those that have not ended, the best first', async () => {
    let most: readonly number[] = [];
    await SweepWorld.run({
      ...{ ...options, search: { trials: 12 }, epochs: 20, workers: 8 },
      check: async ({ sweep }) => {
        const [facts] = new RecentSweeps({ all: () => [sweep] }, 3600).all();
        const values = [...sweep.activeTrials()].flatMap(({ row: { value } }) => (value === null ? [] : [value]));
        expect(facts?.top).toEqual(values.toSorted((left, right) => left - right).slice(0, 5));
        if (values.length > most.length) most = values;
        await Promise.resolve();
      },
    });
    expect(most.length).toBeGreaterThan(5);
  });

  it('are so many at most: those that have not ended first, and of each the newest', () => {
    const at = (second: number) => new Date(1e12 + second * 1000).toISOString();
    const running = Array.from({ length: 60 }, (_, index) => ({ createdAt: at(index), endedAt: null }));
    const ended = Array.from({ length: 60 }, (_, index) => ({ createdAt: at(100 + index), endedAt: at(200) }));
    const shown = shownSweeps([...ended, ...running]);
    expect(shown).toHaveLength(sweepsShownMax);
    expect(shown.slice(0, 60)).toEqual(running.toReversed());
    expect(shown.slice(60)).toEqual(ended.toReversed().slice(0, 40));
  });
});
