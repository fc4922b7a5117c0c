/** What `show` and the report say of a sweep, gathered from a store that the engine has written; nothing is trained. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SweepFacts } from '../../cli/report/sweep-facts.js';
import { costOf } from '../../cli/sweep/cost-of.js';
import { gatherFacts } from '../../cli/sweep/gather-facts.js';
import { openReader } from '../../cli/sweep/open-reader.js';
import { edgesOf } from '../../cli/sweep/rounds.js';
import { SweepFolder } from '../../cli/sweep/sweep-folder.js';
import { Ledger } from '../../coordinator/ledger.js';
import { Runs } from '../../coordinator/runs.js';
import { SqliteStore } from '../../coordinator/store/sqlite/sqlite-store.js';
import type { SweepRow } from '../../coordinator/store/rows.js';
import { searchSettings } from '../../coordinator/sweep/search-settings.js';
import type { Sweep } from '../../coordinator/sweep/sweep.js';
import { Sweeps } from '../../coordinator/sweep/sweeps.js';
import { TrialPlan } from '../../coordinator/sweep/trial-plan.js';
import { experimentOn } from '../bad-input/data-files.js';
import { searchSchema } from '../../common/experiment/search-schema.js';

const key = '0123456789abcdef';
/** An hour of a worker costs 3600, so that a second costs 1. */
const search = {
  ...{ trials: 6, price: 3600, budget: { epochs: 100, failedTrials: 3 } },
  space: { rate: { logUniform: [1e-4, 1e-1] } },
  schedule: {
    coarseToFine: {
      rounds: [
        { trials: 4, epochs: 1 },
        { trials: 2, epochs: 2 },
      ],
    },
  },
};
const experiment = {
  ...experimentOn({ source: 'csv', path: '/a.csv' }),
  optimizer: { sgd: { learningRate: '$rate' } },
  train: { epochs: 2, batchSize: 4, microBatchSize: 4 },
  search: searchSchema.parse(search),
};

describe('the facts of a sweep', () => {
  let state: string;
  let folder: SweepFolder;
  let store: SqliteStore;
  let ledger: Ledger;
  let sweep: Sweep;

  const ignore = { log: () => undefined, sweep: () => undefined, run: () => undefined };
  const facts = async (): Promise<SweepFacts> => {
    await ledger.settled();
    const reader = await openReader(folder);
    try {
      return await gatherFacts(folder, reader, []);
    } finally {
      await reader.close();
    }
  };
  /** Trial n takes 10 (n + 1) seconds and is the better the later it is; 1 fails, 2 diverges. */
  const train = async () => {
    const started = sweep.startNext();
    await ledger.commit(started.changes);
    const run = started.run!;
    const { trial } = run;
    const seconds = 10 * (trial + 1);
    run.computeSeconds += seconds;
    await ledger.commit(sweep.tick(seconds / 2, seconds, true));
    const end = { epoch: 1, code: 'data', message: 'its numbers are gone' };
    if (trial === 1) await ledger.commit(sweep.ended(run, 'failed', end));
    else if (trial === 2) await ledger.commit(sweep.ended(run, 'diverged', end));
    else {
      const epochs = trial < 4 ? 1 : 2;
      for (let epoch = 1; epoch <= epochs; epoch++)
        await ledger.commit(sweep.epoch(run, epoch, { value: 1 - trial / 10, loss: 1 }, 3));
      await ledger.commit(sweep.ended(run, trial < 4 ? 'stopped' : 'finished', { ...end, epoch: epochs }));
    }
    sweep.settled(run);
  };

  beforeEach(async () => {
    state = mkdtempSync(join(tmpdir(), 'polyak-facts-'));
    folder = SweepFolder.create(
      state,
      'x-search',
      { experiment, folder: '/' },
      {
        ...{ workers: 1, shards: 1, backend: 'cpu', coordinator: null, settings: {}, replayOf: null, sweepKey: key },
        provenance: { command: 'polyak sweep x.yaml' } as never,
      },
    );
    store = await SqliteStore.take(folder.facts.store, 'test');
    ledger = new Ledger(store, ignore, () => undefined);
    const sweeps = new Sweeps(store, new Runs(store, []), ledger, pino({ level: 'silent' }), () => false);
    const row: SweepRow = {
      ...{ key, name: folder.facts.name, experiment: JSON.stringify(experiment), directory: folder.path, shards: 1 },
      ...{ state: 'running', reason: null, createdAt: '2026-01-01T00:00:00.000Z', endedAt: null },
      settings: JSON.stringify({ settings: searchSettings(experiment, '/'), folder: '/' }),
    };
    sweep = await sweeps.submit(row);
  });
  afterEach(async () => {
    await store.close();
    rmSync(state, { recursive: true });
  });

  it('of one that has finished have every round, the last too, its best at its bounds, and what it took', async () => {
    for (let trial = 0; trial < 6; trial++) await train();
    expect(sweep.state).toBe('finished');
    const { rounds, edges, usefulSeconds, wastedSeconds, cost, budgets, schedule, reproducibility, command } =
      await facts();
    expect(rounds).toHaveLength(2);
    expect(rounds[0]![0]).toBe(
      'round 1 of 2, 4 trials of 1 epoch: best validation.loss 0.7 (trial 3); 2 without a number',
    );
    expect(rounds[0]![1]).toMatch(/^next, 2 trials of 2 epochs: rate \[0\.0001,0\.1\] -> /);
    expect(rounds[1]![0]).toBe('round 2 of 2, 2 trials of 2 epochs: best validation.loss 0.5 (trial 5)');
    expect(rounds[1]![1]).toBe(
      `no more rounds: ${edges.length > 0 ? edges.join('; ') : 'its best lies at no bound of its ranges'}`,
    );
    // Trials 1 and 2 came to nothing: 20 s and 30 s of 210.
    expect([usefulSeconds, wastedSeconds]).toEqual([160, 50]);
    expect(cost).toEqual({ pricePerWorkerHour: 3600, spent: 210, projected: null });
    expect(budgets).toEqual([
      { name: 'epochs', limit: 100, spent: 2 + 1 + 4 },
      { name: 'failed trials', limit: 3, spent: 1 },
    ]);
    expect(schedule).toMatch(/^coarseToFine, rounds /);
    expect(reproducibility.kind).toBe('same for any workers');
    expect(command).toBe('npx polyak sweep x.yaml');
  });

  it('of one that runs have the rounds that are over, and the cost of the whole as far as it can be told', async () => {
    expect((await facts()).cost).toEqual({ pricePerWorkerHour: 3600, spent: 0, projected: null });
    for (let trial = 0; trial < 5; trial++) await train();
    const { rounds, cost, state: now } = await facts();
    expect(now).toBe('running');
    expect(rounds).toHaveLength(1);
    // 150 for five trials of six.
    expect(cost).toEqual({ pricePerWorkerHour: 3600, spent: 150, projected: 180 });
  });
});

describe('the best at a bound', () => {
  const plan = new TrialPlan({ value: experiment, folder: '/' });
  const creates = [
    { first: 0, count: 4, round: 0 },
    { first: 4, count: 2, round: 1, space: { rate: { logUniform: [0.001, 0.01] as [number, number] } } },
  ];

  it('is at that of its own round, which is narrower than what the file says', () => {
    const parameters = { rate: 0.0099 };
    // Half the range further out, on its scale: half a power of ten.
    expect(edgesOf(plan, creates, { number: 5, parameters })).toEqual([
      "rate's best, 0.0099, lies at its upper bound, 0.01: consider 0.032",
    ]);
    expect(edgesOf(plan, creates, { number: 3, parameters })).toEqual([]);
    expect(edgesOf(plan, creates, { number: 3, parameters: { rate: 0.099 } })).toHaveLength(1);
    expect(edgesOf(plan, [], { number: 5, parameters })).toEqual([]);
  });
});

describe('the cost of a sweep', () => {
  const counts = { running: 1, paused: 0, stopped: 2, finished: 1, failed: 1, waiting: 3 };
  const sweep = {
    ...{ settings: { price: 2 } as never, spent: { seconds: 1, computeSeconds: 7200, epochs: 9 }, counts, trials: 8 },
  };

  it('is projected by what a trial that is over has cost', () => {
    expect(costOf(sweep)).toEqual({ pricePerWorkerHour: 2, spent: 4, projected: 8 });
  });

  it('is not projected where all trials are over, none is, or nobody knows how many there will be', () => {
    expect(costOf({ ...sweep, trials: 4 })?.projected).toBeNull();
    expect(costOf({ ...sweep, trials: null })?.projected).toBeNull();
    expect(costOf({ ...sweep, counts: { ...counts, stopped: 0, finished: 0, failed: 0 } })?.projected).toBeNull();
    expect(costOf({ ...sweep, settings: {} as never })).toBeUndefined();
  });
});
