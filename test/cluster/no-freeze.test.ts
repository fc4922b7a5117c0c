/** No role's main thread ever freezes: with a worker per core it still answers heartbeats, and its metric says so. */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { ClusterRole } from './cluster-role.js';
import { ClusterRun } from './cluster-run.js';

const file = join(packageRoot(), 'examples/invariance.yaml');
const delaySecondsMax = 0.2;

describe('with as many workers as cores', () => {
  it('the event loop of every role is never late by 200 ms, from its start to the end of the run', async () => {
    // Started by hand, so that they are still there to be asked when the run has ended.
    const folder = mkdtempSync(join(tmpdir(), 'polyak-no-freeze-'));
    const coordinator = ClusterRole.start('coordinator', ['--store', join(folder, 'coordinator.db')]);
    const roles = [coordinator];
    let run: ClusterRun | undefined;
    try {
      const { address } = await coordinator.listening;
      for (const shard of ['0', '1']) {
        roles.push(ClusterRole.start('server', ['--coordinator', address, '--shard', shard]));
      }
      for (let worker = 0; worker < availableParallelism(); worker++) {
        roles.push(ClusterRole.start('worker', ['--coordinator', address]));
      }
      const setting = ['--set', 'checkpoint.every=0.5'];
      run = ClusterRun.submit(file, address, ['--shards', '2', '--steps', '60', ...setting]);
      const result = await run.finished();
      expect(result['workers']).toBe(availableParallelism());
      const delays = await Promise.all(
        roles.map(async (role) => ({
          role: role.role,
          seconds: await role.metric('polyak_event_loop_delay_seconds', 'percentile="100"'),
        })),
      );
      expect(delays.filter(({ seconds }) => !(seconds > 0 && seconds < delaySecondsMax))).toEqual([]);
    } finally {
      await Promise.all(roles.map(async (role) => await role.kill()));
      run?.remove();
      rmSync(folder, { recursive: true });
    }
  });
});
