/** The library as a program uses it: real processes, started and followed by this one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readJournal } from '../../cli/run-journal.js';
import { packageRoot } from '../../common/package-root.js';
import {
  ClusterUnreachable,
  PolyakError,
  RunInterrupted,
  TrainingDiverged,
  UsageError,
  connect,
  loadExperiment,
  loadRun,
  resume,
  train,
  type Experiment,
  type RunEvent,
} from '../../index.js';
import { ClusterRole } from './cluster-role.js';

const file = join(packageRoot(), 'examples/invariance.yaml');
let state: string;
let experiment: Experiment;
beforeAll(async () => {
  state = mkdtempSync(join(tmpdir(), 'polyak-library-'));
  experiment = await loadExperiment(file);
});
afterAll(() => rmSync(state, { recursive: true }));

/** Nobody listens there: the port is reserved. */
const nowhere = '127.0.0.1:1';

async function readAll(events: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const read: RunEvent[] = [];
  for await (const event of events) read.push(event);
  return read;
}

describe('train', () => {
  it('tells several readers its events and gives its result', async () => {
    const run = train(experiment, { workers: 1, steps: 30, state });
    const [first, second] = await Promise.all([readAll(run.events), readAll(run.events)]);
    const { id, folder, trialKey } = await run.created;
    const result = await run.result;
    expect(first[0]).toMatchObject({ event: 'started', run: folder, trialKey, workers: 1, shards: 1 });
    expect(first.at(-1)).toMatchObject({ event: 'finished', steps: 30, weightsSha256: result.weightsSha256 });
    expect(result).toMatchObject({ id, folder, trialKey, steps: 30 });
    const lasting = (events: RunEvent[]) => events.filter(({ event }) => event !== 'progress');
    expect(lasting(second)).toEqual(lasting(first));
    // A reader that comes when all is over gets what was kept.
    expect(lasting(await readAll(run.events))).toEqual(lasting(first));
    const trained = await loadRun(id, { state });
    expect([trained.step, trained.sha256]).toEqual([30, result.weightsSha256]);
  });

  it('needs nobody to read its events', async () => {
    expect(await train(experiment, { workers: 1, steps: 5, state }).result).toMatchObject({ steps: 5 });
  });

  it('when aborted ends at a checkpoint, says so, leaves no process, and goes on from there', async () => {
    const abort = new AbortController();
    const run = train(
      { ...experiment, train: { ...experiment.train, epochs: 1000 } },
      {
        ...{ workers: 1, state, signal: abort.signal },
      },
    );
    for await (const event of run.events) {
      if (event.event === 'progress' && event.step >= 10) abort.abort(new Error('enough'));
    }
    const error: unknown = await run.result.catch((reason: unknown) => reason);
    if (!(error instanceof RunInterrupted)) throw error;
    const { folder, id } = await run.created;
    expect(error).toMatchObject({ code: 'interrupted', folder, cause: { message: 'enough' } });
    expect(error.step).toBeGreaterThanOrEqual(10);
    expect(readJournal(join(folder, 'events.jsonl')).at(-1)).toMatchObject({ event: 'stopped', step: error.step });
    const again = await resume(id, { state, steps: error.step + 3, shards: 2 }).result;
    expect(again).toMatchObject({ id, steps: error.step + 3 });
  });

  it('that is aborted before it begins makes no run', async () => {
    const other = join(state, 'none');
    const run = train(experiment, { state: other, signal: AbortSignal.abort() });
    await expect(run.result).rejects.toBeInstanceOf(RunInterrupted);
    await expect(run.created).rejects.toBeInstanceOf(RunInterrupted);
    expect(await readAll(run.events)).toMatchObject([{ event: 'failed', code: 'interrupted' }]);
    await expect(resume('@last', { state: other }).result).rejects.toBeInstanceOf(UsageError);
  });

  it('that diverges says at which step and in which layer', async () => {
    const wild = await loadExperiment(file, ['optimizer={"sgd":{"learningRate":1e30}}']);
    const error: unknown = await train(wild, { workers: 1, state }).result.catch((reason: unknown) => reason);
    if (!(error instanceof TrainingDiverged)) throw error;
    expect(error.code).toBe('training');
    expect(error.step).toBeGreaterThan(0);
    expect(error.layer).toMatch(/^\w+$/);
  });

  it('on a cluster that is not there is given up after the time that it may take', async () => {
    const run = train(experiment, { coordinator: nowhere, state, patienceMs: 1 });
    const [events, error] = await Promise.all([readAll(run.events), run.result.catch((reason: unknown) => reason)]);
    expect(error).toBeInstanceOf(ClusterUnreachable);
    expect(error).toBeInstanceOf(PolyakError);
    expect(error).not.toBeInstanceOf(UsageError);
    expect(events.at(-1)).toMatchObject({ event: 'failed', code: 'unreachable' });
  });
});

describe('connect', () => {
  const roles: ClusterRole[] = [];
  let coordinator: string;
  beforeAll(async () => {
    const start = async (role: 'coordinator' | 'server' | 'worker', ...args: string[]) => {
      const started = ClusterRole.start(role, args);
      roles.push(started);
      return (await started.listening).address;
    };
    coordinator = await start('coordinator', '--store', join(state, 'coordinator.db'));
    await start('server', '--coordinator', coordinator);
    await start('worker', '--coordinator', coordinator);
  });
  afterAll(async () => {
    await Promise.all(roles.map(async (role) => await role.kill()));
  });

  it('shows what a coordinator knows, follows a run, stops it and waits for it', async () => {
    const long = { ...experiment, train: { ...experiment.train, epochs: 1000 } };
    const trained = train(long, { coordinator, state });
    trained.result.catch(() => undefined);
    const { id, trialKey } = await trained.created;
    for await (const event of trained.events) if (event.event === 'progress') break;

    const cluster = await connect(coordinator);
    const status = await cluster.status();
    expect(status.runs).toMatchObject([{ id, trialKey, state: 'running', shards: 1, untilStep: null }]);
    expect(status.servers).toMatchObject([{ shard: 0 }]);
    expect(status.workers).toHaveLength(1);

    const run = await cluster.run(id);
    let seen: RunEvent | undefined;
    for await (const event of run.events) {
      seen = event;
      if (event.event === 'progress') break;
    }
    expect(seen).toMatchObject({ event: 'progress' });
    const waiting = run.wait().catch((reason: unknown) => reason);
    const end = await run.stop();
    expect(end).toMatchObject({ event: 'stopped' });
    expect(await waiting).toBeInstanceOf(RunInterrupted);
    await expect(trained.result).rejects.toBeInstanceOf(RunInterrupted);
    expect((await readAll((await cluster.run(trialKey)).events)).at(-1)).toEqual(end);
    expect((await cluster.status()).runs).toMatchObject([{ state: 'stopped' }]);
    await expect(cluster.run('digits-9')).rejects.toThrow(`run 'digits-9' is none of its; it has ${id}`);
  });

  it('to where nobody listens fails as unreachable, and to what is no address as usage', async () => {
    await expect(connect(nowhere, { patienceMs: 1 })).rejects.toBeInstanceOf(ClusterUnreachable);
    await expect(connect('nowhere')).rejects.toBeInstanceOf(UsageError);
  });
});
