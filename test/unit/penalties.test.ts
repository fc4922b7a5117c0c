/** L1, L2 and both: two steps by hand, and the penalised loss against finite differences. PyTorch's numbers are in golden/. */
import { beforeAll, describe, expect, it } from 'vitest';
import { vectorKernels } from '../../common/kernels/vector-kernels.js';
import { executeJob } from '../../server/arithmetic/execute-job.js';
import type { PrepareResult } from '../../server/arithmetic/job.js';
import { optimizerNamed } from '../../server/optimizer/optimizer.js';
import { TrainingModel } from '../../worker/model/training-model.js';
import { configureTensorFlow, loadTensorFlow, type TF } from '../../worker/tensorflow/load.js';
import { worstOfLoss } from './finite-differences.js';
import { atPoints, RandomPoints } from './random-points.js';

const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
const kernels = vectorKernels(memory);
const [weights, gradient] = [1024, 8192];
const floats = (pointer: number, count: number) => new Float32Array(memory.buffer, pointer, count);

interface Penalty {
  l1: number;
  l2: number;
}

/** A weight after steps of sgd at a rate of 0.1, whose gradient is 1 each time: the sum over two samples is 2. */
function stepped(from: number, penalty: Penalty, steps: number) {
  floats(weights, 1)[0] = from;
  const seen = { weights: [] as number[], penalties: [] as number[] };
  for (let step = 1; step <= steps; step += 1) {
    floats(gradient, 1)[0] = 2;
    const segments = [{ start: 0, length: 1, ...penalty, rateMultiplier: 1, frozen: false }];
    const coefficients = optimizerNamed('sgd').coefficients({}, step, 0.1);
    const result = executeJob(kernels, {
      kind: 'update',
      prepare: { gradient, weights, segments, reciprocal: 0.5 },
      apply: { optimizer: 'sgd', coefficients, segments, weights, gradient, slots: [] },
    }) as PrepareResult;
    seen.weights.push(floats(weights, 1)[0]!);
    seen.penalties.push(0.5 * penalty.l2 * result.weightSquares[0]! + penalty.l1 * result.weightAbsolutes[0]!);
  }
  return seen;
}

const near = (values: number[]) => values.map((value) => expect.closeTo(value, 6) as number);

describe('two steps by hand', () => {
  it('of L2 pull by a part of the weight', () => {
    // g = 1 + 0.5 * 1 = 1.5, w = 0.85; g = 1 + 0.5 * 0.85 = 1.425, w = 0.7075.
    // The loss has 0.5 / 2 * 1 = 0.25 more, then 0.25 * 0.85² = 0.180625.
    const { weights: found, penalties } = stepped(1, { l1: 0, l2: 0.5 }, 2);
    expect([found, penalties]).toEqual([near([0.85, 0.7075]), near([0.25, 0.180625])]);
  });

  it('of L1 pull by the same whatever the weight, towards 0 from either side', () => {
    // g = 1.25, w = 0.875; g = 1.25, w = 0.75. 0.25 * 1, 0.25 * 0.875.
    const above = stepped(1, { l1: 0.25, l2: 0 }, 2);
    expect([above.weights, above.penalties]).toEqual([near([0.875, 0.75]), near([0.25, 0.21875])]);
    // g = 1.25, w = 0.1 - 0.125 = -0.025; g = 1 - 0.25, w = -0.1.
    const across = stepped(0.1, { l1: 0.25, l2: 0 }, 2);
    expect([across.weights, across.penalties]).toEqual([near([-0.025, -0.1]), near([0.025, 0.00625])]);
  });

  it('of both pull by both', () => {
    // g = 1 + 0.5 + 0.25 = 1.75, w = 0.825; g = 1 + 0.4125 + 0.25 = 1.6625, w = 0.65875.
    // 0.25 + 0.25; 0.25 * 0.825² + 0.25 * 0.825 = 0.17015625 + 0.20625.
    const { weights: found, penalties } = stepped(1, { l1: 0.25, l2: 0.5 }, 2);
    expect([found, penalties]).toEqual([near([0.825, 0.65875]), near([0.5, 0.37640625])]);
  });
});

describe(`the penalised gradient is that of finite differences of the penalised loss ${atPoints}`, () => {
  let tf: TF;
  beforeAll(async () => {
    configureTensorFlow({ backend: 'tensorflow', threads: 1 });
    tf = await loadTensorFlow('tensorflow');
  });

  it.each([
    ['L1', { l1: 0.3, l2: 0 }],
    ['L2', { l1: 0, l2: 0.4 }],
    ['both', { l1: 0.2, l2: 0.3 }],
  ])('for %s', async (_, regularise) => {
    const layers = [{ dense: { units: 4, activation: 'tanh' } }, { dense: { units: 3 } }];
    const experiment = { model: layers, loss: 'softmaxCrossEntropy', regularise };
    const model = await TrainingModel.build(tf, experiment, { inputShape: [5], outputs: 3 });
    const { parameters: tensors, parameterCount: n } = model.manifest;
    const points = new RandomPoints(0);
    const count = 6;
    const labels = Int32Array.from({ length: count }, () => points.integer(3));
    const batch = { inputs: points.values(count * 5), labels, count };
    // None is so near to 0 that a step of the differences crosses it, where L1 has its kink.
    const parameters = points.values(n, { kinks: [0, -0.05, 0.05] });
    const segments = tensors.map(({ offset, length, l1 = 0, l2 }) => ({ start: offset, length, l1, l2 }));
    expect(segments.map(({ l1, l2 }) => ({ l1, l2 }))).toEqual([regularise, none, regularise, none]);

    /** As a worker and a server compute it together. */
    const computed = (moved: Float32Array) => {
      const out = { parameters: new Float32Array(n), statistics: new Float32Array(0) };
      model.setWeights(moved, out.statistics);
      const { lossSum } = model.gradient(batch, { seed: 1, step: 0, microBatch: 0 }, out);
      floats(weights, n).set(moved);
      floats(gradient, n).set(out.parameters);
      const job = { kind: 'prepare', gradient, weights, segments, reciprocal: Math.fround(1 / count) } as const;
      const result = executeJob(kernels, job) as PrepareResult;
      const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
      const { l1, l2 } = regularise;
      const penalty = 0.5 * l2 * total(result.weightSquares) + l1 * total(result.weightAbsolutes);
      return { loss: lossSum / count + penalty, gradient: floats(gradient, n).slice() };
    };
    const point = { lossAt: (at: Float32Array) => computed(at).loss, parameters, ...computed(parameters) };
    expect(worstOfLoss(point, tensors, (length) => points.places(length, 6))).toBeLessThan(1e-3);
    model.dispose();
  });
});

const none: Penalty = { l1: 0, l2: 0 };
