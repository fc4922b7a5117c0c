/** A rate that the lead reduces on a plateau: decided once, told to all shards, and in the checkpoint. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { ClusterRun, type RunEvent } from './cluster-run.js';

const file = join(packageRoot(), 'examples/wine.yaml');
const plateau = '{ factor: 0.5, patience: 0, threshold: 0.1, cooldown: 1 }';
const changes = [
  `optimizer={ adam: { learningRate: 1e-2, schedule: { reduceOnPlateau: ${plateau} } } }`,
  ...['train.epochs=14', 'checkpoint.every=0.2', 'chunkFloats=100', 'train.microBatchSize=32'],
].flatMap((change) => ['--set', change]);

function start(workers: number, shards: number): ClusterRun {
  return ClusterRun.train(file, ['--workers', String(workers), '--shards', String(shards), ...changes]);
}

/** Of each epoch, once, though one may be repeated. */
function rates(events: readonly RunEvent[]): number[] {
  const epochs = events.filter(({ event }) => event === 'epoch');
  return [...new Map(epochs.map(({ epoch, learningRate }) => [Number(epoch), Number(learningRate)])).values()];
}

it('is the same on 1 worker and 1 shard as on 2 and 2 of which all are killed on the way', async () => {
  const alone = start(1, 1);
  const cut = start(2, 2);
  try {
    const reference = await alone.finished();
    expect(new Set(rates(alone.events)).size).toBeGreaterThan(3);
    await cut.event(({ event, learningRate }) => event === 'epoch' && learningRate === 0.0025);
    cut.process.kill('SIGKILL');
    await cut.exitCode();
    const resumed = cut.resume(['--workers', '1', '--shards', '2']);
    const result = await resumed.finished();
    expect(result['weightsSha256']).toBe(reference['weightsSha256']);
    expect(rates(resumed.events).at(-1)).toBe(rates(alone.events).at(-1));
  } finally {
    alone.remove();
    cut.remove();
  }
});
