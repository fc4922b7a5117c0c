/** No role's main thread ever freezes: with a worker per core it still answers heartbeats, and its metric says so. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { readMetric } from './cluster-role.js';
import { ClusterRun } from './cluster-run.js';

const file = join(packageRoot(), 'examples/invariance.yaml');
const steps = 60;
const delaySecondsMax = 0.2;

describe('with as many workers as cores', () => {
  it('the event loop of every role is never late by 200 ms, from its start to the end of the run', async () => {
    const run = ClusterRun.train(file, [
      ...['--workers', String(availableParallelism()), '--shards', '2', '--steps', String(steps)],
      ...['--set', 'checkpoint.every=0.5'],
    ]);
    try {
      await run.step(steps);
      const delays = await Promise.all(
        run.roles().map(async ({ role, index, metricsPort }) => {
          const seconds = await readMetric(metricsPort, 'polyak_event_loop_delay_seconds', 'quantile="1"');
          return { role: `${role} ${index}`, seconds };
        }),
      );
      expect(delays.length).toBe(1 + 2 + availableParallelism());
      expect(delays.filter(({ seconds }) => !(seconds < delaySecondsMax))).toEqual([]);
      await run.finished();
    } finally {
      run.remove();
    }
  });
});
