/** Max-norm over real servers: no unit's weights are longer than the limit, and the bits do not depend on the shards. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Manifest } from '../../common/manifest.js';
import { packageRoot } from '../../common/package-root.js';
import { readNewestWeights } from '../../server/checkpoint/newest-weights.js';
import { ClusterRun } from './cluster-run.js';

const file = join(packageRoot(), 'examples/invariance.yaml');
const limits = { 'conv2d_1/kernel': 0.5, 'dense_1/kernel': 1.3 };
const changes = [
  // The first kernel lies in one chunk with others, the second in nine.
  `model.0={ conv2d: { filters: 8, kernelSize: 3, padding: same, useBias: false, maxNorm: ${limits['conv2d_1/kernel']} } }`,
  `model.6={ dense: { units: 32, activation: relu, kernelInitializer: heNormal, maxNorm: ${limits['dense_1/kernel']} } }`,
].flatMap((change) => ['--set', change]);

it.each([
  ['with a clipped norm, which is waited for too', []],
  ['alone', ['--set', 'clip=null']],
])('%s', async (_, more) => {
  const layout = (workers: number, shards: number) => ['--workers', String(workers), '--shards', String(shards)];
  const hashes: unknown[] = [];
  for (const cluster of [layout(1, 1), layout(2, 3)]) {
    const run = ClusterRun.train(file, ['--steps', '12', ...cluster, ...changes, ...more]);
    try {
      hashes.push([(await run.finished())['weightsSha256'], (await run.finished())['averageSha256']]);
      if (hashes.length > 1) continue;
      const { manifest, vector } = await readNewestWeights(join(run.folder, 'checkpoints'), 'last');
      for (const { name, norms } of normsOf(manifest, vector)) {
        const limit = limits[name as keyof typeof limits];
        expect(Math.max(...norms)).toBeLessThan(limit * (1 + 1e-6));
        // Some would be longer without it.
        expect(Math.max(...norms)).toBeGreaterThan(limit * (1 - 1e-6));
      }
    } finally {
      run.remove();
    }
  }
  expect(hashes[1]).toEqual(hashes[0]);
});

function normsOf({ parameters }: Manifest, weights: Float32Array) {
  return parameters
    .filter(({ maxNorm }) => maxNorm !== undefined)
    .map(({ name, offset, length, shape }) => {
      const squares = Array.from({ length: shape.at(-1)! }, () => 0);
      for (let i = 0; i < length; i++) squares[i % squares.length]! += weights[offset + i]! ** 2;
      return { name, norms: squares.map(Math.sqrt) };
    });
}
