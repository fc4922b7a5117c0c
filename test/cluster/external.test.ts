import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect, type Cluster } from '../../cli/connect.js';
import type { ExternalTrial } from '../../cli/external/external-trial.js';
import { freePort } from '../../cli/free-port.js';
import { SweepFollower } from '../../cli/sweep/sweep-follower.js';
import { TrialStopped, UsageError } from '../../common/error-classes.js';
import type { ExternalExperimentInput } from '../../common/experiment/external-schema.js';
import { packageRoot } from '../../common/package-root.js';
import type { TrialRow } from '../../coordinator/store/rows.js';
import { ClusterRole } from './cluster-role.js';

interface Line {
  event: string;
  trial: number;
  epoch: number;
}

/** A process that runs trials, and what it has said. */
class Client {
  readonly lines: Line[] = [];
  readonly exit: Promise<unknown>;
  private readonly child: ChildProcess;
  private wake: () => void = () => undefined;

  constructor(address: string, key: string, options: { parallel?: number; msPerEpoch?: number } = {}) {
    const { parallel = 1, msPerEpoch = 0 } = options;
    const program = join(packageRoot(), 'dist/test/cluster/external-client.js');
    const args = [program, address, key, String(parallel), String(msPerEpoch)];
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.exit = once(this.child, 'close');
    createInterface({ input: this.child.stdout! }).on('line', (line) => {
      this.lines.push(JSON.parse(line) as Line);
      this.wake();
    });
  }

  async until(event: string, count = 1): Promise<Line> {
    for (;;) {
      const found = this.lines.filter((line) => line.event === event);
      if (found.length >= count) return found[count - 1]!;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'polyak-external-'));
let address = '';
let coordinator: ClusterRole;
let cluster: Cluster;

async function startCoordinator(): Promise<void> {
  coordinator = ClusterRole.start('coordinator', ['--listen', address, '--store', join(folder, 'coordinator.db')]);
  await coordinator.listening;
}

beforeAll(async () => {
  address = `127.0.0.1:${await freePort('127.0.0.1')}`;
  await startCoordinator();
  cluster = await connect(address);
});

afterAll(async () => {
  await coordinator.kill();
  rmSync(folder, { recursive: true, force: true });
});

const base: ExternalExperimentInput = {
  name: 'cheap',
  seed: 5,
  objective: { metric: 'distance' },
  train: { epochs: 3 },
  search: { trials: 6, space: { x: { uniform: [0, 1] } } },
};

async function tableOf(key: string): Promise<TrialRow[]> {
  const follower = new SweepFollower(address, Buffer.from(key, 'hex'), 5000);
  const query = { sort: 'number', descending: false, status: [], offset: 0, limit: 0 };
  const { trials } = await follower.list(query, new AbortController().signal);
  follower.close();
  return trials.map((text) => JSON.parse(text) as TrialRow);
}

describe('an external search', () => {
  test('is refused with the place of what is wrong', async () => {
    const wrong = { ...base, objective: { metric: '' }, search: { ...base.search, trials: 0 } };
    await expect(cluster.search(wrong)).rejects.toThrow(/objective\.metric[^]*search\.trials/);
    const folds = { ...base, search: { ...base.search, crossValidation: { folds: 3 } } };
    await expect(cluster.search(folds)).rejects.toThrow(/search\.crossValidation: is of trainings on the cluster/);
    await expect(cluster.search('00000000000000ff')).rejects.toBeInstanceOf(UsageError);
  });

  test('gives the trial of a client that is killed to another, and exactly all trials finish once', async () => {
    const { key } = await cluster.search(base);
    const first = new Client(address, key, { msPerEpoch: 60_000 });
    const { trial } = await first.until('given');
    first.signal('SIGKILL');
    await first.exit;
    const second = new Client(address, key);
    await second.exit;
    const finished = second.lines.filter(({ event }) => event === 'finished').map((line) => line.trial);
    expect(finished.toSorted((left, right) => left - right)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(finished).toContain(trial);
    const rows = await tableOf(key);
    expect(rows.map(({ status, epoch }) => [status, epoch])).toEqual(rows.map(() => ['finished', 3]));
  });

  test('loses nothing that was acknowledged when the coordinator is killed, and its client goes on with its trial', async () => {
    const { key } = await cluster.search({ ...base, train: { epochs: 40 }, search: { ...base.search, trials: 2 } });
    const client = new Client(address, key, { msPerEpoch: 50 });
    await client.until('reported', 7);
    await coordinator.kill();
    const acknowledged = client.lines.filter(({ event }) => event === 'reported').length;
    await startCoordinator();
    const [row] = await tableOf(key);
    expect(row?.epoch).toBeGreaterThanOrEqual(acknowledged);
    await client.exit;
    expect(client.lines.filter(({ event }) => event === 'given')).toHaveLength(2);
    expect(client.lines.filter(({ event }) => event === 'reported')).toHaveLength(80);
    expect((await tableOf(key)).map(({ status, epoch }) => [status, epoch])).toEqual([
      ['finished', 40],
      ['finished', 40],
    ]);
  });

  test('fences a client that was silent for too long and comes back, which changes nothing', async () => {
    const { key } = await cluster.search({ ...base, search: { ...base.search, trials: 1 } });
    const late = new Client(address, key, { msPerEpoch: 1000 });
    await late.until('reported');
    late.signal('SIGSTOP');
    const other = new Client(address, key);
    await other.until('finished');
    const before = await tableOf(key);
    late.signal('SIGCONT');
    await Promise.all([late.until('fenced'), late.exit, other.exit]);
    expect(late.lines.map(({ event }) => event)).not.toContain('finished');
    expect(await tableOf(key)).toEqual(before);
  });

  test('comes to the same table with one client as with four under successive halving', async () => {
    const halving: ExternalExperimentInput = {
      ...base,
      train: { epochs: 9 },
      search: { ...base.search, trials: 27, schedule: { successiveHalving: { minEpochs: 1, eta: 3 } } },
    };
    const tables: unknown[] = [];
    for (const clients of [1, 4]) {
      const { key } = await cluster.search(halving);
      const all = Array.from({ length: clients }, () => new Client(address, key, { parallel: clients === 1 ? 1 : 2 }));
      await Promise.all(all.map(async ({ exit }) => await exit));
      const rows = await tableOf(key);
      tables.push(
        rows.map(({ number, rung, status, epoch, value, reason }) => ({ number, rung, status, epoch, value, reason })),
      );
    }
    expect(tables[0]).toEqual(tables[1]);
    expect((tables[0] as TrialRow[]).filter(({ status }) => status === 'finished')).toHaveLength(3);
  });

  test('that is paused stops its trials, and gives them out again when it goes on', async () => {
    const search = await cluster.search<{ x: number }>({ ...base, search: { ...base.search, trials: 2 } });
    const given: ExternalTrial<{ x: number }>[] = [];
    for await (const trial of search.trials()) {
      given.push(trial);
      await trial.report({ epoch: 1, value: trial.parameters.x });
      if (given.length === 1) {
        const aborted = once(trial.signal, 'abort');
        await search.pause();
        await aborted;
        expect(trial.signal.reason).toMatchObject({ why: 'halted' });
        expect(trial.signal.reason).toBeInstanceOf(TrialStopped);
        await search.resume();
      } else await trial.finish();
    }
    expect(given.map(({ number }) => number)).toEqual([0, 0, 1]);
    expect(given[1]?.epoch).toBe(1);
    expect((await search.status()).counts).toMatchObject({ finished: 2, running: 0 });
  });

  test('retries a trial that fails by what may pass, and no other', async () => {
    const search = await cluster.search({ ...base, search: { ...base.search, trials: 2, retries: 1 } });
    const given: number[] = [];
    for await (const trial of search.trials()) {
      given.push(trial.number);
      if (trial.number === 0) await trial.fail(new Error('the machine was away'), { retry: true });
      else await trial.fail('x is out of range');
    }
    expect(given).toEqual([0, 1, 0]);
    const rows = await tableOf(search.key);
    expect(rows.map(({ status, reason }) => [status, reason])).toEqual([
      ['failed', 'the machine was away'],
      ['failed', 'x is out of range'],
    ]);
  });

  test('refuses an epoch beyond what the trial may go to, and acknowledges the same report again', async () => {
    const search = await cluster.search({ ...base, search: { ...base.search, trials: 1 } });
    for await (const trial of search.trials()) {
      expect(await trial.report({ epoch: 1, value: 2 })).toBe(true);
      expect(await trial.report({ epoch: 1, value: 3 })).toBe(true);
      await expect(trial.report({ epoch: 4, value: 1 })).rejects.toThrow(/epoch 4 was reported, it must be 1 to 3/);
      await trial.finish();
    }
    expect((await tableOf(search.key))[0]).toMatchObject({ value: 2, epoch: 1, status: 'finished' });
  });

  test('ends a trial with its last report, which may stop it first, and refuses a wrong one', async () => {
    const search = await cluster.search({
      ...base,
      search: { ...base.search, trials: 3, stopping: { threshold: { fromEpoch: 2, value: 0.5 } } },
      objective: { metric: 'score', direction: 'maximise' },
    });
    for await (const trial of search.trials()) {
      if (trial.number === 0) {
        for (const epoch of [4, 5])
          await expect(trial.finish({ epoch, value: 1 })).rejects.toThrow(/was reported, it must be 1 to 3/);
        // It is still to be ended, and the next one is there; no third.
        expect((await search.status()).counts).toMatchObject({ running: 2, waiting: 1 });
      }
      if (trial.number < 2) await trial.finish({ epoch: 2, value: trial.number, loss: 0.5 });
      else await trial.finish({ epoch: 2, value: Number.NaN });
    }
    const rows = await tableOf(search.key);
    expect(rows.map(({ status, epoch, value, loss }) => ({ status, epoch, value, loss }))).toEqual([
      { status: 'stopped', epoch: 2, value: 0, loss: 0.5 },
      { status: 'finished', epoch: 2, value: 1, loss: 0.5 },
      { status: 'stopped', epoch: 2, value: null, loss: null },
    ]);
  });

  test('asks for the next trial while one ends, and gives it to others when its loop is left', async () => {
    const search = await cluster.search({ ...base, search: { ...base.search, trials: 3 } });
    const kept: ExternalTrial[] = [];
    for await (const trial of search.trials({ parallel: 2 })) {
      kept.push(trial);
      if (kept.length < 2) continue;
      await trial.finish({ epoch: 3, value: 1 });
      break;
    }
    const others: number[] = [];
    for await (const trial of search.trials()) {
      others.push(trial.number);
      await trial.finish({ epoch: 3, value: 1 });
      if (others.length === 1) await kept[0]!.finish({ epoch: 3, value: 2 });
    }
    expect(others).toEqual([2]);
    expect((await tableOf(search.key)).map(({ status, value }) => [status, value])).toEqual([
      ['finished', 2],
      ['finished', 1],
      ['finished', 1],
    ]);
  });

  test('gives out at most so many trials at once as search.parallel allows', async () => {
    const search = await cluster.search({ ...base, search: { ...base.search, trials: 4, parallel: 2 } });
    const trials = search.trials({ parallel: 3 });
    const held = [await trials.next(), await trials.next()].map(({ value }) => value as ExternalTrial);
    const third = trials.next();
    expect(await Promise.race([third, search.status().then(({ counts }) => counts.running)])).toBe(2);
    for (const trial of held) await trial.finish();
    await ((await third).value as ExternalTrial).finish();
    for await (const trial of trials) await trial.finish();
    expect((await search.status()).counts.finished).toBe(4);
  });
});
