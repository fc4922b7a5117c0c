/** What cannot be kept running is given up, with what it said last. */
import { watch } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { ClusterRun } from './cluster-run.js';

/** Kills the worker whenever there is one, until the run ends. */
async function killEveryWorker(run: ClusterRun, signal: AbortSignal): Promise<void> {
  const killed = new Set<number>();
  try {
    for await (const _ of watch(run.folder, { signal })) {
      const worker = run.roles().find(({ role, pid }) => role === 'worker' && !killed.has(pid));
      if (!worker) continue;
      killed.add(worker.pid);
      process.kill(worker.pid, 'SIGKILL');
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

it('a run whose worker dies five times without a step ends with exit code 1 and the log of the worker', async () => {
  const run = ClusterRun.train(join(packageRoot(), 'examples/invariance.yaml'), ['--workers', '1']);
  const over = new AbortController();
  try {
    await run.event(({ event }) => event === 'started');
    const killing = killEveryWorker(run, over.signal);
    expect(await run.exitCode()).toBe(1);
    over.abort();
    await killing;
    const restarts = run.events.filter(({ event, kind }) => event === 'notice' && kind === 'restart');
    expect(restarts).toHaveLength(4);
    const { event, code, message } = run.events.at(-1)!;
    expect({ event, code }).toEqual({ event: 'failed', code: 'internal' });
    expect(message).toMatch(/^worker-0 has died 5 times within 30 s \(SIGKILL\). The end of .*worker-0\.log:\n/);
  } finally {
    over.abort();
    run.process.kill('SIGKILL');
    run.remove();
  }
});
