/** The promise "every sample counts once per epoch": counted on the committed history of a run whose workers come and go. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { TrainingPlan } from '../../common/plan.js';
import type { AuditLine } from '../../server/lead/audit-log.js';
import { sampleIdsOf } from '../../worker/data/epoch-order.js';
import { ClusterRun } from './cluster-run.js';

const file = join(packageRoot(), 'examples/invariance.yaml');
const seed = 7;
const trainCount = 1797 - 100 - 200;
const plan = new TrainingPlan({ trainCount, batchSize: 56, microBatchSize: 8 });

/** Of each step the line of the highest incarnation: a step of an earlier one was rolled back and taken again. */
function committed(lines: AuditLine[]): AuditLine[] {
  const steps = new Map<number, AuditLine>();
  for (const line of lines) {
    const before = steps.get(line.step);
    if (!before || before.incarnation < line.incarnation) steps.set(line.step, line);
    else throw new Error(`step ${line.step} was taken twice in incarnation ${line.incarnation}`);
  }
  return [...steps.values()];
}

describe('over two epochs in which workers and a shard are killed', () => {
  it('each sample of the training split is in the committed steps exactly once per epoch', async () => {
    const epochs = 2;
    const args = ['--workers', '2', '--shards', '2', '--epochs', String(epochs), '--set', 'checkpoint.every=0.5'];
    const run = ClusterRun.train(file, args, { POLYAK_AUDIT: '1' });
    try {
      for (const [step, role, index] of [
        [6, 'worker', 0],
        [14, 'worker', 1],
        [22, 'server', 0],
        [30, 'worker', 0],
        [36, 'server', 1],
      ] as const) {
        await run.step(step);
        run.kill(role, index);
        await run.event(({ kind, message }) => kind === 'restart' && String(message).startsWith(`${role}-${index}`));
      }
      await run.finished();
      const text = readFileSync(join(run.folder, 'checkpoints/audit.jsonl'), 'utf8');
      const lines = text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as AuditLine);
      const history = committed(lines);
      expect(history.length).toBe(epochs * plan.stepsPerEpoch);
      expect(new Set(lines.map(({ incarnation }) => incarnation)).size).toBeGreaterThan(1);
      expect(new Set(lines.flatMap(({ tiles }) => tiles.map(({ worker }) => worker))).size).toBeGreaterThan(2);

      const counts = Array.from({ length: epochs }, () => new Uint32Array(trainCount));
      for (const { step, tiles } of history) {
        for (const { firstLeaf, leaves, samples } of tiles) {
          let ids = 0;
          for (let leaf = firstLeaf; leaf < firstLeaf + leaves; leaf++) {
            const { epoch, from, to } = plan.leaf(step, leaf);
            for (const id of sampleIdsOf(seed, epoch, trainCount, from, to)) counts[epoch]![id]! += 1;
            ids += to - from;
          }
          // What the worker says that it added up.
          expect(samples).toBe(ids);
        }
      }
      for (const count of counts) expect(count.every((times) => times === 1)).toBe(true);
    } finally {
      run.remove();
    }
  });
});
