/** The promise "same experiment, same numbers": the weights do not depend on how the work is cut. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { ClusterRun, type RunEvent } from './cluster-run.js';

const file = join(packageRoot(), 'examples/invariance.yaml');
const steps = ['--steps', '60'];

async function hashes(workers: number, shards: number, environment: Record<string, string> = {}): Promise<RunEvent> {
  const run = ClusterRun.train(file, [...steps, '--workers', String(workers), '--shards', String(shards)], environment);
  try {
    return await run.finished();
  } finally {
    run.remove();
  }
}

describe('the weights after 60 steps with augmentation, dropout, batch norm and global-norm clipping', () => {
  let reference: RunEvent;

  beforeAll(async () => {
    reference = await hashes(1, 1);
    expect(reference['steps']).toBe(60);
    expect(reference['weightsSha256']).toMatch(/^[0-9a-f]{64}$/);
  });

  const expectSame = (result: RunEvent) => {
    expect(result['weightsSha256']).toBe(reference['weightsSha256']);
    expect(result['averageSha256']).toBe(reference['averageSha256']);
    expect(result['validation']).toEqual(reference['validation']);
  };

  it('are the same for 2 workers and 3 shards', async () => expectSame(await hashes(2, 3)));

  it('are the same for 3 workers and 2 shards', async () => expectSame(await hashes(3, 2)));

  it('are the same when every push is sent twice', async () => {
    expectSame(await hashes(2, 1, { POLYAK_TEST_SEND_TWICE: '1' }));
  });

  it('are the same when a worker joins half way, does the work of one that is suspended, and leaves', async () => {
    const run = ClusterRun.train(file, [...steps, '--workers', '1', '--shards', '2']);
    await run.step(10);
    const { pid } = run.role('worker');
    // So that the run cannot end before the guest is there: every step from now on is the guest's.
    process.kill(pid, 'SIGSTOP');
    const stoppedAt = Number(run.events.findLast(({ event }) => event === 'progress')?.['step']);
    const { address } = run.role('coordinator');
    const bin = join(packageRoot(), 'bin/polyak.js');
    const guest = spawn(process.execPath, [bin, 'worker', '--coordinator', address], { stdio: 'ignore' });
    try {
      await run.step(stoppedAt + 10);
      process.kill(pid, 'SIGCONT');
      guest.kill('SIGTERM');
      expectSame(await run.finished());
    } finally {
      guest.kill('SIGKILL');
      run.remove();
    }
  });

  it('are the same when a worker is suspended for six seconds', async () => {
    const run = ClusterRun.train(file, [...steps, '--workers', '2', '--shards', '1']);
    await run.step(5);
    const { pid } = run.role('worker', 1);
    process.kill(pid, 'SIGSTOP');
    const wake = setTimeout(() => process.kill(pid, 'SIGCONT'), 6000);
    try {
      expectSame(await run.finished());
    } finally {
      clearTimeout(wake);
      run.remove();
    }
  });
});
