/** Penalties and max-norm over 50 steps against PyTorch's; regularisation.py made the numbers. The server's own jobs do the steps. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { unitFactors } from '../../common/kernels/unit-norms.js';
import { vectorKernels } from '../../common/kernels/vector-kernels.js';
import { executeJob } from '../../server/arithmetic/execute-job.js';
import { optimizerNamed, type OptimizerOptions } from '../../server/optimizer/optimizer.js';
import { TrainingModel } from '../../worker/model/training-model.js';
import { configureTensorFlow, loadTensorFlow, type TF } from '../../worker/tensorflow/load.js';
import { worstDifference } from '../unit/golden-layers.js';

interface Golden {
  rate: number;
  inputs: number[];
  targets: number[];
  initial: Record<string, { shape: number[]; values: number[] }>;
  penalties: Record<
    string,
    { l1: number; l2: number; steps: Record<string, { error: number; loss: number; weights: number[] }> }
  >;
  maxNorm: {
    shape: [number, number];
    limit: number;
    optimizers: Record<
      string,
      {
        options: OptimizerOptions & { learningRate: number };
        steps: Record<string, { weights: number[]; limited: number }>;
      }
    >;
  };
}

const golden = JSON.parse(readFileSync(new URL('regularisation.json', import.meta.url), 'utf8')) as Golden;
const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
const kernels = vectorKernels(memory);
const [weights, gradient] = [1024, 2048];
const slots = [3072, 4096, 5120];
const floats = (pointer: number, count: number) => new Float32Array(memory.buffer, pointer, count);

describe('a penalty', () => {
  let tf: TF;
  beforeAll(async () => {
    configureTensorFlow({ backend: 'tensorflow', threads: 1 });
    tf = await loadTensorFlow('tensorflow');
  });

  it.each(Object.entries(golden.penalties))(
    'of %s: weights and loss agree with PyTorch over 50 steps',
    async (_, given) => {
      const { l1, l2, steps } = given;
      const model = await TrainingModel.build(
        tf,
        {
          model: [{ dense: { name: 'first', units: 4, activation: 'tanh' } }, { dense: { name: 'second', units: 1 } }],
          loss: 'meanSquaredError',
          regularise: { l1, l2 },
        },
        { inputShape: [3], outputs: 1 },
      );
      const { parameters, parameterCount: n } = model.manifest;
      expect(parameters.map(({ name }) => name)).toEqual(Object.keys(golden.initial));
      floats(weights, n).set(Object.values(golden.initial).flatMap(({ values }) => values));
      const count = golden.targets.length;
      const batch = { inputs: Float32Array.from(golden.inputs), labels: Float32Array.from(golden.targets), count };
      const segments = parameters.map(({ offset: start, length, l1: lasso = 0, l2: ridge, frozen, rateMultiplier }) => {
        return { start, length, l1: lasso, l2: ridge, frozen, rateMultiplier };
      });
      const out = { parameters: new Float32Array(n), statistics: new Float32Array(0) };
      const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
      for (let step = 1; step <= 50; step += 1) {
        model.setWeights(floats(weights, n).slice(), out.statistics);
        const { lossSum } = model.gradient(batch, { seed: 1, step, microBatch: 0 }, out);
        floats(gradient, n).set(out.parameters);
        const coefficients = optimizerNamed('sgd').coefficients({}, step, golden.rate);
        const { weightAbsolutes, weightSquares } = executeJob(kernels, {
          kind: 'update',
          prepare: { gradient, weights, segments, reciprocal: Math.fround(1 / count) },
          apply: { optimizer: 'sgd', coefficients, segments, weights, gradient, slots: [] },
        }) as { weightAbsolutes: number[]; weightSquares: number[] };
        const expected = steps[step];
        if (!expected) continue;
        expect(lossSum / count).toBeCloseTo(expected.error, 5);
        // As the lead adds it to what it reports.
        const loss = lossSum / count + 0.5 * l2 * total(weightSquares) + l1 * total(weightAbsolutes);
        expect(Math.abs(loss - expected.loss)).toBeLessThan(3e-6 * expected.loss);
        expect(worstDifference(floats(weights, n), expected.weights)).toBeLessThan(3e-6);
      }
      model.dispose();
    },
  );
});

describe('max-norm', () => {
  it.each(Object.entries(golden.maxNorm.optimizers))(
    'after each step of %s: weights agree with torch.renorm over 50 steps',
    (name, { options, steps }) => {
      const { shape, limit } = golden.maxNorm;
      const [inputs, units] = shape;
      const n = inputs * units;
      floats(weights, n).forEach((_, i, values) => (values[i] = (i % 7) / 8 - 0.25));
      for (const slot of slots) floats(slot, n).fill(0);
      for (let step = 1; step <= 50; step += 1) {
        floats(gradient, n).forEach((_, i, values) => {
          values[i] = ((((step * 7919 + i * 104_729) % 1021) - 480) / 256) * 2 ** -(i % 12);
        });
        const coefficients = optimizerNamed(name).coefficients(options, step, options.learningRate);
        const whole = { start: 0, length: n };
        const segments = [{ ...whole, rateMultiplier: 1, frozen: false }];
        executeJob(kernels, { kind: 'apply', optimizer: name, coefficients, segments, weights, gradient, slots });
        const placed = { ...whole, tensorStart: 0 };
        const [squares = []] = executeJob(kernels, {
          ...{ kind: 'unitSquares', weights },
          segments: [{ ...placed, units }],
        }) as number[][];
        const factors = unitFactors(squares, limit);
        executeJob(kernels, { kind: 'scaleUnits', weights, n, segments: [{ ...placed, factors }] });
        const expected = steps[step];
        if (!expected) continue;
        expect(factors.filter((factor) => factor < 1)).toHaveLength(expected.limited);
        expect(worstDifference(floats(weights, n), expected.weights)).toBeLessThan(2e-6);
      }
    },
  );
});
