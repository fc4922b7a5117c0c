/** What attending processes cost a coordinator that has nothing else to do: 200 streams, each with a heartbeat a second. */
import { setTimeout as delay } from 'node:timers/promises';
import { Peer } from './measure.js';
import { SearchCoordinator } from './search-coordinator.js';

export const streams = 200;
export const seconds = 60;

/** Share of one core, from 0; at most 0.1 is the goal. */
export async function benchmarkCoordinatorStreams(): Promise<number> {
  const coordinator = await SearchCoordinator.start();
  const peer = Peer.ours('attending-process', [coordinator.address, String(streams)]);
  await peer.read();
  await delay(5000);
  const before = coordinator.cpuSeconds();
  const startedAt = performance.now();
  await delay(seconds * 1000);
  const share = (coordinator.cpuSeconds() - before) / ((performance.now() - startedAt) / 1000);
  await peer.close();
  await coordinator.close();
  return share;
}
