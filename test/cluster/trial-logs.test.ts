/** The logs of a trial on a cluster elsewhere, when its processes have gone; and a submission that is repeated. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { ClusterRole } from './cluster-role.js';
import { tinySweep } from './tiny-sweep.js';

const bin = join(packageRoot(), 'bin/polyak.js');
/** A dozen commands, one after another. */
const timeout = 400_000;

describe('a cluster elsewhere', () => {
  const env = { POLYAK_LOG: 'info' };
  let folder: string;
  let file: string;
  let address: string;
  let coordinator: ClusterRole;
  const others: ClusterRole[] = [];

  /** What it prints, after its exit code. */
  const polyak = async (state: string, ...args: string[]) =>
    await new Promise<string>((resolve) => {
      execFile(process.execPath, [bin, ...args, '--state', join(folder, state)], (error, stdout, stderr) =>
        resolve(`${String(error?.code ?? 0)} ${stdout}${stderr}`),
      );
    });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'polyak-trial-logs-'));
    ({ file } = await tinySweep(folder, { trials: 2 }));
    coordinator = ClusterRole.start('coordinator', ['--store', join(folder, 'c.db')], [], { env });
    ({ address } = await coordinator.listening);
    const attends = ['--coordinator', address];
    for (const shard of ['0', '1'])
      others.push(ClusterRole.start('server', [...attends, '--shard', shard], [], { env }));
    others.push(ClusterRole.start('worker', [...attends, '--backend', 'cpu'], [], { env }));
    await Promise.all(others.map(async ({ listening }) => await listening));
  }, timeout);
  afterAll(async () => {
    for (const role of [...others, coordinator]) role.signal('SIGKILL');
    await Promise.all([...others, coordinator].map(async ({ exit }) => await exit));
    rmSync(folder, { recursive: true });
  });

  it('has one sweep of a submission that is repeated, from the same machine or another', { timeout }, async () => {
    const sweep = ['sweep', file, '--shards', '2', '--coordinator', address, '--idempotency-key', 'nightly/1'];
    const [first, again] = await Promise.all([polyak('one', ...sweep), polyak('two', ...sweep)]);
    expect(first).toMatch(/^0 /);
    expect(again).toMatch(/^0 /);
    const [same, other, elsewhere, alone] = await Promise.all([
      polyak('one', ...sweep, '--detach'),
      polyak('one', ...sweep, '--set', 'train.epochs=3'),
      polyak('three', ...sweep, '--set', 'train.epochs=3'),
      polyak('four', 'sweep', file, '--idempotency-key', 'nightly/1'),
    ]);
    expect(same).toMatch(/^0 /);
    expect(other).toMatch(/^2 [^]*tiny-search-1 has it, of another experiment; give another key/);
    expect(elsewhere).toMatch(/^2 [^]*was submitted with another experiment; give this one a key of its own/);
    expect(alone).toMatch(/^2 [^]*it names a submission to a cluster elsewhere/);
    const response = await fetch(`http://127.0.0.1:${(await coordinator.listening).metrics}/api/v1/sweeps`);
    expect(JSON.stringify(await response.json()).match(/"key":/g)).toHaveLength(1);
    expect(await polyak('one', 'trials', 'tiny-search-1', '--csv')).toMatch(/^0 .*\n0,finished.*\n1,finished.*\n$/);
  });

  it('keeps what the processes of a trial logged, in the order of time, when they are gone', { timeout }, async () => {
    for (const role of others) role.signal('SIGKILL');
    await Promise.all(others.map(async ({ exit }) => await exit));
    const shown = await polyak('one', 'logs', 'tiny-search-1/1', '--follow', '--json');
    const lines = shown
      .slice(2)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { process: string; time: number; record: { msg: string; trial: string } });
    const times = lines.map(({ time }) => time);
    expect(times).toEqual(times.toSorted((left, right) => left - right));
    const said = lines.map(({ process, record }) => `${process.replace(/-.*/, '')} ${record.msg}`);
    expect(said).toContain('worker joining a trial');
    expect(said).toContain('server trains');
    expect(said).toContain('server ends');
    expect(new Set(lines.map(({ record }) => record.trial.slice(0, 16))).size).toBe(1);
    // Without a folder of its own, by the names that the coordinator knows.
    expect(await polyak('nobody', 'logs', 'tiny-search-1/1', '--coordinator', address)).toContain('joining a trial');
    const nothing = await polyak('nobody', 'logs', 'other-1/1', '--coordinator', address);
    expect(nothing).toMatch(/^2 .*there is no sweep 'other-1' there/);
  });
});
