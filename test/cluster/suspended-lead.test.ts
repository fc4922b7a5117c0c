import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { readMetric } from './cluster-role.js';
import { ClusterRun } from './cluster-run.js';

const file = join(packageRoot(), 'examples/invariance.yaml');
const steps = 24;
/** Longer than a worker may be silent, shorter than a lead may. */
const suspendedMs = 4000;

describe('a lead that is suspended for four seconds', () => {
  it('takes none of its workers for dead when it wakes', async () => {
    const run = ClusterRun.train(file, ['--workers', '2', '--steps', String(steps)]);
    try {
      await run.step(3);
      await run.event(({ event, workers }) => event === 'progress' && workers === 2);
      const { pid, metricsPort } = run.role('server');
      process.kill(pid, 'SIGSTOP');
      await new Promise((resolve) => setTimeout(resolve, suspendedMs));
      process.kill(pid, 'SIGCONT');
      await run.step(steps);
      expect(await readMetric(metricsPort, 'polyak_server_workers_lost_total')).toBe(0);
      await run.finished();
    } finally {
      run.remove();
    }
  });
});
