/** Workers that are told to end in the middle of a run, down to none: no step is lost, and the numbers are those of a run left alone. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { ClusterRole } from './cluster-role.js';
import { ClusterRun } from './cluster-run.js';

const file = join(packageRoot(), 'examples/invariance.yaml');
const steps = 16;
/** So that a worker has a lease for some tens of milliseconds, and is told to end in the middle of it. */
const slowly = { batchSize: 48, microBatchSize: 4 };
const args = [
  ...['--steps', String(steps), '--shards', '1'],
  ...Object.entries(slowly).flatMap(([name, value]) => ['--set', `train.${name}=${value}`]),
  ...['--set', 'data.validation=24', '--set', 'data.test=24'],
];
const patience = { timeout: 60_000, interval: 5 };

let folder: string;
let address: string;
let server: ClusterRole;
const roles: ClusterRole[] = [];

const start = (role: 'coordinator' | 'server' | 'worker', given: string[]) => {
  const started = ClusterRole.start(role, given);
  roles.push(started);
  return started;
};
const startWorker = async () => {
  const worker = start('worker', ['--coordinator', address, '--backend', 'cpu']);
  await worker.listening;
  return worker;
};
const metric = async (name: string, labels = '') => await server.metric(`polyak_server_${name}`, labels);

const runs: ClusterRun[] = [];
const train = () => {
  const run = ClusterRun.submit(file, address, args);
  runs.push(run);
  return run;
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'polyak-scale-in-'));
  const coordinator = start('coordinator', ['--store', join(folder, 'coordinator.db')]);
  ({ address } = await coordinator.listening);
  server = start('server', ['--coordinator', address]);
  await server.listening;
});
afterEach(async () => {
  for (const run of runs.splice(0)) {
    run.process.kill('SIGKILL');
    run.remove();
  }
  await Promise.all(roles.splice(0).map(async (role) => await role.kill()));
  rmSync(folder, { recursive: true });
});

it(
  'a worker that is told to end gives its leases back before it goes, and no step is lost',
  { timeout: 240_000 },
  async () => {
    const workers = await Promise.all([startWorker(), startWorker(), startWorker()]);
    const undisturbed = await train().finished();
    const images = await metric('images_total');
    const run = train();
    await expect.poll(async () => await metric('steps_total'), patience).toBeGreaterThan(steps);
    for (const [index, worker] of workers.entries()) {
      // All of them compute.
      await expect.poll(async () => await metric('leases'), patience).toBeGreaterThanOrEqual(workers.length - index);
      worker.signal('SIGTERM');
      expect(await worker.exit).toBe(0);
      // It has gone this moment: its lead has not been waiting for it to fall silent, nor for a lease to run out.
      expect(await metric('workers_lost_total', 'reason="left"')).toBe(index + 1);
      expect(await metric('workers')).toBe(workers.length - index - 1);
    }
    expect(await metric('leases_reissued_total', 'reason="worker lost"')).toBeGreaterThan(0);
    // Nobody is left: what is done is kept, and whoever comes goes on with it.
    expect(await metric('leases')).toBe(0);
    const done = await metric('steps_total');
    await startWorker();
    const finished = await run.finished();
    expect(done).toBeLessThan(2 * steps);
    expect(await metric('steps_total')).toBe(2 * steps);
    expect(await metric('images_total')).toBe(2 * images);
    expect(await metric('images_rolled_back_total')).toBe(0);
    expect(await metric('rollbacks_total')).toBe(0);
    for (const reason of ['silent', 'stream broken', 'reconnected'])
      expect(await metric('workers_lost_total', `reason="${reason}"`)).toBe(0);
    expect(finished['weightsSha256'], `${run.report()}\n${server.report}`).toBe(undisturbed['weightsSha256']);
    expect(finished['averageSha256']).toBe(undisturbed['averageSha256']);
    expect(finished['validation']).toEqual(undisturbed['validation']);
  },
);
