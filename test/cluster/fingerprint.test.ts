import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { ClusterRun } from './cluster-run.js';

const file = join(packageRoot(), 'examples/invariance.yaml');
const bin = join(packageRoot(), 'bin/polyak.js');

async function withOtherWorker(set: string[], check: (run: ClusterRun) => Promise<void>): Promise<void> {
  const run = ClusterRun.train(file, ['--workers', '1', '--steps', '400', ...set]);
  await run.step(2);
  const env = { ...process.env, ONEDNN_MAX_CPU_ISA: 'SSE41' };
  const other = spawn(process.execPath, [bin, 'worker', '--coordinator', run.role('coordinator').address], {
    stdio: 'ignore',
    env,
  });
  try {
    await check(run);
  } finally {
    other.kill('SIGKILL');
    run.process.kill('SIGINT');
    await run.exitCode();
    run.remove();
  }
}

describe('a worker whose arithmetic differs', () => {
  it('is refused, with both fingerprints side by side', async () => {
    await withOtherWorker([], async (run) => {
      const notice = await run.event(({ event, kind }) => event === 'notice' && kind === 'refused');
      expect(notice['message']).toMatch(/! .*: recorded '.*', this worker '.*SSE41/);
    });
  });

  it('is admitted under numerics: tolerant, and the run says that it is not reproducible', async () => {
    await withOtherWorker(['--set', 'numerics=tolerant'], async (run) => {
      const notice = await run.event(({ event, kind }) => event === 'notice' && kind === 'tolerated');
      expect(notice['message']).toContain('SSE41');
      await run.event(({ event, workers }) => event === 'progress' && workers === 2);
    });
  });
});
