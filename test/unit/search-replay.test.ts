import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogEntry } from '../../coordinator/search/log.js';
import { Repetition } from '../../coordinator/search/repetition.js';
import { replay } from '../../coordinator/search/replay.js';
import { Search } from '../../coordinator/search/search.js';
import { curve, runCluster, type Cluster } from './search-cluster.js';
import { planOf, type SweepOptions } from './search-plans.js';

const rounds = [
  { trials: 8, epochs: 3 },
  { trials: 4, epochs: 9 },
];
const sweeps: Record<string, SweepOptions> = {
  asha: { trials: 14, epochs: 9, schedule: { asha: { eta: 3 } } },
  'asha with the median rule': {
    ...{ trials: 14, epochs: 9, schedule: { asha: { eta: 2 } } },
    stopping: { median: { fromEpoch: 2, trials: 2 }, patience: { epochs: 5, change: 0.3 } },
  },
  'the median rule': { trials: 12, epochs: 9, stopping: { median: { trials: 2 } } },
  'coarse to fine with the median rule': {
    ...{ trials: 12, epochs: 9, schedule: { coarseToFine: { rounds } }, stopping: { median: { trials: 2 } } },
    space: { rate: { logUniform: [1e-4, 1e-1] } },
  },
};

function clusterOf(options: SweepOptions, workers: number, seed: number): Cluster {
  return {
    ...{ workers, seed, stepsPerReport: 1, untilStep: 9, value: curve },
    asks: 'asha' in ((options.schedule as object | undefined) ?? {}),
    parameters: (trial) => ({ rate: 10 ** -(1 + (trial % 7) / 2) }),
  };
}

/** Through text, as a store has it. */
function stored(log: readonly LogEntry[]): LogEntry[] {
  return JSON.parse(JSON.stringify(log)) as LogEntry[];
}

describe.each(Object.entries(sweeps))('a stored sweep with %s', (_, options) => {
  const plan = planOf(options);

  it('is replayed to the same table, and each decision saw what is stored', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.nat(), (workers, seed) => {
        const search = new Search(plan);
        const log = runCluster(search, clusterOf(options, workers, seed));
        const again = replay(plan, stored(log));
        expect(again.search.rows()).toEqual(search.rows());
        expect(again.pending).toEqual([]);
      }),
    );
  });

  it('is repeated to the same table by other workers in another order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.nat(), fc.nat(), (workers, first, second) => {
        const search = new Search(plan);
        const log = runCluster(search, clusterOf(options, workers, first));
        const repetition = new Repetition(plan.direction, stored(log));
        runCluster(repetition, { ...clusterOf(options, 10 - workers, second), asks: false });
        expect(repetition.isComplete).toBe(true);
        expect(repetition.rows()).toEqual(search.rows());
      }),
    );
  });
});

describe('a stored log', () => {
  const options = sweeps['asha']!;
  const plan = planOf(options);
  const log = () => stored(runCluster(new Search(plan), clusterOf(options, 3, 7)));

  it('that was cut before its last decisions gives them as pending', () => {
    const whole = log();
    const index = whole.findIndex((entry) => 'decision' in entry && entry.decision.type === 'promote');
    expect(replay(plan, whole.slice(0, index)).pending[0]).toEqual((whole[index] as { decision: unknown }).decision);
  });

  it('whose decision saw something else is refused, with both sides', () => {
    const changed = log();
    const entry = changed.find((each) => 'decision' in each && each.decision.type === 'promote');
    const { decision } = entry as { decision: { saw: { rank: number } } };
    decision.saw.rank = 99;
    expect(() => replay(plan, changed)).toThrow(
      /entry \d+ of the sweep's log: stored is .*"rank":99.* gives .*"rank":1/,
    );
  });

  it('that lacks a decision, or has one too many, is refused', () => {
    const lacking = log();
    lacking.splice(
      lacking.findIndex((entry) => 'decision' in entry),
      1,
    );
    expect(() => replay(plan, lacking)).toThrow(/stored is nothing/);
    const doubled = log();
    const index = doubled.findIndex((entry) => 'decision' in entry);
    doubled.splice(index, 0, doubled[index]!);
    expect(() => replay(plan, doubled)).toThrow(/gives nothing/);
  });

  it('is not repeated with other numbers: the trial, the step and both values are told', () => {
    const repetition = new Repetition(plan.direction, log());
    const other = { ...clusterOf(options, 3, 7), asks: false, value: (trial: number) => trial + 0.125 };
    expect(() => runCluster(repetition, other)).toThrow(
      /trial \d+, step 1: the stored sweep saw value [\d.]+, and now it is/,
    );
  });
});
