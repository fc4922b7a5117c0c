/** A sweep on a coordinator elsewhere, seen by commands that have no store: what they show comes from the coordinator's. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../cli/connect.js';
import { isAlive } from '../../cli/run-facts.js';
import { gatherFacts } from '../../cli/sweep/gather-facts.js';
import { openReader } from '../../cli/sweep/open-reader.js';
import { SweepFollower } from '../../cli/sweep/sweep-follower.js';
import { SweepFolder } from '../../cli/sweep/sweep-folder.js';
import { packageRoot } from '../../common/package-root.js';
import { SweepCluster } from './sweep-cluster.js';
import { tinySweep } from './tiny-sweep.js';

const bin = join(packageRoot(), 'bin/polyak.js');
const epochs = 3;

describe('a sweep on a coordinator elsewhere', () => {
  let cluster: SweepCluster;
  let state: string;

  const polyak = (...args: string[]) => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [bin, ...args, '--state', state], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stderr);
    return stdout;
  };

  beforeAll(async () => {
    cluster = await SweepCluster.start({ workers: 1, shards: 1 });
    state = mkdtempSync(join(tmpdir(), 'polyak-remote-'));
    const crossValidation = { folds: 2, stratified: false };
    const { file } = await tinySweep(
      state,
      { trials: 2, crossValidation },
      {
        data: { source: 'csv', path: 'clouds.csv', header: false },
        train: { epochs, batchSize: 80, microBatchSize: 40 },
      },
    );
    polyak('sweep', file, '--coordinator', cluster.coordinator);
  }, 60_000);
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') process.stderr.write(cluster.report());
  });
  afterAll(async () => {
    await cluster.stop();
    rmSync(state, { recursive: true });
  });

  it('has the epochs of a trial, the mean of its folds, each at its time', () => {
    const shown = JSON.parse(polyak('show', 'tiny-search-1/1', '--json')) as {
      epochs: { epoch: number; at: string; validation: { loss: number } }[];
      createdAt: string;
    };
    expect(shown.epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    const times = shown.epochs.map(({ at }) => at);
    expect(times.toSorted()).toEqual(times);
    expect(new Set(times).size).toBe(epochs);
    expect(times[0]! > shown.createdAt).toBe(true);
    const [row] = JSON.parse(`[${polyak('trials', 'tiny-search-1', '--json').trim().split('\n').join()}]`).filter(
      ({ number }: { number: number }) => number === 1,
    ) as { value: number }[];
    expect(shown.epochs.at(-1)?.validation.loss).toBeCloseTo(row!.value, 12);
    expect(polyak('show', 'tiny-search-1/1')).toMatch(/epoch +step +loss/);
  });

  it('of a trial that has not begun says so', () => {
    expect(() => polyak('show', 'tiny-search-1/7')).toThrow('has no trial 7: 2 have begun');
  });

  it('of folds has a report, which says why there is no ensemble', () => {
    const { ensemble } = JSON.parse(polyak('report', 'tiny-search-1', '--json')) as { ensemble: { why: string } };
    expect(ensemble.why).toContain('each trial is of 2 runs, which were trained on different samples');
  });

  describe('by rounds', () => {
    let said: string;
    const factsOf = async (folder: SweepFolder) => {
      const reader = await openReader(folder);
      try {
        return await gatherFacts(folder, reader, []);
      } finally {
        await reader.close();
      }
    };

    beforeAll(async () => {
      const rounds = [
        { trials: 3, epochs: 1 },
        { trials: 2, epochs: 2 },
      ];
      const { file } = await tinySweep(
        state,
        { trials: 5, price: 2, schedule: { coarseToFine: { rounds } } },
        { name: 'rounds', train: { epochs: 2, batchSize: 80, microBatchSize: 40 } },
      );
      said = polyak('sweep', file, '--coordinator', cluster.coordinator, '--detach');
      const { sweepKey } = SweepFolder.open(state, 'rounds-search-1').facts;
      const follower = new SweepFollower(cluster.coordinator, Buffer.from(sweepKey, 'hex'), 30_000);
      const { signal } = new AbortController();
      const last = await follower.follow(() => undefined, signal);
      // What workers did for it until they were told of its end still counts.
      const spent = async () => (await follower.snapshot(signal)).spent.computeSeconds;
      for (let before = -1, now = await spent(); now !== before; [before, now] = [now, await spent()])
        await setTimeout(1500);
      follower.close();
      expect(last.event).toBe('sweep-finished');
    }, 90_000);

    it('that nobody follows says how its report is made', () => {
      expect(said).toMatch(/goes on at[^]*npx polyak status[^]*npx polyak report .*rounds-search-1/);
    });

    it('has the facts that its store has, with both rounds, seen from where there is no store', async () => {
      const remote = SweepFolder.open(state, 'rounds-search-1');
      const here = SweepFolder.open(state, 'rounds-search-1');
      // Only in mind: sweep.json stays as it is.
      Object.assign(here.facts, { coordinator: null, store: cluster.store });
      const facts = await factsOf(remote);
      expect(facts).toEqual(await factsOf(here));
      expect(facts.rounds.map(([first]) => first.slice(0, 12))).toEqual(['round 1 of 2', 'round 2 of 2']);
      const { experiment: _, ...shown } = facts;
      expect(JSON.parse(polyak('show', 'rounds-search-1', '--json'))).toMatchObject({
        ...{ rounds: shown.rounds, edges: shown.edges, cost: shown.cost },
      });
    });

    it('of which some trials have begun has the decisions for those, without waiting for its end', async () => {
      const { sweepKey } = SweepFolder.open(state, 'rounds-search-1').facts;
      const follower = new SweepFollower(cluster.coordinator, Buffer.from(sweepKey, 'hex'), 30_000);
      const { signal } = new AbortController();
      expect(await follower.creates(3, signal)).toMatchObject([{ first: 0, count: 3, round: 0 }]);
      expect(await follower.creates(0, signal)).toEqual([]);
      expect(await follower.creates(undefined, signal)).toHaveLength(2);
      follower.close();
    });

    it('has its report and the ensemble of its best trials later', () => {
      polyak('report', 'rounds-search-1', '-o', join(state, 'report'));
      const report = readFileSync(join(state, 'report/report.md'), 'utf8');
      for (const part of ['## Rounds', 'round 2 of 2', '## Ensemble of the best', 'all together']) {
        expect(report).toContain(part);
      }
    });
  });

  it('that has finished is shown as it was by a coordinator that began since', async () => {
    const best = polyak('best', 'tiny-search-1');
    const pid = await cluster.kill('coordinator', 0);
    // The next one is started from here, and a command that is waited for would hold that up.
    await expect.poll(() => isAlive(pid)).toBe(false);
    // A machine with other work takes its time.
    await connect(cluster.coordinator, { patienceMs: 30_000 });
    expect(polyak('show', 'tiny-search-1')).toMatch(/trials +2 of 2 over: 2 finished/);
    expect(polyak('best', 'tiny-search-1')).toBe(best);
    expect(polyak('status', 'tiny-search-1')).toContain('finished');
  });
});
