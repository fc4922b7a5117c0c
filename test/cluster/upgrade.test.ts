/** A cluster whose processes are replaced one after another by those of the next minor version, while a sweep runs. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../cli/free-port.js';
import { packageRoot } from '../../common/package-root.js';
import { ClusterRole } from './cluster-role.js';
import { tinySweep } from './tiny-sweep.js';

const bin = join(packageRoot(), 'bin/polyak.js');
const timeout = 580_000;
const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string };
const [major = 0, minor = 0] = version.split('.').map(Number);

describe('a rolling upgrade', () => {
  let folder: string;
  const roles: ClusterRole[] = [];

  /** This program by another version's name. Its modules are those of here. */
  function program(name: string): string {
    const root = join(folder, name);
    mkdirSync(root);
    for (const part of ['bin', 'dist', 'proto']) {
      const filter = (path: string) => !/dist\/(test|bench|deploy)(\/|$)/.test(path);
      cpSync(join(packageRoot(), part), join(root, part), { recursive: true, filter });
    }
    symlinkSync(join(packageRoot(), 'node_modules'), join(root, 'node_modules'));
    writeFileSync(join(root, 'package.json'), JSON.stringify({ name: 'polyak', version: name, type: 'module' }));
    return join(root, 'bin/polyak.js');
  }

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
});
