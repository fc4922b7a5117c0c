/**
 * What the cluster costs: a step with one worker (and its server and coordinator) against the same micro-batches'
 * gradients and the same update in one process without any cluster, in turns. The goal is at most 1.1 times.
 */
import { fileURLToPath } from 'node:url';
import { clusterStepMs, convolutional, removeData } from './experiments.js';
import { median, Peer } from './measure.js';

const rounds = 3;
const steps = 60;

export interface OverheadFigures {
  clusterMs: number;
  aloneMs: number;
  /** At most 1.1 is the goal. */
  ratio: number;
}

export async function benchmarkOverhead(): Promise<OverheadFigures> {
  const experiment = convolutional(128, 64);
  const cluster: number[] = [];
  const alone: number[] = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      cluster.push(await clusterStepMs(experiment, 1, steps));
      const peer = Peer.ours('overhead-process', [JSON.stringify(experiment)]);
      await peer.read();
      alone.push((await peer.ask(String(steps))) as number);
      await peer.close();
    }
  } finally {
    removeData(experiment);
  }
  const [clusterMs, aloneMs] = [median(cluster), median(alone)];
  return { clusterMs, aloneMs, ratio: clusterMs / aloneMs };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(JSON.stringify(await benchmarkOverhead()));
}
