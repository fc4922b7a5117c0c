/** Folders and checkpoints that somebody deletes while a sweep needs them: told with their paths, and nothing else is lost. */
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isAlive } from '../../cli/run-facts.js';
import type { SweepRecord } from '../../cli/sweep/sweep-folder.js';
import { hasLead } from '../../coordinator/run-state.js';
import { openStoreReader } from '../../coordinator/store/open-store.js';
import { SweepCluster, type SubmittedSweep, type TableLine } from './sweep-cluster.js';
import { SweepCommand } from './sweep-command.js';
import { tinySweep } from './tiny-sweep.js';

const long = { train: { batchSize: 80, microBatchSize: 40, epochs: 40 } };
const endless = { train: { batchSize: 80, microBatchSize: 40, epochs: 100_000 }, checkpoint: { every: 0.5 } };

/** At once: what runs there would write files while they are deleted one after another. */
function deleteFolder(path: string): void {
  const aside = `${path}.deleted`;
  renameSync(path, aside);
  rmSync(aside, { recursive: true });
}

describe('a sweep of which something is deleted', () => {
  let cluster: SweepCluster;

  const submit = async (search: Record<string, unknown>, more: Record<string, unknown> = {}, settings = {}) =>
    await cluster.submit(await tinySweep(cluster.folder, search, more), { settings });
  const checkpointsOf = ({ folder }: SubmittedSweep, trial: number) =>
    join(folder, 'trials', String(trial), 'checkpoints');
  /** Its trials are at checkpoints, and nobody leads them. */
  const rest = async ({ key }: SubmittedSweep) => {
    const store = await openStoreReader(cluster.store);
    const led = async () => {
      const { rows } = await store.trials({ sweep: key.toString('hex') });
      const runs = rows.map(async ({ number }) => await store.runs({ sweep: key.toString('hex'), trial: number }));
      return (await Promise.all(runs)).flat().filter(({ state }) => hasLead(state));
    };
    await expect.poll(led, { timeout: 20_000 }).toEqual([]);
    await store.close();
  };
  const without = (table: readonly TableLine[], trial: number) => table.filter(({ number }) => number !== trial);

  beforeAll(async () => {
    cluster = await SweepCluster.start({ workers: 1, shards: 2 });
  });
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') process.stderr.write(cluster.report());
  });
  afterAll(async () => await cluster.stop());

  it('by halving loses the promoted trial whose checkpoint it was, says where that lay, and ends as it should', async () => {
    const halving = { trials: 4, schedule: { successiveHalving: { eta: 2 } } };
    const undisturbed = await submit(halving);
    await undisturbed.ended();
    const expected = await undisturbed.table();
    const sweep = await submit(halving, {}, { parallel: 1 });
    const ended = sweep.ended();
    await sweep.line(({ event, trial }) => event === 'created' && trial === 3);
    await sweep.change('PAUSE');
    await rest(sweep);
    // The best of three is among the best two of four.
    const promoted = expected
      .filter(({ number }) => number < 3)
      .map(({ number }) => number)
      .toSorted((left, right) => firstValueOf(undisturbed, left) - firstValueOf(undisturbed, right))[0]!;
    deleteFolder(checkpointsOf(sweep, promoted));
    await sweep.change('RESUME');
    expect(await ended).toMatchObject({ event: 'sweep-finished' });
    const rows = await sweep.rows();
    expect(rows.filter(({ status }) => status === 'failed').map(({ number }) => number)).toEqual([promoted]);
    const { reason } = rows[promoted]!;
    expect(reason).toContain(`checkpoint ${checkpointsOf(sweep, promoted)}/step-0000`);
    expect(reason).toContain(`train it alone: polyak train ${sweep.folder}/trials/${promoted}/experiment.json`);
    // Who was not promoted is as it was; who was may get on by one who is missing.
    const atFirst = without(await sweep.table(), promoted).filter(({ rung }) => rung === 0);
    expect(atFirst).toHaveLength(2);
    for (const line of atFirst) expect(expected).toContainEqual(line);
  });

  it('that is resumed fails the trial whose checkpoint it was, and a retry trains it from its beginning', async () => {
    const undisturbed = await submit({ trials: 3 }, long);
    await undisturbed.ended();
    const sweep = await submit({ trials: 3 }, long, { parallel: 1 });
    const ended = sweep.ended();
    await sweep.line(({ event, trial, epoch }) => event === 'report' && trial === 1 && epoch === 3);
    await sweep.change('PAUSE');
    await rest(sweep);
    deleteFolder(checkpointsOf(sweep, 1));
    await sweep.change('RESUME');
    expect(await ended).toMatchObject({ event: 'sweep-finished' });
    const [, failed] = await sweep.rows();
    expect(failed).toMatchObject({ status: 'failed' });
    expect(failed?.reason).toContain(`checkpoint ${checkpointsOf(sweep, 1)}/step-`);
    expect(failed?.reason).toContain("'polyak retry tiny/1' trains it from its beginning");
    expect(without(await sweep.table(), 1)).toEqual(without(await undisturbed.table(), 1));
    await sweep.retry(1);
    expect(await sweep.ended()).toMatchObject({ event: 'sweep-finished' });
    expect(await sweep.table()).toEqual(await undisturbed.table());
  });

  it('as a whole ends with the name of its folder, which is not made anew, and other sweeps go on', async () => {
    const [sweep, other] = [await submit({ trials: 50 }, long, { priority: 1 }), await submit({ trials: 3 })];
    const [ended, others] = [sweep.ended(), other.ended()];
    await sweep.line(({ event, trial }) => event === 'created' && trial === 2);
    deleteFolder(sweep.folder);
    const last = await ended;
    expect(last.event).toBe('sweep-failed');
    expect(last['reason']).toContain(`${sweep.folder} has been deleted, and the trials in it; put it back, then go on`);
    expect(await others).toMatchObject({ event: 'sweep-finished' });
    expect(existsSync(sweep.folder)).toBe(false);
    // No trial is lost of it.
    expect((await sweep.snapshot()).counts.failed).toBe(0);
    await sweep.change('RESUME');
    expect((await sweep.ended())['reason']).toContain(`${sweep.folder} has been deleted`);
    expect(existsSync(sweep.folder)).toBe(false);
    expect(cluster.kills.coordinator).toBe(0);
  });

  it('of one trial that runs fails that trial with the name of the folder, and goes on', async () => {
    const sweep = await submit({ trials: 2 }, endless, { parallel: 1 });
    const ended = sweep.ended();
    await sweep.line(({ event, trial }) => event === 'report' && trial === 0);
    const folder = join(sweep.folder, 'trials', '0');
    deleteFolder(folder);
    const failed = await sweep.line(({ event, trial }) => event === 'failed' && trial === 0);
    expect(failed['reason']).toContain(`${folder} has been deleted, and the trial's checkpoints with it`);
    await sweep.line(({ event, trial }) => event === 'report' && trial === 1);
    await sweep.change('STOP');
    expect(await ended).toMatchObject({ event: 'sweep-stopped' });
  });
});

describe('polyak sweep', () => {
  it('whose folder is deleted, with its store in it, ends with a name of what is gone, and leaves no process', async () => {
    const state = mkdtempSync(join(tmpdir(), 'polyak-deleted-'));
    const { file } = await tinySweep(state, { trials: 50 }, long);
    const flags = ['--state', join(state, 'runs'), '--backend', 'cpu', '--workers', '1'];
    const command = new SweepCommand(['sweep', file, ...flags]);
    const { folder } = await command.line(({ event }) => event === 'started');
    await command.line(({ event, trial }) => event === 'created' && trial === 1);
    const { roles } = JSON.parse(readFileSync(join(String(folder), 'sweep.json'), 'utf8')) as SweepRecord;
    deleteFolder(String(folder));
    const { code, said } = await command.ended;
    expect(said).toContain(String(folder));
    expect(said).toMatch(/is not there any more|has been deleted/);
    expect(said).not.toMatch(/\n\s+at /);
    expect(code).toBeGreaterThan(0);
    expect(roles.filter(({ pid }) => isAlive(pid))).toEqual([]);
    rmSync(state, { recursive: true });
  });
});

/** What it was ranked by at its first rung. */
function firstValueOf({ lines }: SubmittedSweep, trial: number): number {
  return Number(lines.find((line) => line.event === 'report' && line['trial'] === trial)?.['value']);
}
