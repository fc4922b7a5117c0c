/** Sums on a worker whose compute thread is behind. */
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { vectorKernels } from '../../common/kernels/vector-kernels.js';
import { withResolvers } from '../../common/with-resolvers.js';
import type { Lease__Output } from '../../proto/gen/polyak/v1/Lease.js';
import { ActivityClock } from '../../worker/activity.js';
import type { ComputeCalls } from '../../worker/compute-message.js';
import { HeldLease } from '../../worker/lease.js';
import { TrialWork, type WorkOptions } from '../../worker/lease-work.js';
import { TrialMemory } from '../../worker/trial-memory.js';

const floats = 4;

/** Each leaf's statistics are its own number. The compute thread adds when it is told to. */
function statisticsOnly() {
  const memory = new TrialMemory({ weights: 1, preprocess: floats, leavesMax: 8 });
  const behind: (() => void)[] = [];
  const compute = {
    run: async (name: string, { left, right }: ComputeCalls['add']) => {
      if (name !== 'add') throw new Error(`nobody asks for ${name} here`);
      const { promise, resolve } = withResolvers<void>();
      behind.push(() => {
        vectorKernels(memory.memory).add(left, left, right, floats);
        resolve();
      });
      await promise;
    },
  };
  const work = new TrialWork({
    trial: 'a trial',
    prepared: {
      ...{ memory, compute, chunks: [], manifest: { parameters: [], statistics: [], parameterCount: 1 } },
      ...{ statisticsFloats: floats, preprocessFloats: floats, experiment: { chunkFloats: floats } },
      batches: { statistics: (leaf: number) => ({ sum: new Float32Array(floats).fill(leaf), samples: 1 }) },
    } as unknown as WorkOptions['prepared'],
    activity: new ActivityClock().open(),
    metrics: { images: { inc: () => undefined } } as unknown as WorkOptions['metrics'],
    ...{ send: () => undefined, renew: () => undefined, log: pino({ enabled: false }) },
  });
  const lease = new HeldLease({ kind: 'STATISTICS', firstLeaf: 0, endLeaf: 8 } as Lease__Output);
  const leaf = async (number: number) => await work.compute(lease, number, undefined);
  const catchUp = () => behind.splice(0).forEach((add) => add());
  const floatsOf = ({ node = 0 }) => [...memory.floats(node, floats)];
  return { work, memory, leaf, catchUp, floatsOf };
}

it('a sum that is given up while it is still to be made does not spoil the next one', async () => {
  const { work, memory, leaf, catchUp, floatsOf } = statisticsOnly();
  const { freeNodes } = memory;
  work.discard(work.add(await leaf(1), await leaf(2)));
  const next = await leaf(5);
  catchUp();
  expect(floatsOf(next)).toEqual([5, 5, 5, 5]);
  work.discard(next);
  await expect.poll(() => memory.freeNodes).toBe(freeNodes);
});
