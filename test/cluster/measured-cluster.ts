/** A coordinator, a server and two workers as real processes, on which a small training and a small sweep run; and their /metrics. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SweepFollower } from '../../cli/sweep/sweep-follower.js';
import { packageRoot } from '../../common/package-root.js';
import { ClusterRole } from './cluster-role.js';
import { ClusterRun } from './cluster-run.js';
import { tinySweep } from './tiny-sweep.js';

export const roles = ['coordinator', 'server', 'worker'] as const;
export type Role = (typeof roles)[number];

const patienceMs = 30_000;

export class MeasuredCluster {
  private readonly ending = new AbortController();
  private followers: SweepFollower[] = [];

  private constructor(
    private readonly folder: string,
    private readonly processes: Record<Role, ClusterRole>,
    /** Another worker, so that there is something to add on the server. */
    private readonly other: ClusterRole,
  ) {}

  static async start(): Promise<MeasuredCluster> {
    const folder = mkdtempSync(join(tmpdir(), 'polyak-measured-'));
    const coordinator = ClusterRole.start('coordinator', ['--store', join(folder, 'coordinator.db')]);
    const { address } = await coordinator.listening;
    const server = ClusterRole.start('server', ['--coordinator', address]);
    const [worker, other] = [1, 2].map(() =>
      ClusterRole.start('worker', ['--coordinator', address, '--backend', 'cpu']),
    ) as [ClusterRole, ClusterRole];
    await Promise.all([server.listening, worker.listening, other.listening]);
    return new MeasuredCluster(folder, { coordinator, server, worker }, other);
  }

  /** Where Prometheus finds them. */
  async targets(): Promise<string[]> {
    const all = [...Object.values(this.processes), this.other];
    return await Promise.all(all.map(async ({ listening }) => `127.0.0.1:${(await listening).metrics}`));
  }

  /** As Prometheus is given it; of the first worker. */
  async page(role: Role): Promise<string> {
    const { metrics } = await this.processes[role].listening;
    return await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
  }

  /** A table of 178 lines, to its end. */
  async train(): Promise<void> {
    const { address } = await this.processes.coordinator.listening;
    const file = join(packageRoot(), 'examples/wine.yaml');
    const run = ClusterRun.submit(file, address, ['--set', 'checkpoint.every=0.2']);
    try {
      await run.finished();
    } finally {
      run.remove();
    }
  }

  /** With every budget there is, all of them large; the answer resolves when it has ended. */
  async sweep(trials: number, epochs: number): Promise<{ ended: Promise<unknown> }> {
    const budget = { epochs: 100_000, time: '1h', computeTime: '1h', failedTrials: 3 };
    const train = { epochs, batchSize: 80, microBatchSize: 40 };
    const { experiment, folder } = await tinySweep(this.folder, { trials, budget }, { train });
    const { address } = await this.processes.coordinator.listening;
    const key = randomBytes(8);
    const follower = new SweepFollower(address, key, patienceMs);
    this.followers.push(follower);
    const directory = join(this.folder, 'sweeps', key.toString('hex'));
    await follower.submit(
      {
        ...{ name: 'tiny', experiment: JSON.stringify(experiment), folder, directory, shards: 1, list: '' },
        ...{ settings: '', replayOf: Buffer.alloc(0) },
      },
      this.ending.signal,
    );
    const ended = follower.follow(() => undefined, this.ending.signal);
    // A test that has failed before awaits it no more.
    ended.catch(() => undefined);
    return { ended };
  }

  async stop(): Promise<void> {
    this.ending.abort();
    for (const follower of this.followers) follower.close();
    await Promise.all([...Object.values(this.processes), this.other].map(async (role) => await role.kill()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The names of the metrics that have a value, without those of prom-client. */
export function namesOf(page: string): string[] {
  const types = new Map([...page.matchAll(/^# TYPE (polyak_\w+) (\w+)$/gm)].map(([, name, type]) => [name!, type!]));
  const sampled = new Set([...page.matchAll(/^(polyak_\w+)\{/gm)].map(([, name]) => name!));
  return [...types].flatMap(([name, type]) =>
    sampled.has(type === 'histogram' ? `${name}_count` : name) ? [name] : [],
  );
}
