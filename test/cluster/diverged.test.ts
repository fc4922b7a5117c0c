import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { ClusterRun } from './cluster-run.js';

const file = join(packageRoot(), 'examples/invariance.yaml');

describe('a learning rate of 1e6', () => {
  it('ends as diverged with exit code 4, at the same step and layer for one worker and for three', async () => {
    const verdicts = [];
    for (const workers of ['1', '3']) {
      const run = ClusterRun.train(file, [
        ...['--workers', workers, '--steps', '60'],
        ...['--set', 'optimizer={"sgd":{"learningRate":1e6}}', '--set', 'clip=null'],
      ]);
      try {
        expect(await run.exitCode()).toBe(4);
        const last = run.events.at(-1);
        expect(last).toMatchObject({ event: 'diverged' });
        verdicts.push({ step: last?.['step'], layer: last?.['layer'] });
      } finally {
        run.remove();
      }
    }
    expect(verdicts[0]?.layer).toBeTruthy();
    expect(verdicts[0]).toEqual(verdicts[1]);
  });
});
