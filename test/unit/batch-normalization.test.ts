/** Batch normalisation: two steps by hand, with its running statistics, and its gradients. PyTorch's numbers are in golden/. */
import type { Tensor } from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vectorKernels } from '../../common/kernels/vector-kernels.js';
import { executeJob } from '../../server/arithmetic/execute-job.js';
import { normalizeBatch } from '../../worker/layers/batch-normalization.js';
import { ourLayers, type ContextLayer } from '../../worker/layers/our-layers.js';
import { TrainingContext } from '../../worker/layers/training-context.js';
import { configureTensorFlow, loadTensorFlow, type TF } from '../../worker/tensorflow/load.js';
import { worstOfDifferences } from './finite-differences.js';
import { atPoints, RandomPoints } from './random-points.js';

let tf: TF;
const context = new TrainingContext();
beforeAll(async () => {
  configureTensorFlow({ backend: 'tensorflow', threads: 1 });
  tf = await loadTensorFlow('tensorflow');
});
afterAll(() => context.release());

const applied = (layer: ContextLayer, x: Tensor) => layer.apply(x) as Tensor;

/** Of one channel, with gamma 2 and beta 1. */
function attached(running: { mean: number; variance: number }): ContextLayer {
  const layer = new (ourLayers(tf).BatchNormalization)({ epsilon: 0 }) as ContextLayer;
  layer.attach(context, 0);
  layer.build([null, 1]);
  const one = (value: number) => tf.tensor1d([value]);
  layer.setWeights([one(2), one(1), one(running.mean), one(running.variance)]);
  return layer;
}

/** What the layer puts out while training, and what it reports of the batch. */
function trained(layer: ContextLayer, x: Tensor): { y: number[]; mean: number; variance: number } {
  let reported = { mean: Number.NaN, variance: Number.NaN };
  context.draws = { seed: 1, step: 0, microBatch: 0 };
  context.onStatistics = (_, [mean = NaN], [variance = NaN]) => (reported = { mean, variance });
  try {
    return { y: [...applied(layer, x).dataSync<'float32'>()], ...reported };
  } finally {
    context.draws = undefined;
    context.onStatistics = undefined;
  }
}

/** As the server moves them. */
function moved(running: { mean: number; variance: number }, batch: { mean: number; variance: number }, count: number) {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const floats = (at: number) => new Float32Array(memory.buffer, at, 2);
  floats(1024).set([running.mean, running.variance]);
  // A leaf emits them times its samples.
  floats(2048).set([count * batch.mean, count * batch.variance]);
  executeJob(vectorKernels(memory), {
    ...{ kind: 'runningStatistics', running: 1024, sum: 2048, reciprocal: Math.fround(1 / count) },
    segments: [{ start: 0, length: 2, momentum: 0.9 }],
  });
  const [mean = NaN, variance = NaN] = floats(1024);
  return { mean, variance };
}

const near = (values: number[]) => values.map((value) => expect.closeTo(value, 6) as number);

describe('batch normalisation by hand', () => {
  // gamma 2, beta 1, no epsilon; momentum 0.9; the running mean begins at 0, the variance at 1.
  // Step 1: x = (1, 3). Mean 2, variance (1 + 1) / 2 = 1, so y = 1 + 2 (-1, 1) = (-1, 3).
  //   Unbiased variance (1 + 1) / 1 = 2. Running: 0.9 * 0 + 0.1 * 2 = 0.2 and 0.9 * 1 + 0.1 * 2 = 1.1.
  // Step 2: x = (0, 3, 6). Mean 3, variance (9 + 0 + 9) / 3 = 6, so y = 1 + 2 (-3, 0, 3) / √6 = 1 ± √6 and 1.
  //   Unbiased variance 18 / 2 = 9. Running: 0.9 * 0.2 + 0.1 * 3 = 0.48 and 0.9 * 1.1 + 0.1 * 9 = 1.89.
  it('two steps normalise by the batch, and move the running statistics by its unbiased variance', () => {
    const layer = attached({ mean: 0, variance: 1 });
    const first = trained(layer, tf.tensor2d([[1], [3]]));
    expect(first).toEqual({ y: near([-1, 3]), mean: 2, variance: expect.closeTo(2, 6) as number });
    const afterOne = moved({ mean: 0, variance: 1 }, first, 2);
    expect([afterOne.mean, afterOne.variance]).toEqual(near([0.2, 1.1]));

    const second = trained(layer, tf.tensor2d([[0], [3], [6]]));
    expect(second.y).toEqual(near([1 - Math.sqrt(6), 1, 1 + Math.sqrt(6)]));
    expect([second.mean, second.variance]).toEqual(near([3, 9]));
    const afterTwo = moved(afterOne, second, 3);
    expect([afterTwo.mean, afterTwo.variance]).toEqual(near([0.48, 1.89]));
  });

  // Evaluation after the second step, of x = 2 alone: y = 1 + 2 (2 - 0.48) / √1.89.
  it('evaluation is by the running statistics, whatever else is in the batch; so is a frozen layer in training', () => {
    const layer = attached({ mean: 0.48, variance: 1.89 });
    const y = 1 + (2 * (2 - 0.48)) / Math.sqrt(1.89);
    expect(applied(layer, tf.tensor2d([[2]])).dataSync()[0]).toBeCloseTo(y, 5);
    expect(applied(layer, tf.tensor2d([[2], [500]])).dataSync()[0]).toBeCloseTo(y, 5);
    layer.trainable = false;
    const frozen = trained(layer, tf.tensor2d([[2], [500]]));
    expect(frozen.y[0]).toBeCloseTo(y, 5);
    // Nothing is reported, so nothing moves.
    expect(frozen.mean).toBeNaN();
  });
});

describe(`batch normalisation has the gradient of finite differences ${atPoints}`, () => {
  const epsilon = 1e-3;
  it.each([
    ['vectors', [9, 4]],
    ['sequences', [3, 4, 3]],
    ['images', [2, 3, 4, 3]],
  ])('of %s, by input, gamma and beta', (_, shape) => {
    const points = new RandomPoints(shape.length);
    const channels = [shape.at(-1)!];
    const inputs = [points.tensor(tf, shape), points.tensor(tf, channels), points.tensor(tf, channels)];
    const f = (x: Tensor, gamma: Tensor, beta: Tensor) => normalizeBatch(tf, x, gamma, beta, epsilon, () => undefined);
    expect(worstOfDifferences(tf, f, inputs)).toBeLessThan(1e-3);
  });

  it('of a frozen layer, by its input', () => {
    const points = new RandomPoints(5);
    const layer = attached({ mean: 0.3, variance: 0.7 });
    layer.trainable = false;
    context.draws = { seed: 1, step: 0, microBatch: 0 };
    const f = (x: Tensor) => tf.tanh(applied(layer, x));
    expect(worstOfDifferences(tf, f, [points.tensor(tf, [6, 1], { from: -0.5, to: 0.5 })])).toBeLessThan(1e-3);
    context.draws = undefined;
  });
});
