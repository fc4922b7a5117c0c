/** Who comes back after being replaced is refused as Fenced and counted, and the run's numbers are what they would be. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../cli/free-port.js';
import { packageRoot } from '../../common/package-root.js';
import { ClusterRole } from './cluster-role.js';
import { ClusterRun, type RunEvent } from './cluster-run.js';
import { openUplink, type Uplink } from './uplink.js';

const file = join(packageRoot(), 'examples/invariance.yaml');
const steps = ['--steps', '160', '--set', 'checkpoint.every=0.5'];

describe('one that has been replaced', () => {
  let reference: RunEvent;
  const roles: ClusterRole[] = [];
  const runs: ClusterRun[] = [];
  const folders: string[] = [];
  let uplink: Uplink | undefined;

  const start = (role: Parameters<typeof ClusterRole.start>[0], ...args: string[]) => {
    const started = ClusterRole.start(role, args);
    roles.push(started);
    return started;
  };
  const store = () => {
    folders.push(mkdtempSync(join(tmpdir(), 'polyak-fences-')));
    return join(folders.at(-1) ?? '', 'coordinator.db');
  };
  const keep = (run: ClusterRun) => {
    runs.push(run);
    return run;
  };
  const expectSame = (result: RunEvent) => {
    expect(result['weightsSha256']).toBe(reference['weightsSha256']);
    expect(result['averageSha256']).toBe(reference['averageSha256']);
  };

  beforeAll(async () => {
    const run = ClusterRun.train(file, [...steps, '--workers', '2']);
    reference = await run.finished();
    run.remove();
  });

  afterEach(async () => {
    await Promise.all(roles.splice(0).map((role) => role.kill()));
    uplink?.close();
    uplink = undefined;
    for (const run of runs.splice(0)) {
      if (run.process.exitCode === null) run.process.kill('SIGKILL');
      await run.exitCode();
      run.remove();
    }
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  it('a coordinator whose store a younger one has taken exits as Fenced, and the run goes on', async () => {
    const run = keep(ClusterRun.train(file, [...steps, '--workers', '2']));
    await run.step(5);
    const younger = start('coordinator', '--store', join(run.folder, 'coordinator.db'));
    await younger.listening;
    // The run's own is refused; started again by the launcher it is the youngest, and the other is refused in turn.
    const notice = await run.event(
      ({ kind, message }) => kind === 'restart' && String(message).includes('coordinator'),
    );
    expect(notice['message']).toMatch(/exit code 1: coordinator epoch 1 has been replaced: the store is at epoch 2/);
    expect(await younger.exit).not.toBe(0);
    expect(younger.last).toMatchObject({ event: 'failed', code: 'fenced' });
    expectSame(await run.finished());
  });

  it('an old shard that comes back beside its replacement exits as Fenced, and changes no number', async () => {
    const coordinator = (await start('coordinator', '--store', store()).listening).address;
    const shard = (number: number) => start('server', '--coordinator', coordinator, '--shard', String(number));
    const old = [shard(0), shard(1)];
    start('worker', '--coordinator', coordinator);
    start('worker', '--coordinator', coordinator);
    const run = keep(ClusterRun.submit(file, coordinator, [...steps, '--shards', '2']));
    await run.step(5);
    // One of the two leads; both are replaced, one after the other.
    for (const [number, before] of old.entries()) {
      const at = Number(run.events.findLast(({ event }) => event === 'progress')?.['step']);
      before.signal('SIGSTOP');
      const replacement = shard(number);
      await replacement.listening;
      await run.event(({ event, step }) => event === 'progress' && Number(step) > at);
      before.signal('SIGCONT');
      expect(await before.exit).not.toBe(0);
      expect(before.last).toMatchObject({ event: 'failed', code: 'fenced' });
    }
    expectSame(await run.finished());
  });

  it("a worker's pushes for a trial that was dropped meanwhile are answered FENCED and counted", async () => {
    const coordinator = (await start('coordinator', '--store', store()).listening).address;
    const address = `127.0.0.1:${await freePort('127.0.0.1')}`;
    uplink = await openUplink(address);
    const server = start('server', '--coordinator', coordinator, '--listen', address, '--advertise', uplink.address);
    const suspended = start('worker', '--coordinator', coordinator);
    const dropped = keep(ClusterRun.submit(file, coordinator, steps));
    await dropped.step(3);
    // The gradient of at least one lease is under way when the worker is suspended.
    await uplink.hold(20_000);
    suspended.signal('SIGSTOP');
    start('worker', '--coordinator', coordinator);
    const at = Number(dropped.events.findLast(({ event }) => event === 'progress')?.['step']);
    await dropped.step(at + 1);
    dropped.process.kill('SIGINT');
    expect(await dropped.exitCode()).toBe(130);

    const created = keep(ClusterRun.submit(file, coordinator, steps));
    await created.step(3);
    expect(await server.metric('polyak_server_fenced_total', 'what="push"')).toBe(0);
    uplink.release();
    suspended.signal('SIGCONT');
    await created.event(({ event, workers }) => event === 'progress' && workers === 2);
    expectSame(await created.finished());
    expect(await server.metric('polyak_server_fenced_total', 'what="push"')).toBeGreaterThan(0);
    expect(await server.metric('polyak_server_pushes_total', 'result="fenced"')).toBeGreaterThan(0);
  });
});
