/** A cluster whose processes are replaced one after another by those of the next minor version, while a sweep runs. */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../cli/free-port.js';
import { packageRoot } from '../../common/package-root.js';
import { SweepFollower } from '../../cli/sweep/sweep-follower.js';
import { ClusterRole, readMetric } from './cluster-role.js';
import { otherProgram } from './other-program.js';
import { SubmittedSweep, SweepCluster } from './sweep-cluster.js';
import { tinySweep } from './tiny-sweep.js';

const bin = join(packageRoot(), 'bin/polyak.js');
const timeout = 280_000;
const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string };
const [major = 0, minor = 0] = version.split('.').map(Number);

describe('a rolling upgrade', () => {
  let folder: string;
  const roles: ClusterRole[] = [];

  const program = (name: string) => otherProgram(folder, name, { version: name });

  /** The process of a role, by the program of that version. */
  function start(role: 'coordinator' | 'server' | 'worker', args: string[], other = bin): ClusterRole {
    const script = 'node="$1"; shift 2; exec "$node" "$PROGRAM" "$@"';
    const started = ClusterRole.start(role, args, ['sh', '-c', script, 'sh'], { env: { PROGRAM: other } });
    roles.push(started);
    return started;
  }

  async function end(role: ClusterRole): Promise<void> {
    role.signal('SIGTERM');
    await role.exit;
  }

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'polyak-upgrade-'));
  });
  afterAll(async () => {
    for (const role of roles) role.signal('SIGKILL');
    await Promise.all(roles.map(async ({ exit }) => await exit));
    rmSync(folder, { recursive: true });
  });

  const tableOf = (state: string) => {
    const args = ['trials', 'tiny-search-1', '--csv', '--state', join(folder, state)];
    const { stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8' });
    const lines = stdout.trim().split('\n');
    if (lines.length < 2) throw new Error(stderr);
    return lines.map((line) => line.split(',').slice(0, 4).join());
  };

  it('by one minor version ends a sweep with the same table; by two it is refused by name', { timeout }, async () => {
    const { file } = await tinySweep(folder, { trials: 6 });
    const sweep = ['sweep', file, '--state'];
    const alone = [bin, ...sweep, join(folder, 'alone'), '--backend', 'cpu', '--workers', '1'];
    expect(spawnSync(process.execPath, alone).status).toBe(0);

    const ports = [await freePort('127.0.0.1'), await freePort('127.0.0.1')];
    const coordinator = `127.0.0.1:${ports[0]}`;
    const attends = ['--coordinator', coordinator];
    const coordinates = ['--listen', coordinator, '--store', join(folder, 'c.db')];
    const serves = [...attends, '--listen', `127.0.0.1:${ports[1]}`];
    const works = [...attends, '--backend', 'cpu'];
    const old = {
      coordinator: start('coordinator', coordinates),
      server: start('server', serves),
      worker: start('worker', works),
    };
    await Promise.all(Object.values(old).map(async ({ listening }) => await listening));
    const upgraded = ['cluster', '--coordinator', coordinator, '--json'];
    const following = spawn(process.execPath, [bin, ...sweep, join(folder, upgraded[0] ?? ''), ...upgraded.slice(1)]);
    const left = once(following, 'close');
    const lines = createInterface({ input: following.stdout });
    await new Promise<void>((resolve) => {
      let said = 0;
      lines.on('line', () => void ((said += 1) === 8 && resolve()));
      lines.once('close', resolve);
    });
    const next = program(`${major}.${minor + 1}.0`);
    await end(old.worker);
    const worker = start('worker', works, next);
    await worker.listening;
    await end(old.server);
    const server = start('server', serves, next);
    await server.listening;
    await end(old.coordinator);
    start('coordinator', coordinates, next);
    expect(await left).toEqual([0, null]);
    expect(tableOf('cluster')).toEqual(tableOf('alone'));

    const far = start('worker', works, program(`${major}.${minor + 3}.0`));
    const words = `the worker is of Polyak '${major}.${minor + 3}.0', this process of ${major}.${minor + 1}.0`;
    await expect.poll(() => far.report, { timeout: 90_000 }).toContain(words);
  });

  it(
    'of all at once lets trials go on from their checkpoints and rungs; by other arithmetic they wait',
    { timeout },
    async () => {
      const tiny = await tinySweep(
        folder,
        { trials: 4, schedule: { successiveHalving: { minEpochs: 4, eta: 2 } } },
        { train: { epochs: 16, batchSize: 4, microBatchSize: 2 } },
      );
      const undisturbed = await SweepCluster.start({ workers: 1, shards: 1 });
      const expected = await undisturbed.submit(tiny);
      await expected.ended();
      const table = await expected.table();
      await undisturbed.stop();

      const ports = [await freePort('127.0.0.1'), await freePort('127.0.0.1')];
      const coordinator = `127.0.0.1:${ports[0]}`;
      const directory = join(folder, 'halving');
      const begin = async (by?: string) => {
        const attends = ['--coordinator', coordinator];
        const started = [
          start('coordinator', ['--listen', coordinator, '--store', join(folder, 'halving.db')], by),
          start('server', [...attends, '--listen', `127.0.0.1:${ports[1]}`], by),
          start('worker', [...attends, '--backend', 'cpu'], by),
        ];
        await Promise.all(started.map(async ({ listening }) => await listening));
        return { started, metrics: (await started[0]!.listening).metrics };
      };
      const leave = async (started: ClusterRole[]) => {
        for (const role of started.toReversed()) await end(role);
      };

      const old = await begin();
      const key = randomBytes(8);
      const ending = new AbortController();
      const follower = new SweepFollower(coordinator, key, 60_000);
      const { experiment, folder: from } = tiny;
      const request = { name: 'tiny', experiment: JSON.stringify(experiment), folder: from, directory, shards: 1 };
      await follower.submit({ ...request, list: '', settings: '{}', replayOf: Buffer.alloc(0) }, ending.signal);
      const sweep = new SubmittedSweep(key, directory, follower, ending.signal);
      const ended = sweep.ended();
      ended.catch(() => undefined);
      // All four have begun, so that none begins by the other arithmetic; of those that go on from their rung none has ended.
      await sweep.line(({ event, trial }) => event === 'report' && trial === 3);
      await sweep.change('PAUSE');
      const led = async () => await old.started[1]!.metric('polyak_server_trials', 'as="lead"');
      await expect.poll(led, { timeout: 60_000 }).toBe(0);
      await leave(old.started);

      const next = `${major}.${minor + 1}.1`;
      const other = await begin(otherProgram(folder, 'other-arithmetic', { version: next, arithmetic: 99 }));
      await sweep.change('RESUME');
      const waits = async () => await readMetric(other.metrics, 'polyak_coordinator_trials_without_suitable_worker');
      await expect.poll(waits, { timeout: 60_000, interval: 500 }).toBeGreaterThan(0);
      const [, server, worker] = other.started;
      expect(server?.report).toContain("! arithmetic: recorded '1', this worker '99'");
      expect(worker?.report).toContain('free for other trials');
      await sweep.change('PAUSE');
      await leave(other.started);

      await begin(otherProgram(folder, 'next', { version: next }));
      await sweep.change('RESUME');
      expect((await ended).event).toBe('sweep-finished');
      expect(await sweep.table()).toEqual(table);
      ending.abort();
    },
  );
});
