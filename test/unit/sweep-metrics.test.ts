import { describe, expect, it } from 'vitest';
import { recentSweeps, shownSweeps, sweepsShownMax } from '../../coordinator/sweep-metrics.js';
import type { SweepRow } from '../../coordinator/store/rows.js';

const start = Date.parse('2026-11-30T12:00:00Z');
const at = (seconds: number) => new Date(start + seconds * 1000).toISOString();

/** Submitted that many seconds after the start. */
function sweep(createdAt: number, endedAt?: number): { row: SweepRow } {
  return {
    row: {
      ...{ key: String(createdAt), name: 'a', experiment: '', directory: '', shards: 1, settings: '', reason: null },
      ...{ state: endedAt === undefined ? 'running' : 'finished', createdAt: at(createdAt) },
      endedAt: endedAt === undefined ? null : at(endedAt),
    },
  };
}

const keysOf = (sweeps: { row: SweepRow }[]) => sweeps.map(({ row }) => row.key);

describe('the sweeps that have series of their own', () => {
  it('lose them an hour after their end', () => {
    const sweeps = [sweep(0, 10), sweep(1, 20), sweep(2)];
    expect(keysOf(recentSweeps(sweeps, start + 3_609_999, 3600))).toEqual(['0', '1', '2']);
    expect(keysOf(recentSweeps(sweeps, start + 3_610_000, 3600))).toEqual(['1', '2']);
    expect(keysOf(recentSweeps(sweeps, start + 1e12, 3600))).toEqual(['2']);
  });

  it('are so many at most: those that have not ended first, and of each the newest', () => {
    const running = Array.from({ length: 60 }, (_, index) => sweep(index));
    const ended = Array.from({ length: 60 }, (_, index) => sweep(100 + index, 200));
    const shown = keysOf(shownSweeps([...ended, ...running]));
    expect(shown).toHaveLength(sweepsShownMax);
    expect(shown.slice(0, 60)).toEqual(keysOf(running.toReversed()));
    expect(shown.slice(60)).toEqual(keysOf(ended.toReversed().slice(0, 40)));
  });
});
