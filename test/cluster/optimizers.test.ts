/** Every optimizer keeps the promise of test/cluster/invariance.test.ts: its slots are cut and kept like the weights. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { optimizers } from '../../server/optimizer/optimizer.js';
import { packageRoot } from '../../common/package-root.js';
import { ClusterRun, type RunEvent } from './cluster-run.js';

const file = join(packageRoot(), 'examples/invariance.yaml');

async function trained(changes: string[], workers: number, shards: number): Promise<RunEvent> {
  const cluster = ['--steps', '12', '--workers', String(workers), '--shards', String(shards)];
  const run = ClusterRun.train(file, [...cluster, ...changes.flatMap((change) => ['--set', change])]);
  try {
    return await run.finished();
  } finally {
    run.remove();
  }
}

describe('the weights after 12 steps are the same for 1 worker and 1 shard as for 2 and 3, by', () => {
  const hashes = new Set<unknown>();

  // One, two and three slots, and what is reduced over tensors; the campaign takes all, for each is two clusters.
  const few = ['momentum', 'adam', 'amsgrad', 'lamb'];
  const names = process.env['POLYAK_TEST_KILLS'] === undefined ? few : Object.keys(optimizers);
  const methods = names.map((name) => [
    `optimizer={ ${name}: { learningRate: 1e-2 } }`,
    // Trust ratios and a clipped norm both need the whole vector first.
    ...(name === 'lamb' ? ['clip=null'] : []),
  ]);
  const more = [
    ['regularise={ l1: 1e-3, l2: 1e-3 }', 'loss={ softmaxCrossEntropy: { labelSmoothing: 0.1 } }'],
    [
      'model.1={ groupNormalization: { groups: 4 } }',
      'model.2=prelu',
      'model.5={ spatialDropout1d: { keep: 0.8 } }',
      'model.4={ reshape: { targetShape: [16, 8] } }',
      'model.6=flatten',
      'model.7={ layerNormalization: {} }',
      'model.8={ dense: { units: 20 } }',
      'model.9={ maxout: { pieces: 2 } }',
    ],
  ];

  it.each([...methods, ...more].map((changes) => ({ name: changes.join(', '), changes })))('$name', async (each) => {
    const alone = await trained(each.changes, 1, 1);
    const together = await trained(each.changes, 2, 3);
    expect(together['validation']).toEqual(alone['validation']);
    expect(together['weightsSha256']).toBe(alone['weightsSha256']);
    expect(together['averageSha256']).toBe(alone['averageSha256']);
    expect(hashes.has(alone['weightsSha256'])).toBe(false);
    hashes.add(alone['weightsSha256']);
  });
});
