/**
 * How long a run stands still when a process of it is killed, with the launcher starting it again: from kill -9 to the
 * next step that is reported as complete (reports come about twice a second, so the truth is a little less).
 */
import { join } from 'node:path';
import { CounterRandom, Purpose } from '../../common/random.js';
import { packageRoot } from '../../common/package-root.js';
import { ClusterRun } from '../cluster/cluster-run.js';
import type { Finding } from './finding.js';

const file = join(packageRoot(), 'examples/invariance.yaml');
const steps = 160;

/** Seconds that each kind of death may take; of a shard's the replay, about half a second here, is a part. */
const limits = { worker: 4, server: 6 } as const;

export async function recoveryFindings(seed: number, kills: number): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const role of ['worker', 'server'] as const) {
    const seconds: number[] = [];
    for (let kill = 0; kill < kills; kill++) {
      const step = 5 + new CounterRandom(seed, Purpose.test, 1000 + kill, limits[role]).integer(60);
      seconds.push(await recoverySeconds(role, kill % 2, step));
    }
    const most = Math.max(...seconds);
    const list = seconds.map((value) => value.toFixed(2)).join(', ');
    findings.push({
      name: `a ${role === 'worker' ? 'worker' : 'shard'}'s death to the next completed step, under ${limits[role]} s`,
      passed: most < limits[role],
      result: `most ${most.toFixed(2)} s of ${list}`,
    });
  }
  return findings;
}

async function recoverySeconds(role: 'worker' | 'server', index: number, step: number): Promise<number> {
  const args = ['--steps', String(steps), '--workers', '2', '--shards', '2', '--set', 'checkpoint.every=0.5'];
  const run = ClusterRun.train(file, args);
  try {
    await run.step(step);
    await run.event(({ event, workers }) => event === 'progress' && workers === 2);
    const killedAt = performance.now();
    run.kill(role, index);
    // What was completed before is reported by then.
    await run.nextEvent(({ kind }) => kind === 'restart');
    const reached = Math.max(...run.events.map(({ event, step: at }) => (event === 'progress' ? Number(at) : 0)));
    await run.nextEvent(({ event, step: at }) => event === 'progress' && Number(at) > reached);
    return (performance.now() - killedAt) / 1000;
  } finally {
    run.process.kill('SIGINT');
    await run.exitCode();
    run.remove();
  }
}
