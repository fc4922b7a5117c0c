/** The promise of exactly N trials: a sweep's table is the same whoever computes it, and whoever dies, pauses or comes meanwhile. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SweepFolder } from '../../cli/sweep/sweep-folder.js';
import { CounterRandom, Purpose } from '../../common/random.js';
import { openStoreReader } from '../../coordinator/store/open-store.js';
import { packageRoot } from '../../common/package-root.js';
import { readMetric } from './cluster-role.js';
import { SweepCluster, tableLine, type SubmittedSweep, type TableLine } from './sweep-cluster.js';
import { tinySweep } from './tiny-sweep.js';

const seed = Number(process.env['POLYAK_TEST_SEED'] ?? 231);
const full = { trials: 30 };
const long = { batchSize: 80, microBatchSize: 40 };
const halving = { trials: 27, schedule: { successiveHalving: { eta: 2 } } };

describe(`a sweep (seed ${seed})`, () => {
  const expected = new Map<object, TableLine[]>();
  let cluster: SweepCluster;

  const tiny = async (search: Record<string, unknown>, more: Record<string, unknown> = {}) =>
    await tinySweep(cluster.folder, search, more);
  const submit = async (search: Record<string, unknown>) => await cluster.submit(await tiny(search));
  const afterTrial = async (sweep: SubmittedSweep, count: number) => {
    let trials = 0;
    return await sweep.line(({ event }) => event === 'created' && (trials += 1) >= count);
  };
  const expectSame = async (sweep: SubmittedSweep, search: object) => {
    expect(await sweep.table()).toEqual(expected.get(search));
    expect((await sweep.snapshot()).counts).toMatchObject({ running: 0, paused: 0, waiting: 0 });
  };

  beforeAll(async () => {
    cluster = await SweepCluster.start({ workers: 1, shards: 2 });
    for (const search of [full, halving]) {
      const sweep = await submit(search);
      expect(await sweep.ended()).toMatchObject({ event: 'sweep-finished' });
      expected.set(search, await sweep.table());
      expect(expected.get(search)).toHaveLength(search.trials);
    }
    await Promise.all([1, 2, 3].map(async () => await cluster.addWorker()));
  });
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') process.stderr.write(cluster.report());
  });
  afterAll(async () => await cluster.stop());

  it('has the table of one worker, though workers, shards and the coordinator are killed', async () => {
    const sweeps = await Promise.all([full, halving].map(submit));
    const ended = sweeps.map((sweep) => sweep.ended());
    for (const [kill, role] of (['worker', 'server', 'coordinator', 'server', 'worker'] as const).entries()) {
      await afterTrial(sweeps[1]!, 4 + 4 * kill);
      const index = new CounterRandom(seed, Purpose.test, kill).integer(role === 'worker' ? 4 : 2);
      await cluster.kill(role, role === 'coordinator' ? 0 : index);
    }
    for (const last of await Promise.all(ended)) expect(last).toMatchObject({ event: 'sweep-finished' });
    for (const [index, search] of [full, halving].entries()) await expectSame(sweeps[index]!, search);
  });

  it('that is paused and resumed has the same table, though the coordinator is killed between', async () => {
    const sweep = await submit(halving);
    const ended = sweep.ended();
    await afterTrial(sweep, 12);
    await sweep.change('PAUSE');
    await cluster.kill('coordinator', 0);
    expect((await sweep.snapshot()).state).toBe('paused');
    await sweep.change('RESUME');
    expect(await ended).toMatchObject({ event: 'sweep-finished' });
    await expectSame(sweep, halving);
  });

  it('never trains more epochs than its budget allows, over restarts, and says that it is spent', async () => {
    const sweep = await cluster.submit(await tiny(full), { settings: { budget: { epochs: 25 } } });
    const ended = sweep.ended();
    await afterTrial(sweep, 5);
    await cluster.kill('coordinator', 0);
    const last = await ended;
    expect(last.event).toBe('sweep-stopped');
    expect(last['reason']).toMatch(/epochs of 25 is spent/);
    expect((await sweep.table()).reduce((sum, { epoch }) => sum + epoch, 0)).toBe(24);
  });

  it('by ASHA is repeated from its log to the same table by one worker', async () => {
    const search = { trials: 20, schedule: { asha: { eta: 2 } } };
    const sweep = await submit(search);
    await sweep.ended();
    const table = await sweep.table();
    expect(table).toHaveLength(20);
    const again = await cluster.submit(await tiny(search), { replayOf: sweep, settings: { workers: 1 } });
    expect(await again.ended()).toMatchObject({ event: 'sweep-finished' });
    expect(await again.table()).toEqual(table);
  });

  it('that its time has ended is repeated to the same table by one worker, however long that takes', async () => {
    const slow = await tiny({ trials: 30 }, { train: { ...long, epochs: 300 } });
    const sweep = await cluster.submit(slow, { settings: { budget: { time: 6 } } });
    const last = await sweep.ended();
    expect(last['reason']).toBe('search.budget.time of 6 s is spent');
    const table = await sweep.table();
    expect(table.some(({ status }) => status === 'running')).toBe(true);
    const again = await cluster.submit(slow, { replayOf: sweep, settings: { workers: 1, budget: { time: 0.1 } } });
    expect(await again.ended()).toEqual({
      event: 'sweep-stopped',
      reason: 'repeated to its end: search.budget.time of 6 s is spent',
    });
    expect(await again.table()).toEqual(table);
    expect((await again.snapshot()).counts).toEqual((await sweep.snapshot()).counts);
  });

  it('stops a trial whose numbers are not finite', async () => {
    const space = { learningRate: { choice: [1e6] }, momentum: { uniform: [0, 0.5] } };
    const train = { epochs: 4, batchSize: 80, microBatchSize: 40 };
    const sweep = await cluster.submit(await tiny({ trials: 2, space }, { train, regularise: { l2: 1e4 } }));
    expect(await sweep.ended()).toMatchObject({ event: 'sweep-finished' });
    for (const { status, reason } of await sweep.table()) {
      expect(status).toBe('stopped');
      expect(reason).toMatch(/^notFinite/);
    }
  });

  it('counts trials that fail, and ends when one after another fails by the same error', async () => {
    // Three classes, and two outputs.
    const sweep = await cluster.submit(await tiny({ trials: 20 }, { model: [{ dense: { units: 2 } }] }), {
      settings: { sameFailures: 3, parallel: 1 },
    });
    const last = await sweep.ended();
    expect(last.event).toBe('sweep-failed');
    expect(last['reason']).toMatch(/^3 trials in a row have failed by the same error: .+/);
    expect((await sweep.snapshot()).counts.failed).toBe(3);
  });

  it('that would rank by a running average that is too young fails while its first epoch is trained', async () => {
    const more = {
      ...{ objective: { metric: 'validation.loss', direction: 'minimise', weights: 'average' } },
      // 160 steps in an epoch.
      ...{ weightAverage: { decay: 0.999 }, train: { epochs: 4, batchSize: 1, microBatchSize: 1 } },
    };
    const sweep = await cluster.submit(await tiny(halving, more), { settings: { parallel: 1 } });
    const last = await sweep.ended();
    expect(last.event).toBe('sweep-failed');
    expect(last['reason']).toMatch(/successiveHalving ranks trials by it at step 160, but .* from step 3000 on/);
    expect(sweep.lines.filter(({ event }) => event === 'report')).toEqual([]);
  });

  it('takes a worker that joins within two seconds, and lets one go that is told to within one', async () => {
    const sweep = await cluster.submit(await tiny({ trials: 9 }, { train: { ...long, epochs: 2000 } }));
    const ended = sweep.ended();
    await afterTrial(sweep, 4);
    const startedAt = performance.now();
    const port = await cluster.addWorker();
    const listeningAt = performance.now();
    // Of a machine that is busy with other things, less is expected: in measure of how long the process took to start.
    const startMs = listeningAt - startedAt;
    const timeout = Math.max(2000, 4 * startMs);
    const computed = async () => await readMetric(port, 'polyak_worker_images_total');
    await expect.poll(computed, { interval: 50, timeout }).toBeGreaterThan(0);
    expect(await cluster.retire('worker', 0)).toBeLessThan(Math.max(1000, 2 * startMs));
    await sweep.change('STOP');
    expect(await ended).toMatchObject({ event: 'sweep-stopped' });
  });
});

describe('polyak sweep', () => {
  it('that is interrupted stops its trials at checkpoints, and goes on later to the same table', async () => {
    const state = mkdtempSync(join(tmpdir(), 'polyak-sweep-command-'));
    try {
      const { file } = await tinySweep(state, { trials: 6 }, { train: { ...long, epochs: 20 } });
      const run = async (args: string[], onLine: (event: string, command: ChildProcess) => void = () => undefined) => {
        const flags = ['--state', join(state, 'runs'), '--json'];
        const command = spawn(process.execPath, [join(packageRoot(), 'bin/polyak.js'), ...args, ...flags], {
          stdio: ['ignore', 'pipe', 'ignore'],
        });
        createInterface({ input: command.stdout }).on('line', (line) => {
          onLine((JSON.parse(line) as { event: string }).event, command);
        });
        const [code] = (await once(command, 'exit')) as [number];
        return code;
      };
      const sweep = (workers: number) => ['sweep', file, '--backend', 'cpu', '--workers', String(workers)];
      const last = () => SweepFolder.open(join(state, 'runs'), '@last');
      expect(await run(sweep(1))).toBe(0);
      const undisturbed = await tableOf(last());
      let reports = 0;
      const interrupt = (event: string, command: ChildProcess) => {
        if (event === 'report' && ++reports === 30) command.kill('SIGINT');
      };
      expect(await run(sweep(2), interrupt)).toBe(130);
      const folder = last();
      const states = await statesOf(folder);
      expect(states).toContain('stopped');
      expect(states.filter((each) => each !== 'stopped' && each !== 'finished')).toEqual([]);
      expect(await run(['resume', folder.path, '--workers', '1'])).toBe(0);
      expect(await tableOf(folder)).toEqual(undisturbed);
    } finally {
      rmSync(state, { recursive: true });
    }
  });
});

async function tableOf({ facts }: SweepFolder): Promise<TableLine[]> {
  const store = await openStoreReader(facts.store);
  try {
    return (await store.trials({ sweep: facts.sweepKey })).rows.map(tableLine);
  } finally {
    await store.close();
  }
}

async function statesOf({ facts }: SweepFolder): Promise<string[]> {
  const store = await openStoreReader(facts.store);
  try {
    const { rows } = await store.trials({ sweep: facts.sweepKey });
    const runs = await Promise.all(
      rows.map(async ({ number }) => await store.runs({ sweep: facts.sweepKey, trial: number })),
    );
    return runs.flat().map(({ state }) => state);
  } finally {
    await store.close();
  }
}
