/** A run can be stopped at any time, whoever is there to hear of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { ClusterRole } from './cluster-role.js';
import { ClusterRun } from './cluster-run.js';

it('a resumed run that has no worker stops at its last checkpoint', async () => {
  const run = ClusterRun.train(join(packageRoot(), 'examples/invariance.yaml'), ['--workers', '1']);
  const folder = mkdtempSync(join(tmpdir(), 'polyak-stop-'));
  const roles: ClusterRole[] = [];
  const start = async (role: 'coordinator' | 'server', ...args: string[]) => {
    roles.push(ClusterRole.start(role, args));
    return (await roles.at(-1)!.listening).address;
  };
  try {
    await run.step(10);
    run.process.kill('SIGINT');
    expect(await run.exitCode()).toBe(130);
    const { step } = await run.event(({ event }) => event === 'stopped');
    const coordinator = await start('coordinator', '--store', join(folder, 'coordinator.db'));
    await start('server', '--coordinator', coordinator);
    const resumed = run.resume(['--coordinator', coordinator]);
    await resumed.event(({ event }) => event === 'started');
    resumed.process.kill('SIGINT');
    expect(await resumed.exitCode()).toBe(130);
    expect(resumed.events.at(-1)).toMatchObject({ event: 'stopped', step });
  } finally {
    await Promise.all(roles.map(async (role) => await role.kill()));
    run.remove();
    rmSync(folder, { recursive: true });
  }
});
