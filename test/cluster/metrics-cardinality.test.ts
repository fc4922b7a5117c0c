/** How many series a coordinator serves, by sweeps of the "ask and tell" kind, whose trials cost nothing. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, type Cluster } from '../../cli/connect.js';
import type { ExternalExperimentInput } from '../../common/experiment/external-schema.js';
import { ranksShown, sweepsShownMax } from '../../coordinator/recent-sweeps.js';
import { ClusterRole } from './cluster-role.js';

/** Info, six states, the best, ranks, four budgets, epochs and compute seconds. */
const seriesPerSweep = 1 + 6 + 1 + ranksShown + 4 + 2;
const keptSeconds = 3;

const experiment = (trials: number): ExternalExperimentInput => ({
  name: 'cheap',
  objective: { metric: 'distance' },
  train: { epochs: 2 },
  search: {
    trials,
    space: { x: { uniform: [0, 1] } },
    budget: { epochs: 100_000, time: '1h', computeTime: '1h', failedTrials: 3 },
  },
});

describe('the series of a coordinator', () => {
  const folder = mkdtempSync(join(tmpdir(), 'polyak-series-'));
  let coordinator: ClusterRole;
  let cluster: Cluster;
  let before: number;

  beforeAll(async () => {
    const kept = ['--sweep-metrics-for', `${keptSeconds}s`];
    coordinator = ClusterRole.start('coordinator', ['--store', join(folder, 'coordinator.db'), ...kept]);
    cluster = await connect((await coordinator.listening).address);
    before = (await series()).length;
  });
  afterAll(async () => {
    await coordinator.kill();
    rmSync(folder, { recursive: true });
  });

  async function series(): Promise<string[]> {
    const { metrics } = await coordinator.listening;
    const page = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
    return page.split('\n').filter((line) => line.startsWith('polyak_'));
  }

  /** `seen` is called with every hundredth trial under way. */
  async function run(trials: number, parallel: number, seen: (lines: string[]) => void): Promise<void> {
    const search = await cluster.search<{ x: number }>(experiment(trials));
    const running = new Set<Promise<void>>();
    for await (const trial of search.trials({ parallel })) {
      const work = async () => {
        await trial.report({ epoch: 1, value: trial.parameters.x });
        if (trial.number % 100 === 50) seen(await series());
        await trial.finish();
      };
      const one = work().finally(() => running.delete(one));
      running.add(one);
    }
    await Promise.all(running);
  }

  const gone = async () =>
    await expect.poll(async () => (await series()).length, { timeout: 2000 * keptSeconds, interval: 100 }).toBe(before);

  it('grow by twenty with a sweep of 1,000 trials, no trial is a label, and a while after its end they are gone', async () => {
    const counts: number[] = [];
    let lines: string[] = [];
    await run(1000, 32, (seen) => {
      counts.push(seen.length - before);
      if (seen.length >= lines.length) lines = seen;
    });
    expect(counts).toHaveLength(10);
    expect(Math.max(...counts)).toBe(seriesPerSweep);
    const ranks = lines.filter((line) => line.startsWith('polyak_top_trial_objective{'));
    expect(ranks.map((line) => /rank="(\d+)"/.exec(line)?.[1])).toEqual(['1', '2', '3', '4', '5']);
    const values = ranks.map((line) => Number(line.split(' ').at(-1)));
    expect(values).toEqual(values.toSorted((left, right) => left - right));
    const names = new Set(lines.flatMap((line) => [...line.matchAll(/(\w+)="/g)].map(([, name]) => name)));
    expect([...names].filter((name) => /trial|run|worker|address/.test(name!))).toEqual([]);
    await gone();
  });

  it('are bounded with 200 sweeps one after another, and as before when the last has gone', async () => {
    let most = 0;
    for (let sweep = 0; sweep < 200; sweep += 1) {
      await run(1, 1, () => undefined);
      if (sweep % 10 === 9) most = Math.max(most, (await series()).length - before);
    }
    expect(most).toBeGreaterThan(seriesPerSweep - ranksShown);
    expect(most).toBeLessThanOrEqual(seriesPerSweep * sweepsShownMax);
    await gone();
  });
});
