/** Sweeps that share workers: who begins trials first, and how many workers and trials each has at most. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SweepLine } from '../../coordinator/sweep/log-line.js';
import type { RunProgress } from '../../coordinator/sweep/progress.js';
import { SweepCluster, type SubmittedSweep } from './sweep-cluster.js';
import { tinySweep } from './tiny-sweep.js';

const workers = 4;
/** With as many micro-batches in a step as workers can share. */
const train = { batchSize: 80, microBatchSize: 10 };
const endless = { train: { ...train, epochs: 100_000 } };
const short = { train: { ...train, epochs: 3 } };

describe('two sweeps on four workers', () => {
  let cluster: SweepCluster;
  const running: SubmittedSweep[] = [];

  const submit = async (trials: number, more: Record<string, unknown>, settings: Record<string, unknown>) => {
    const sweep = await cluster.submit(await tinySweep(cluster.folder, { trials }, more), { settings });
    running.push(sweep);
    return sweep;
  };
  const progressOf = ({ running: runs }: SweepLine) => (runs ?? []) as RunProgress[];
  const workersOf = (line: SweepLine) => progressOf(line).reduce((sum, run) => sum + run.workers, 0);
  const trialsOf = (line: SweepLine) => new Set(progressOf(line).map(({ trial }) => trial)).size;
  const isProgress = ({ event }: SweepLine) => event === 'progress';

  /** All workers are taken, until this is stopped. */
  const block = async () => {
    const blocking = await submit(workers, endless, { priority: 9 });
    const blocked = blocking.ended();
    await blocking.line((line) => isProgress(line) && trialsOf(line) >= workers);
    return { blocking, blocked };
  };

  beforeAll(async () => {
    cluster = await SweepCluster.start({ workers, shards: 1 });
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') process.stderr.write(cluster.report());
    for (const sweep of running.splice(0)) await sweep.change('STOP').catch(() => undefined);
  });
  afterAll(async () => await cluster.stop());

  it('begin all trials of the one with the higher priority first, whichever came first', async () => {
    const { blocking, blocked } = await block();
    const low = await submit(6, short, {});
    const high = await submit(6, short, { priority: 1 });
    const there = new Date().toISOString();
    const ended = [low.ended(), high.ended()];
    await blocking.change('STOP');
    await blocked;
    for (const last of await Promise.all(ended)) expect(last).toMatchObject({ event: 'sweep-finished' });
    const begun = async (sweep: SubmittedSweep) => (await sweep.rows()).map(({ startedAt }) => startedAt!);
    const [later, first] = [await begun(low), await begun(high)];
    expect(first).toHaveLength(6);
    // A worker that waits for another trial may have begun one before there was anything better.
    const after = later.filter((at) => at > there).toSorted();
    expect(after.length).toBeGreaterThan(0);
    expect(after[0]! >= first.toSorted().at(-1)!).toBe(true);
  });

  it('of one priority have as many trials each, also where workers have two', async () => {
    const { blocking, blocked } = await block();
    const sweeps = [await submit(8, endless, {}), await submit(8, endless, {})];
    for (const sweep of sweeps) void sweep.ended();
    await blocking.change('STOP');
    await blocked;
    const shares = async () => await Promise.all(sweeps.map(async (sweep) => (await sweep.snapshot()).counts.running));
    const differences = async () => {
      const [first = 0, second = 0] = await shares();
      return first + second < workers ? undefined : Math.abs(first - second);
    };
    await expect.poll(differences, { timeout: 20_000 }).toBeLessThanOrEqual(1);
  });

  it('have no more workers than `workers` and no more trials than `parallel`, and the others help where they may', async () => {
    const bounded = await submit(8, endless, { workers: 1, parallel: 1, priority: 1 });
    const parallel = await submit(8, endless, { parallel: 2 });
    for (const sweep of [bounded, parallel]) void sweep.ended();
    await bounded.line((line) => isProgress(line) && workersOf(line) === 1);
    // Of three workers two have a trial each, and one helps; so may the fourth, while it waits for the other sweep's trial.
    await parallel.line((line) => isProgress(line) && trialsOf(line) === 2 && workersOf(line) >= 3);
    for (const line of bounded.lines.filter(isProgress)) expect(workersOf(line)).toBeLessThanOrEqual(1);
    await bounded.change('SET', { workers: 2, parallel: 2 });
    await bounded.line((line) => isProgress(line) && trialsOf(line) === 2);
    for (const line of bounded.lines.filter(isProgress)) expect(workersOf(line)).toBeLessThanOrEqual(2);
    for (const line of parallel.lines.filter(isProgress)) expect(trialsOf(line)).toBeLessThanOrEqual(2);
  });
});
