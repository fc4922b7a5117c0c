/** kill -9 of random processes of a cluster, by a seed, until it is told to end. */
import { setTimeout as delay } from 'node:timers/promises';
import type { RoleName } from '../../cli/child-role.js';
import { CounterRandom, Purpose } from '../../common/random.js';
import type { SweepCluster } from './sweep-cluster.js';

export interface KillOptions {
  seed: number;
  workers: number;
  shards: number;
  /** Milliseconds between two kills, at least and at most. */
  between: readonly [number, number];
  until: AbortSignal;
  onKill?: (what: string) => void;
}

/** Workers die most often: there are most of them. */
const roles: readonly RoleName[] = ['worker', 'worker', 'server', 'coordinator'];

export async function killRandomly(cluster: SweepCluster, options: KillOptions): Promise<void> {
  const { seed, workers, shards, between, until, onKill } = options;
  const counts = { worker: workers, server: shards, coordinator: 1 };
  for (let kill = 0; ; kill++) {
    const random = new CounterRandom(seed, Purpose.test, kill);
    const [least, most] = between;
    await delay(least + random.integer(most - least + 1), undefined, { signal: until }).catch(() => undefined);
    if (until.aborted) return;
    const role = roles[random.integer(roles.length)]!;
    const index = random.integer(counts[role]);
    const pid = await cluster.kill(role, index);
    onKill?.(`kill ${kill}: ${role} ${index}, pid ${pid}`);
  }
}
