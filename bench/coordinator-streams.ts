/**
 * What attending processes cost a coordinator that has nothing else to do: 200 streams, each on a connection of its own under
 * mutual TLS, with a heartbeat a second.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { TestAuthority } from '../test/certificates.js';
import { Peer } from './measure.js';
import { SearchCoordinator } from './search-coordinator.js';

export const streams = 200;
export const seconds = 60;

/** Share of one core, from 0; at most 0.1 is the goal. */
export async function benchmarkCoordinatorStreams(): Promise<number> {
  const authority = TestAuthority.make();
  try {
    const tls = { own: authority.issue(['coordinator']), client: authority.issue(['reader']) };
    const coordinator = await SearchCoordinator.start(tls);
    const worker = JSON.stringify(authority.issue(['worker']));
    const peer = Peer.ours('attending-process', [coordinator.address, String(streams), worker]);
    await peer.read();
    const { workers } = await coordinator.cluster.status();
    if (workers.length !== streams) throw new Error(`${workers.length} of ${streams} attend`);
    await delay(5000);
    const before = coordinator.cpuSeconds();
    const startedAt = performance.now();
    await delay(seconds * 1000);
    const share = (coordinator.cpuSeconds() - before) / ((performance.now() - startedAt) / 1000);
    await peer.close();
    await coordinator.close();
    return share;
  } finally {
    authority.remove();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(JSON.stringify({ share: await benchmarkCoordinatorStreams() }));
}
