/** Trials and facts of sweeps for tests of the report, with what a test is not about filled in. */
import { CounterRandom, Purpose } from '../../common/random.js';
import type { SweepFacts } from '../../cli/report/sweep-facts.js';
import type { TrialRow } from '../../coordinator/store/rows.js';

export function trialOf(row: Partial<TrialRow> & { number: number }): TrialRow {
  const value = row.value ?? null;
  return {
    ...{ sweep: '0011223344556677', parameters: row.columns ?? {}, columns: {}, bracket: 0, round: 0, rung: 0 },
    ...{ status: 'finished', untilEpoch: 5, epoch: 5, value, best: value, bestEpoch: 5, loss: 0.5, deviation: null },
    ...{ reason: null, computeSeconds: 60, trained: 5, startedAt: at(row.number), endedAt: at(row.number + 1) },
    ...row,
  };
}

/** Minutes after the sweep's begin. */
export function at(minutes: number): string {
  return new Date(Date.UTC(2026, 10, 25, 10) + 60_000 * minutes).toISOString();
}

export function factsOf(facts: Partial<SweepFacts> = {}): SweepFacts {
  return {
    ...{ name: 'digits', metric: 'validation.accuracy', direction: 'maximise', weights: 'last' },
    ...{ state: 'finished', reason: null, createdAt: at(0), endedAt: at(600) },
    ...{ schedule: 'all trials in full', sampler: 'random', space: {} },
    reproducibility: { kind: 'same for any workers', reasons: [] },
    ...{ rounds: [], edges: [], budgets: [], usefulSeconds: 3600, wastedSeconds: 0, experiment: '{"name":"digits"}' },
    ...facts,
  };
}

/** A space with every kind of parameter: logarithmic, whole, categories, and one that only some trials have. */
export const mixedSpace: SweepFacts['space'] = {
  learningRate: { logUniform: [1e-5, 1e-1] },
  units: { int: [16, 256] },
  dropout: { uniform: [0, 0.6] },
  optimizer: { choice: [{ adam: { beta1: { uniform: [0.8, 0.99] } } }, { sgd: {} }] },
  batchSize: { choice: [32, 64, 128] },
};

/** Trials of `mixedSpace`: accuracy is best at a learning rate of 1e-3 with adam; some fail, some are stopped. */
export function mixedTrials(count: number): TrialRow[] {
  const random = new CounterRandom(231, Purpose.test);
  return Array.from({ length: count }, (_, number) => {
    const optimizer = random.uniform() < 0.6 ? 'adam' : 'sgd';
    const columns = {
      ...{ learningRate: 10 ** (-5 + 4 * random.uniform()), units: 16 + random.integer(241) },
      ...{ dropout: 0.6 * random.uniform(), optimizer, batchSize: [32, 64, 128][random.integer(3)]! },
      ...(optimizer === 'adam' && { 'optimizer.adam.beta1': 0.8 + 0.19 * random.uniform() }),
    };
    const loss = 0.03 * (Math.log10(columns.learningRate) + 3) ** 2 + (optimizer === 'sgd' ? 0.04 : 0);
    const value = Math.max(0.1, 0.97 - loss - 0.05 * columns.dropout + 0.01 * random.normal());
    const computeSeconds = 40 + random.integer(80);
    const luck = random.uniform();
    const row: Partial<TrialRow> =
      luck < 0.1
        ? { status: 'failed', reason: `worker 3 ran out of memory at step ${number * 7}` }
        : luck < 0.25
          ? { status: 'stopped', reason: 'median', epoch: 2, value: value - 0.1 }
          : { value };
    return trialOf({ number, columns, computeSeconds, ...row });
  });
}
