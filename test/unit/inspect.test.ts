/** What `polyak inspect` finds in networks that are wrong in one way each, and that it finds nothing in one that is right. */
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { findingsOf, type Finding } from '../../cli/inspect/findings.js';
import { inspectExperiment } from '../../cli/inspect/inspect-experiment.js';
import type { Inspection } from '../../cli/inspect/inspection.js';
import { weightGradient } from '../../cli/inspect/weight-gradients.js';
import { defineExperiment, loadExperiment } from '../../common/experiment/load.js';
import type { Experiment } from '../../common/experiment/schema.js';
import type { ExperimentInput } from '../../common/experiment/typed-experiment.js';
import type { TensorSpec } from '../../common/manifest.js';
import { packageRoot } from '../../common/package-root.js';

const log = pino({ level: 'silent' });

async function inspect(experiment: Experiment, samples?: number): Promise<Inspection & { findings: Finding[] }> {
  const inspection = await inspectExperiment(experiment, { backend: 'cpu', module: undefined, samples, log });
  return { ...inspection, findings: findingsOf(inspection) };
}

const example = (name: string) => join(packageRoot(), `examples/${name}.yaml`);
const normal = (standardDeviation: number) => ({ randomNormal: { standardDeviation } });

/** Three hidden layers on the digits, whose pixels are 0 to 16. */
function digits(hidden: object, changes: Partial<ExperimentInput> = {}): Experiment {
  return defineExperiment({
    name: 'digits',
    seed: 231,
    data: {
      ...{ source: 'csv', path: join(packageRoot(), 'examples/data/digits.csv.gz'), header: false },
      ...{ validation: 150, test: 360 },
    },
    preprocess: [{ subtractMean: 'image' }, { scale: 0.25 }],
    model: [
      { dense: { units: 40, activation: 'tanh', kernelInitializer: 'glorotNormal', ...hidden } },
      { dense: { units: 40, activation: 'tanh', kernelInitializer: 'glorotNormal', ...hidden } },
      { dense: { units: 40, activation: 'tanh', kernelInitializer: 'glorotNormal', ...hidden } },
      { dense: { units: 10, kernelInitializer: normal(0.01) } },
    ],
    loss: 'softmaxCrossEntropy',
    optimizer: { sgd: { learningRate: 0.01 } },
    train: { epochs: 1, batchSize: 64, microBatchSize: 16 },
    ...changes,
  });
}

describe('a network before its first step', () => {
  it('that is right has no findings, and a loss near that of chance', async () => {
    const { findings, loss, samples, layers } = await inspect(digits({}));
    expect(findings).toEqual([]);
    expect(samples).toBe(64);
    expect(loss.chance).toBeCloseTo(Math.log(10), 5);
    expect(Math.abs(loss.data - loss.chance)).toBeLessThan(0.01);
    expect(layers.map(({ name, weights }) => [name, weights?.tensor])).toEqual(
      [1, 2, 3, 4].map((number) => [`dense_${number}`, `dense_${number}/kernel`]),
    );
  });

  it('collapses with small kernels, explodes with large ones, and is saturated where the activation is bounded', async () => {
    const kinds = async (hidden: object) => (await inspect(digits(hidden))).findings.map(({ kind }) => kind);
    expect(await kinds({ kernelInitializer: normal(0.01) })).toEqual(['collapse']);
    expect(await kinds({ kernelInitializer: normal(1) })).toEqual(['saturation']);
    expect(await kinds({ kernelInitializer: normal(1), activation: 'relu' })).toContain('explosion');
  });

  it('has equal units where kernels are not drawn, zero or not', async () => {
    for (const kernelInitializer of ['zeros', { constant: { value: 0.02 } }]) {
      for (const activation of ['tanh', 'relu']) {
        const { findings } = await inspect(digits({ kernelInitializer, activation }));
        const [first] = findings;
        expect(first).toMatchObject({ kind: 'equalUnits', layers: ['dense_1', 'dense_2', 'dense_3'] });
        expect(first?.message).toContain('100 %');
        expect(first?.change).toContain(activation === 'relu' ? 'heNormal' : 'glorotNormal');
      }
    }
  });

  it('has dead units where biases are far below 0', async () => {
    const { findings, layers } = await inspect(
      digits({ activation: 'relu', biasInitializer: { constant: { value: -50 } } }),
    );
    expect(layers[0]?.dead).toBe(1);
    expect(findings[0]).toMatchObject({ kind: 'dead', layers: ['dense_1', 'dense_2', 'dense_3'] });
  });

  it('has gradients of one sign where no input is negative: after sigmoids, and of a single sample that is not centred', async () => {
    const { findings } = await inspect(digits({ activation: 'sigmoid' }));
    const [locked] = findings;
    expect(locked).toMatchObject({ kind: 'oneSign', layers: ['dense_3', 'dense_4'] });
    expect(locked?.change).toContain('in place of sigmoid');
    // A unit's gradient is the sample times one number.
    const raw = await inspect(digits({}, { preprocess: [{ scale: 0.05 }] }), 1);
    expect(raw.input.minimum).toBe(0);
    expect(raw.layers[0]?.weights?.oneSign).toBe(1);
    expect(raw.findings[0]?.change).toContain('centre the inputs');
    const centred = await inspect(digits({}), 1);
    expect(centred.layers[0]?.weights?.oneSign).toBe(0);
  });

  it('loses its gradient on the way back through many sigmoids', async () => {
    const hidden = Array.from({ length: 8 }, () => ({ dense: { units: 30, activation: 'sigmoid' as const } }));
    const { findings } = await inspect(digits({}, { model: [...hidden, { dense: { units: 10 } }] }));
    expect(findings.map(({ kind }) => kind)).toContain('vanishingGradient');
  });

  it('has a loss far from chance where its first outputs are large, or where targets are far from 0', async () => {
    const model: ExperimentInput['model'] = [
      { dense: { units: 40, activation: 'tanh' } },
      { dense: { units: 10, kernelInitializer: normal(3) } },
    ];
    const classes = (await inspect(digits({}, { model }))).findings.find(({ kind }) => kind === 'loss');
    expect(classes?.layers).toEqual(['dense_2']);
    const file = example('diabetes');
    const right = await inspect(await loadExperiment(file));
    expect(right.findings.filter(({ kind }) => kind === 'loss')).toEqual([]);
    const numbers = await inspect(await loadExperiment(file, ['model.2.dense.biasInitializer=zeros']));
    const finding = numbers.findings.find(({ kind }) => kind === 'loss');
    expect(finding?.change).toMatch(/the targets' mean, 1\d\d\.?\d*: biasInitializer/);
    expect(numbers.targetMean?.[0]).toBeGreaterThan(100);
  });

  it('is looked at on as many samples as are asked for, in micro-batches, and on no more than there are', async () => {
    const { samples, layers } = await inspect(digits({}), 50);
    expect(samples).toBe(50);
    expect(layers[0]?.output.count).toBe(50 * 40);
    const all = await inspect(digits({}, { train: { epochs: 1, batchSize: 100, microBatchSize: 100 } }), 1287);
    expect(all.samples).toBe(1287);
    // The mean image is subtracted, so that all pixels of all samples have the mean 0.
    expect(all.input.mean).toBeCloseTo(0, 6);
    await expect(inspect(digits({}), 1288)).rejects.toThrow('--samples 1288: the training split has 1287 samples');
  });

  it('that is frozen in part has no gradient there', async () => {
    const { layers } = await inspect(digits({ trainable: false }));
    expect(layers.map(({ weights }) => weights === null)).toEqual([true, true, true, false]);
    expect(layers[0]?.kernel?.deviation).toBeGreaterThan(0);
  });

  it('of the examples has nothing that is wrong', async () => {
    for (const name of ['digits', 'wine']) {
      expect([name, (await inspect(await loadExperiment(example(name)))).findings]).toEqual([name, []]);
    }
  });
});

describe('the gradient of a kernel', () => {
  const spec = (name: string, shape: number[]): TensorSpec => ({
    ...{ name, shape, offset: 0, length: shape.reduce((product, size) => product * size, 1) },
    ...{ initializer: { name: 'zeros' }, rateMultiplier: 1, l2: 0, frozen: false },
  });
  const shareOf = (values: number[], shape: number[], name = 'a/kernel') =>
    weightGradient('a', [spec(name, shape)], Float32Array.from(values))?.oneSign;

  it('has one sign in a unit whose weights all go one way, apart from those whose input is always 0', () => {
    // Columns are units: + + 0, + - 0, - - -, and one without any gradient, which does not count.
    expect(shareOf([1, 1, -1, 0, 2, -1, -2, 0, 0, 0, -3, 0], [3, 4])).toBe(2 / 3);
    expect(shareOf([0, 0, 0, 0], [2, 2])).toBeNull();
  });

  it('of a depthwise convolution has units for each channel that comes in', () => {
    // Two places, two channels, one multiplier: the channels have + + and + -.
    expect(shareOf([1, 1, 2, -1], [2, 1, 2, 1], 'a/depthwise_kernel')).toBe(1 / 2);
  });

  it('is that of the first weights where there is no kernel', () => {
    const gamma = weightGradient('a', [spec('a/gamma', [2])], Float32Array.from([1, 3]));
    expect(gamma).toMatchObject({ tensor: 'a/gamma', oneSign: null, gradient: { mean: 2, deviation: 1 } });
    expect(weightGradient('b', [spec('a/gamma', [2])], Float32Array.from([1, 3]))).toBeUndefined();
  });
});
