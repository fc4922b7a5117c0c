/** The commands around a run: while it runs, when it has ended, and runs that come from it. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { listCheckpoints, readRecord } from '../../server/checkpoint/checkpoint.js';
import { hashVector } from '../../server/checkpoint/checkpoint-reader.js';
import { ClusterRole } from './cluster-role.js';
import { ClusterRun } from './cluster-run.js';

const bin = join(packageRoot(), 'bin/polyak.js');
const invariance = join(packageRoot(), 'examples/invariance.yaml');
const endless = ['--workers', '1', '--set', 'train.epochs=100000'];

function polyak(state: string, ...args: string[]) {
  return spawnSync(process.execPath, [bin, ...args, '--state', state], { encoding: 'utf8' });
}

function json(state: string, ...args: string[]): Record<string, unknown> {
  const { stdout, stderr } = polyak(state, ...args, '--json');
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

function runRecord(run: ClusterRun): Record<string, unknown> {
  return JSON.parse(readFileSync(join(run.folder, 'run.json'), 'utf8')) as Record<string, unknown>;
}

describe('a run that has ended', () => {
  let run: ClusterRun;
  let weightsSha256: unknown;
  const children: ClusterRun[] = [];
  const branch = (...args: string[]) => {
    const child = ClusterRun.train(invariance, ['--from', run.folder, ...args]);
    children.push(child);
    return child;
  };

  beforeAll(async () => {
    run = ClusterRun.train(invariance, ['--workers', '1', '--steps', '40'], { POLYAK_LOG: 'info' });
    ({ weightsSha256 } = await run.finished());
  });
  afterAll(() => {
    for (const each of [run, ...children]) each.remove();
  });

  it('trains to the same weights from what show --experiment prints', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'polyak-again-'));
    try {
      const { stdout } = polyak(run.state, 'show', '@last', '--experiment');
      writeFileSync(join(folder, 't.yaml'), stdout);
      const again = ClusterRun.train(join(folder, 't.yaml'), ['--workers', '2', '--shards', '2', '--steps', '40']);
      children.push(again);
      expect((await again.finished())['weightsSha256']).toBe(weightsSha256);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('shows its results and where it comes from', () => {
    const shown = json(run.state, 'show', 'invariance-1');
    expect(shown).toMatchObject({
      name: 'invariance-1',
      parent: null,
      results: { state: 'finished', step: 40, weightsSha256 },
      provenance: {
        command: expect.stringMatching(/^polyak train .*invariance\.yaml --workers 1 --steps 40/) as string,
      },
      data: { trainCount: 1497 },
      fingerprint: { backend: 'tensorflow' },
    });
    const { stdout } = polyak(run.state, 'show', 'invariance-1');
    expect(stdout).toMatch(/^invariance-1: finished$/m);
    expect(stdout).toContain(`sha256 ${String(weightsSha256)}`);
    expect(stdout).toMatch(/^versions +polyak \d.*, Node \d.*, TensorFlow \d/m);
  });

  it('is parent of a branch that begins with its weights, whatever the branch runs on', async () => {
    const changes = [
      '--steps',
      '10',
      '--set',
      'optimizer={"adam":{"learningRate":1e-3}}',
      '--set',
      'checkpoint.keep=9',
    ];
    const one = branch('--workers', '1', ...changes);
    const other = branch('--workers', '2', '--shards', '2', ...changes);
    const hash = (await one.finished())['weightsSha256'];
    expect((await other.finished())['weightsSha256']).toBe(hash);
    expect(hash).not.toBe(weightsSha256);
    const seed = (await listCheckpoints(join(one.folder, 'checkpoints'))).at(-1) ?? '';
    expect((await readRecord(seed)).step).toBe(0);
    expect(await hashVector(seed, 'weights')).toBe(weightsSha256);
    expect(runRecord(one)['parent']).toMatchObject({ run: 'invariance-1', step: 40, weightsSha256 });
    expect(json(one.state, 'ls')).toMatchObject({ run: 'invariance-1', parent: 'invariance-1', state: 'finished' });
  });

  it('has no branch with a model of other shapes', () => {
    const { status, stderr } = polyak(
      ...([
        run.state,
        'train',
        invariance,
        '--from',
        '@last',
        '--set',
        'model=["flatten",{"dense":{"units":10}}]',
      ] as const),
    );
    expect(stderr).toMatch(
      /--from invariance-1: its weights do not fit this experiment's model: it has .* where the model has/,
    );
    expect(status).toBe(2);
    expect(existsSync(join(run.state, 'invariance-2'))).toBe(false);
  });

  it('is compared with another by what their experiments differ in', async () => {
    const other = ClusterRun.train(invariance, ['--workers', '1', '--steps', '10', '--set', 'seed=8']);
    children.push(other);
    await other.finished();
    const compared = json(run.state, 'compare', 'invariance-1', other.folder);
    expect(compared['differences']).toEqual([{ path: 'seed', values: [7, 8] }]);
    expect(compared['runs']).toMatchObject([{ results: { step: 40 } }, { results: { step: 10 } }]);
    expect(polyak(run.state, 'compare', 'invariance-1', other.folder).stdout).toMatch(/^seed +7 +8$/m);
  });

  it('has logs of each process, in the order of time', () => {
    const lines = polyak(run.state, 'logs', '@last', '--json').stdout.trimEnd().split('\n');
    const records = lines.map((line) => JSON.parse(line) as { process: string; time: number });
    expect([...new Set(records.map(({ process }) => process))].toSorted()).toEqual([
      ...['coordinator', 'server-0', 'worker-0'],
    ]);
    const times = records.map(({ time }) => time);
    expect(times).toEqual(times.toSorted((left, right) => left - right));
    const { status, stderr } = polyak(run.state, 'logs', '@last', '--role', 'worker-7');
    expect(stderr).toMatch(/--role 'worker-7': invariance-1 has logs of coordinator, server-0, worker-0/);
    expect(status).toBe(2);
  });
});

describe('a run that runs', () => {
  it('is seen by status, ls and logs, and ends at a checkpoint by stop, from where it goes on', async () => {
    const run = ClusterRun.train(invariance, endless, { POLYAK_LOG: 'info' });
    try {
      await run.step(10);
      const status = json(run.state, 'status', '@last');
      expect(status).toMatchObject({ run: 'invariance-1', state: 'running', progress: { event: 'progress' } });
      expect(status['processes']).toMatchObject([
        { role: 'coordinator', alive: true },
        { role: 'server', alive: true },
        { role: 'worker', alive: true },
      ]);
      expect(json(run.state, 'status')).toMatchObject({ run: 'invariance-1', state: 'running' });
      const stopped = json(run.state, 'stop', 'invariance-1');
      expect(stopped).toMatchObject({ event: 'stopped', run: 'invariance-1' });
      expect(await run.exitCode()).toBe(0);
      expect(json(run.state, 'ls')).toMatchObject({ state: 'stopped', step: stopped['step'] });
      const worker = polyak(run.state, 'logs', '@last', '--role', 'worker').stdout;
      expect(worker).toMatch(/worker-0 +info +ready/);
      expect(worker).not.toMatch(/coordinator +info/);
      const resumed = run.resume(['--steps', String(Number(stopped['step']) + 5)]);
      expect((await resumed.finished())['steps']).toBe(Number(stopped['step']) + 5);
      expect(json(run.state, 'ls')).toMatchObject({ state: 'finished' });
    } finally {
      run.remove();
    }
  });

  it('is followed by logs --follow until its end', async () => {
    const run = ClusterRun.train(invariance, [...endless, '--steps', '60'], { POLYAK_LOG: 'info' });
    try {
      await run.step(5);
      const { status, stdout } = polyak(run.state, 'logs', '@last', '--follow');
      expect(status).toBe(0);
      expect(stdout).toMatch(/worker-0 +info +draining/);
      await run.finished();
    } finally {
      run.remove();
    }
  });

  it('ends with exit code 6 when its budget does, and with 143 by SIGTERM; it can be resumed after either', async () => {
    const run = ClusterRun.train(invariance, [...endless, '--budget', '3s']);
    try {
      expect(await run.exitCode()).toBe(6);
      expect(run.events.at(-1)).toMatchObject({ event: 'stopped' });
      const resumed = run.resume();
      await resumed.event(({ event }) => event === 'progress');
      resumed.process.kill('SIGTERM');
      expect(await resumed.exitCode()).toBe(143);
      expect(resumed.events.at(-1)).toMatchObject({ event: 'stopped' });
    } finally {
      run.remove();
    }
  });

  it('goes on when nobody reads what it prints', async () => {
    const run = ClusterRun.train(invariance, ['--workers', '1', '--steps', '40']);
    try {
      await run.step(1);
      run.process.stdout?.destroy();
      expect(await run.exitCode()).toBe(0);
      expect(json(run.state, 'ls')).toMatchObject({ state: 'finished', step: 40 });
    } finally {
      run.remove();
    }
  });

  it('is interrupted, not lost, when the process that follows it is killed', async () => {
    const run = ClusterRun.train(invariance, endless);
    try {
      await run.step(10);
      run.process.kill('SIGKILL');
      await run.exitCode();
      expect(json(run.state, 'status', '@last')).toMatchObject({ state: 'interrupted' });
      expect(polyak(run.state, 'status', '@last').stdout).toMatch(/^go on with +npx polyak resume /m);
    } finally {
      run.remove();
    }
  });
});

it('a worker with --transport grpc computes the same weights as one over sockets', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'polyak-transport-'));
  const hashes = [];
  for (const transport of ['socket', 'grpc']) {
    const roles: ClusterRole[] = [];
    const start = async (role: 'coordinator' | 'server' | 'worker', ...args: string[]) => {
      const started = ClusterRole.start(role, args);
      roles.push(started);
      return (await started.listening).address;
    };
    let run: ClusterRun | undefined;
    try {
      const coordinator = await start('coordinator', '--store', join(folder, `${transport}.db`));
      await start('server', '--coordinator', coordinator);
      await start('worker', '--coordinator', coordinator, '--transport', transport);
      run = ClusterRun.submit(invariance, coordinator, ['--steps', '20']);
      hashes.push((await run.finished())['weightsSha256']);
    } finally {
      await Promise.all(roles.map(async (role) => await role.kill()));
      run?.remove();
    }
  }
  rmSync(folder, { recursive: true });
  expect(hashes[1]).toBe(hashes[0]);
});
