/** The gauges of a server that leads several trials at once: sums, and the worst of them. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadExperiment } from '../../common/experiment/load.js';
import { packageRoot } from '../../common/package-root.js';
import { ClusterRole } from './cluster-role.js';
import { FakeCoordinator, type FakeTrial } from './fake-coordinator.js';

const file = join(packageRoot(), 'examples/wine.yaml');
/** Never checkpointed by itself. */
const endless = ['train.epochs=1000000', 'checkpoint.every=86400'];

describe('a server that leads several trials', () => {
  let coordinator: FakeCoordinator;
  let server: ClusterRole;
  let workers: ClusterRole[];
  let folder: string;

  beforeEach(async () => {
    coordinator = await FakeCoordinator.start();
    const args = ['--coordinator', coordinator.address];
    server = ClusterRole.start('server', args);
    workers = [1, 2].map(() => ClusterRole.start('worker', [...args, '--backend', 'cpu']));
    await coordinator.attended(1, 2);
    folder = mkdtempSync(join(tmpdir(), 'polyak-gauges-'));
  });
  afterEach(async () => {
    await Promise.all([server, ...workers].map(async (role) => await role.kill()));
    coordinator.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function begin(): Promise<FakeTrial> {
    const trialKey = randomBytes(8);
    const directory = join(folder, trialKey.toString('hex'));
    const trial = { trialKey, experiment: JSON.stringify(await loadExperiment(file, endless)), directory, shards: 1 };
    coordinator.lead(trial, 0);
    await coordinator.report(({ kind, trial: of }) => kind === 'PROGRESS' && of === trialKey.toString('hex'));
    return trial;
  }

  const expectPolled = (name: string, labels = '') =>
    expect.poll(async () => await server.metric(name, labels), { interval: 20, timeout: 10_000 });

  it('shows the workers of all of them together, and 0 when they are gone', async () => {
    const trials = [await begin(), await begin(), await begin()];
    // Both workers work on each.
    await expectPolled('polyak_server_workers').toBe(6);
    await expectPolled('polyak_server_trials', 'as="lead"').toBe(3);
    await expectPolled('polyak_server_leases').toBeGreaterThan(2);
    coordinator.drop(trials[1]!);
    await expectPolled('polyak_server_workers').toBe(4);
    await workers[0]!.kill();
    await expectPolled('polyak_server_workers').toBe(2);
    for (const trial of trials) coordinator.drop(trial);
    await expectPolled('polyak_server_workers').toBe(0);
    await expectPolled('polyak_server_leases').toBe(0);
    await expectPolled('polyak_server_trials').toBe(0);
  });

  it('shows how long the one without workers has taken no step, and how much of all is in no checkpoint', async () => {
    await begin();
    const stuck = await begin();
    await expectPolled('polyak_server_checkpoint_age_seconds').toBeGreaterThan(1);
    // The other one goes on.
    coordinator.drop(stuck, 'WORKER');
    const steps = await server.metric('polyak_server_steps_total');
    await expectPolled('polyak_server_step_age_seconds').toBeGreaterThan(1.5);
    expect(await server.metric('polyak_server_steps_total')).toBeGreaterThan(steps);
    coordinator.drop(stuck);
    await expectPolled('polyak_server_step_age_seconds').toBeLessThan(1);
  });
});
