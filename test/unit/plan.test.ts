/** The plan of steps and leaves: an uneven epoch by hand, then that every sample counts once per epoch. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TrainingPlan, passLeaf, passLeaves } from '../../common/plan.js';
import { sampleIdsOf } from '../../worker/data/epoch-order.js';

/*
 * 11 samples in batches of 4, micro-batches of 2: steps of 4, 4 and 3 samples. The last has two leaves, one of a single
 * sample.
 */
const uneven = new TrainingPlan({ trainCount: 11, batchSize: 4, microBatchSize: 2 });

describe('the plan of a run', () => {
  it('the last batch of an epoch has what is left', () => {
    expect(uneven.stepsPerEpoch).toBe(3);
    expect(uneven.step(0)).toEqual({ epoch: 0, from: 0, to: 4, samples: 4, leaves: 2 });
    expect(uneven.step(2)).toEqual({ epoch: 0, from: 8, to: 11, samples: 3, leaves: 2 });
    expect(uneven.leaf(2, 0)).toEqual({ epoch: 0, from: 8, to: 10 });
    expect(uneven.leaf(2, 1)).toEqual({ epoch: 0, from: 10, to: 11 });
  });

  it('the next epoch begins at its first position again', () => {
    expect(uneven.step(3)).toEqual({ epoch: 1, from: 0, to: 4, samples: 4, leaves: 2 });
    expect(uneven.leaf(4, 1)).toEqual({ epoch: 1, from: 6, to: 8 });
  });

  it('a batch larger than the data is all of it', () => {
    const plan = new TrainingPlan({ trainCount: 3, batchSize: 8, microBatchSize: 4 });
    expect(plan.stepsPerEpoch).toBe(1);
    expect(plan.step(7)).toEqual({ epoch: 7, from: 0, to: 3, samples: 3, leaves: 1 });
  });

  it('every sample is in exactly one leaf of every epoch', () => {
    const options = fc
      .record({
        trainCount: fc.integer({ min: 1, max: 200 }),
        microBatchSize: fc.integer({ min: 1, max: 9 }),
        leaves: fc.integer({ min: 1, max: 9 }),
        epoch: fc.nat(5),
        seed: fc.maxSafeNat(),
      })
      .map(({ leaves, ...rest }) => ({ ...rest, batchSize: rest.microBatchSize * leaves }));
    fc.assert(
      fc.property(options, ({ seed, epoch, ...planOptions }) => {
        const { trainCount } = planOptions;
        const plan = new TrainingPlan(planOptions);
        const seen: number[] = [];
        for (let index = 0; index < plan.stepsPerEpoch; index++) {
          const step = epoch * plan.stepsPerEpoch + index;
          for (let leaf = 0; leaf < plan.step(step).leaves; leaf++) {
            const { epoch: itsEpoch, from, to } = plan.leaf(step, leaf);
            expect(itsEpoch).toBe(epoch);
            expect(to).toBeGreaterThan(from);
            seen.push(...sampleIdsOf(seed, itsEpoch, trainCount, from, to));
          }
        }
        expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: trainCount }, (_, id) => id));
      }),
      { numRuns: 300 },
    );
  });

  it('a pass over a split covers it once, with a short last leaf', () => {
    expect(passLeaves(10, 4)).toBe(3);
    expect([0, 1, 2].map((leaf) => passLeaf(10, 4, leaf))).toEqual([
      { from: 0, to: 4 },
      { from: 4, to: 8 },
      { from: 8, to: 10 },
    ]);
    expect(passLeaves(0, 4)).toBe(0);
  });
});
