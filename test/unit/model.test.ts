import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { initialize } from '../../common/initializers.js';
import type { Draws } from '../../worker/layers/training-context.js';
import type { ModelExperiment } from '../../worker/model/model-experiment.js';
import { TrainingModel } from '../../worker/model/training-model.js';
import { configureTensorFlow, loadTensorFlow, type TF } from '../../worker/tensorflow/load.js';
import { worstOfLoss } from './finite-differences.js';
import { atPoints, RandomPoints } from './random-points.js';

const data = { inputShape: [8, 8, 2], outputs: 4 };
const draws: Draws = { seed: 231, step: 3, microBatch: 1 };
const count = 6;

/** Everything that a gradient can depend on: dropout, batch norm, max pooling. */
const layers = [
  { conv2d: { filters: 4, kernelSize: 3, padding: 'same', useBias: false, kernelInitializer: 'heNormal' } },
  'batchNormalization',
  { activation: 'relu' },
  { maxPooling2d: { poolSize: 2 } },
  { dropout: { rate: 0.4 } },
  'flatten',
  { dense: { units: 4 } },
];
const experiment: ModelExperiment = {
  model: layers,
  loss: 'softmaxCrossEntropy',
  metrics: ['accuracy'],
  regularise: { l2: 1e-3 },
};

let tf: TF;
beforeAll(async () => {
  configureTensorFlow({ backend: 'tensorflow', threads: 1 });
  tf = await loadTensorFlow('tensorflow');
});

function batchOf(samples = count) {
  const inputs = Float32Array.from({ length: samples * 128 }, (_, index) => Math.sin(index * 0.7));
  const labels = Int32Array.from({ length: samples }, (_, index) => index % 4);
  return { inputs, labels, count: samples };
}

/** A model with its first weights drawn, as a worker and the server draw them. */
async function prepared(changes: Partial<ModelExperiment> = {}) {
  const model = await TrainingModel.build(tf, { ...experiment, ...changes }, data);
  const { manifest } = model;
  const parameters = new Float32Array(manifest.parameterCount);
  const statistics = new Float32Array(manifest.statisticsCount);
  [...manifest.parameters, ...manifest.statistics].forEach((spec, index) => {
    const vector = index < manifest.parameters.length ? parameters : statistics;
    initialize(spec.initializer, spec.shape, 231, index, vector.subarray(spec.offset, spec.offset + spec.length));
  });
  model.setWeights(parameters, statistics);
  const gradient = (batch = batchOf(), at = draws) => {
    const out = {
      parameters: new Float32Array(manifest.parameterCount).fill(NaN),
      statistics: new Float32Array(manifest.statisticsCount).fill(NaN),
    };
    return { ...model.gradient(batch, at, out), ...out };
  };
  return { model, parameters, statistics, gradient };
}

describe('the manifest', () => {
  test('lists weights in the order of the layers, with kernels decayed and statistics apart', async () => {
    const { manifest } = (await prepared()).model;
    expect(manifest.parameters.map(({ name, offset, l2 }) => [name, offset, l2])).toEqual([
      ['conv2d_1/kernel', 0, 1e-3],
      ['batchNormalization_1/gamma', 72, 0],
      ['batchNormalization_1/beta', 76, 0],
      ['dense_1/kernel', 80, 1e-3],
      ['dense_1/bias', 336, 0],
    ]);
    expect(manifest.parameterCount).toBe(340);
    expect(manifest.statistics.map(({ name, offset }) => [name, offset])).toEqual([
      ['batchNormalization_1/moving_mean', 0],
      ['batchNormalization_1/moving_variance', 4],
    ]);
    expect(manifest.statisticsMomentum).toEqual([0.99, 0.99]);
    // A 3x3 window over 2 channels gives each unit 18 inputs; each input reaches 9 places of 4 filters.
    expect(manifest.parameters[0]!.initializer).toEqual({ name: 'heNormal', fanIn: 18, fanOut: 36 });
    expect(manifest.parameters[3]!.initializer).toEqual({ name: 'glorotUniform', fanIn: 64, fanOut: 4 });
  });

  test('is the same for every model of the experiment that a process builds', async () => {
    const [first, second] = [await prepared(), await prepared()];
    expect(second.model.manifest).toEqual(first.model.manifest);
  });
});

describe('a gradient', () => {
  test('has the same bits when it is computed again, and in another model', async () => {
    const { gradient } = await prepared();
    const first = gradient();
    gradient(batchOf(2), { ...draws, step: 9 });
    expect(gradient()).toEqual(first);
    expect((await prepared()).gradient()).toEqual(first);
  });

  test('depends on step and micro-batch through dropout', async () => {
    const { gradient } = await prepared();
    const first = gradient();
    expect(gradient(batchOf(), { ...draws, step: 4 }).parameters).not.toEqual(first.parameters);
    expect(gradient(batchOf(), { ...draws, microBatch: 2 }).parameters).not.toEqual(first.parameters);
  });

  test('is a sum over the samples: without batch norm, two halves give the whole', async () => {
    const { gradient } = await prepared({ model: ['flatten', { dense: { units: 4 } }] });
    const { inputs, labels } = batchOf(6);
    const whole = gradient({ inputs, labels, count: 6 });
    const left = gradient({ inputs, labels, count: 2 });
    const right = gradient({ inputs: inputs.subarray(256), labels: labels.subarray(2), count: 4 });
    expect(left.lossSum + right.lossSum).toBeCloseTo(whole.lossSum, 5);
    expect(left.metricSums[0]! + right.metricSums[0]!).toBe(whole.metricSums[0]);
    whole.parameters.forEach((value, index) => {
      expect(left.parameters[index]! + right.parameters[index]!).toBeCloseTo(value, 4);
    });
  });

  test('is not touched by an earlier, longer batch', async () => {
    const { gradient } = await prepared();
    const short = gradient(batchOf(2));
    gradient(batchOf(6));
    expect(gradient(batchOf(2))).toEqual(short);
  });

  test('follows the weights, whatever memory they come from', async () => {
    const { model, parameters, statistics, gradient } = await prepared();
    const before = gradient();
    const other = parameters.map((value) => value * 1.5);
    model.setWeights(other, statistics);
    expect(gradient().parameters).not.toEqual(before.parameters);
    other.fill(0);
    model.setWeights(parameters, statistics);
    expect(gradient()).toEqual(before);
  });

  test(`is that of finite differences of the loss, where nothing has a kink, ${atPoints}`, async () => {
    const smooth = layers.map((layer) =>
      typeof layer === 'object' && 'maxPooling2d' in layer ? { averagePooling2d: { poolSize: 2 } } : layer,
    );
    const { model, parameters, statistics, gradient } = await prepared({
      model: smooth.with(2, { activation: 'tanh' }),
    });
    const points = new RandomPoints(0);
    parameters.set(points.values(parameters.length, { from: -0.8, to: 0.8 }));
    const batch = { ...batchOf(), inputs: points.values(count * 128) };
    const lossAt = (moved: Float32Array) => {
      model.setWeights(moved, statistics);
      return gradient(batch).lossSum;
    };
    lossAt(parameters);
    const point = { lossAt, parameters, gradient: gradient(batch).parameters };
    expect(worstOfLoss(point, model.manifest.parameters, (length) => points.places(length))).toBeLessThan(1e-3);
  });

  test('of frozen weights is zero', async () => {
    const frozen = { conv2d: { filters: 2, kernelSize: 3, trainable: false } };
    const { model, gradient } = await prepared({ model: [frozen, 'flatten', { dense: { units: 4 } }] });
    const [kernel] = model.manifest.parameters;
    expect(kernel!.frozen).toBe(true);
    const { parameters } = gradient();
    expect(parameters.subarray(0, kernel!.length).every((value) => value === 0)).toBe(true);
    expect(parameters.subarray(kernel!.length).some((value) => value !== 0)).toBe(true);
  });

  test('leaks no tensor in 200 steps', async () => {
    const { model, gradient } = await prepared();
    gradient();
    model.evaluate(batchOf());
    const before = tf.memory().numTensors;
    for (let step = 0; step < 200; step += 1) gradient(batchOf(2 + (step % 3)), { ...draws, step });
    model.evaluate(batchOf());
    model.predict(batchOf().inputs, 2);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('of weights that blew up is not finite, and says so by its values alone', async () => {
    const { model, parameters, statistics, gradient } = await prepared();
    model.setWeights(parameters.fill(1e30), statistics);
    expect(gradient().parameters.every((value) => Number.isFinite(value))).toBe(false);
  });
});

describe('evaluation', () => {
  test('uses the running statistics and no dropout', async () => {
    const { model, parameters, statistics } = await prepared();
    const first = model.evaluate(batchOf());
    expect(model.evaluate(batchOf())).toEqual(first);
    // One sample alone gets the same answer, which a micro-batch's own mean would not give it.
    const alone = model.predict(batchOf().inputs, 1);
    expect(Array.from(model.predict(batchOf().inputs, 6).subarray(0, 4))).toEqual(
      Array.from(alone, (value) => expect.closeTo(value, 6) as number),
    );
    model.setWeights(
      parameters,
      statistics.map((value) => value + 1),
    );
    expect(model.evaluate(batchOf()).lossSum).not.toBe(first.lossSum);
  });

  test('predicts probabilities that sum to one', async () => {
    const { model } = await prepared();
    const probabilities = model.predict(batchOf().inputs, 1);
    expect(probabilities.length).toBe(4);
    expect(probabilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 6);
  });
});

describe('a final activation', () => {
  const head = (...end: unknown[]) => ['flatten', ...end];
  test('softmax is taken off, so that the bits are those of a model without it', async () => {
    const plain = await prepared({ model: head({ dense: { units: 4 } }) });
    const fused = await prepared({ model: head({ dense: { units: 4, activation: 'softmax' } }) });
    const apart = await prepared({ model: head({ dense: { units: 4 } }, { activation: 'softmax' }) });
    expect(fused.gradient()).toEqual(plain.gradient());
    expect(apart.gradient()).toEqual(plain.gradient());
    expect(fused.model.manifest).toEqual(plain.model.manifest);
  });

  test('of the wrong kind is refused', async () => {
    const model = head({ dense: { units: 4, activation: 'sigmoid' } });
    await expect(prepared({ model })).rejects.toThrow(
      "model[1].dense: a final sigmoid does not go with loss 'softmaxCrossEntropy', but softmax does",
    );
  });
});

describe('a model that cannot be is refused with its place', () => {
  test.each([
    ['an unknown layer', [{ conv2D: {} }], 'model[0].conv2D: there is no such layer; the layers are conv1d, conv2d'],
    ['an unknown option', [{ dense: { units: 4, filterz: 1 } }], 'model[0].dense.filterz: dense has no such option'],
    ['a missing option', [{ dense: {} }], 'model[0].dense.units: is missing'],
    ['a wrong value', [{ dropout: { rate: 1 } }], 'model[0].dropout.rate: is 1, must be below 1'],
    [
      'nested layers',
      [{ repeat: { times: 2, layers: [{ dens: {} }] } }],
      'model[0].repeat.layers[0].dens: there is no',
    ],
    [
      'a window larger than the image',
      [{ conv2d: { filters: 1, kernelSize: 9 } }],
      'model[0].conv2d: cannot be applied',
    ],
    [
      'a convolution after flatten',
      ['flatten', { conv2d: { filters: 1, kernelSize: 3 } }],
      'model[1].conv2d: cannot be applied to shape [128]',
    ],
    [
      'groups that do not divide the channels',
      ['groupNormalization'],
      'model[0].groupNormalization: cannot be applied to shape [8, 8, 2]: its 2 channels are no multiple of 32 groups',
    ],
    [
      'pieces that do not divide the channels',
      [{ maxout: { pieces: 3 } }],
      'model[0].maxout: cannot be applied to shape [8, 8, 2]: its 2 channels are no multiple of 3 pieces',
    ],
    [
      'a residual that changes the shape',
      [{ residual: { layers: [{ conv2d: { filters: 4, kernelSize: 3, padding: 'same' } }] } }],
      "model[0].residual: cannot add [8, 8, 4] and its shortcut's [8, 8, 2]; give it a shortcut",
    ],
    ['too few outputs', ['flatten', { dense: { units: 3 } }], 'model: its last layer puts out shape [3]'],
    [
      'one name twice',
      [{ flatten: { name: 'a' } }, { dense: { units: 4, name: 'a' } }],
      "model[1].dense.name: 'a' is the name of another layer",
    ],
    ['no layers', [], 'model: [] is not a list of layers'],
  ])('%s', async (_, model, message) => {
    await expect(prepared({ model })).rejects.toThrow(message);
  });
});

describe('a model.json', () => {
  async function withFile<T>(content: string, use: (file: string) => Promise<T>): Promise<T> {
    const folder = mkdtempSync(join(tmpdir(), 'polyak-model-'));
    try {
      const file = join(folder, 'model.json');
      writeFileSync(file, content);
      return await use(file);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  test('gives the bits of the same model as a list of layers', async () => {
    const keras = tf.sequential({
      layers: [
        tf.layers.flatten({ inputShape: data.inputShape }),
        tf.layers.dense({ units: 8, activation: 'relu', kernelInitializer: 'heNormal' }),
        tf.layers.dropout({ rate: 0.4 }),
        tf.layers.dense({ units: 4, activation: 'softmax', kernelInitializer: 'glorotUniform' }),
      ],
    });
    const json = JSON.stringify({ modelTopology: keras.toJSON(null, false) });
    const list = await prepared({
      model: [
        'flatten',
        { dense: { units: 8, activation: 'relu', kernelInitializer: 'heNormal' } },
        { dropout: { rate: 0.4 } },
        { dense: { units: 4 } },
      ],
    });
    await withFile(json, async (file) => {
      const fromFile = await prepared({ model: { file } });
      expect(fromFile.gradient()).toEqual(list.gradient());
      expect(fromFile.model.manifest.parameters.map(({ initializer }) => initializer)).toEqual(
        list.model.manifest.parameters.map(({ initializer }) => initializer),
      );
    });
  });

  function fileOf(...first: { class_name: string; config: object }[]): string {
    const input = {
      class_name: 'InputLayer',
      config: { batch_input_shape: [null, 8, 8, 2], dtype: 'float32', name: 'input' },
    };
    const end = [
      { class_name: 'Flatten', config: { name: 'flatten' } },
      { class_name: 'Dense', config: { name: 'dense', units: 4 } },
    ];
    return JSON.stringify({ class_name: 'Sequential', config: { name: 'model', layers: [input, ...first, ...end] } });
  }

  test.each([
    [
      'another axis',
      { class_name: 'BatchNormalization', config: { name: 'norm', axis: 1 } },
      'axis is 1; only the last',
    ],
    [
      'an axis that is not there',
      { class_name: 'GroupNormalization', config: { name: 'norm', axis: 4, groups: 2 } },
      'axis is 4; its input has 4 axes',
    ],
    [
      'channels that come first',
      {
        class_name: 'Conv2D',
        config: { name: 'conv', filters: 2, kernel_size: [3, 3], data_format: 'channels_first' },
      },
      "Conv2D 'conv' has data_format channels_first",
    ],
  ])('with a layer of %s is refused', async (_, layer, message) => {
    await withFile(fileOf(layer), async (file) => {
      await expect(prepared({ model: { file } })).rejects.toThrow(message);
    });
  });

  test('whose regularisers and constraints nobody applies says so, with the line that does', async () => {
    const dense = (name: string, kernel_regularizer: object | null, kernel_constraint: object | null) => ({
      class_name: 'Dense',
      config: { name, units: 3, kernel_regularizer, kernel_constraint, bias_regularizer: null },
    });
    const l2 = { class_name: 'L2', config: { l2: 0.01 } };
    const text = fileOf(dense('one', l2, null), dense('two', l2, { class_name: 'MaxNorm', config: { max_value: 2 } }));
    await withFile(text, async (file) => {
      const { model } = await prepared({ model: { file } });
      expect(model.warnings).toEqual([
        `${file}: kernel_regularizer of one, two is not applied; the experiment file has regularise: { l2: 0.02 } for all kernels`,
        expect.stringMatching(/kernel_constraint of two is not applied; the experiment file has maxNorm/),
      ]);
    });
  });

  test('that is none is refused', async () => {
    await withFile('{"layers": []}', async (file) => {
      await expect(prepared({ model: { file } })).rejects.toThrow('has no class_name and config');
    });
    await expect(prepared({ model: { file: '/none/model.json' } })).rejects.toThrow(
      "'/none/model.json' cannot be read",
    );
  });
});

describe('what makes the loss another in each step', () => {
  test('is in the manifest of a method of full batches, by layer, and frozen batch normalisation is not', async () => {
    const model = [...layers.slice(0, 2), { batchNormalization: { trainable: false } }, ...layers.slice(2)];
    const { varying } = (await prepared({ model, optimizer: { lbfgs: {} } })).model.manifest;
    expect(varying).toEqual([
      { name: 'batchNormalization_1', type: 'BatchNormalization', by: 'microBatch' },
      { name: 'dropout_1', type: 'Dropout', by: 'draws' },
    ]);
    expect((await prepared({ model, optimizer: { adam: {} } })).model.manifest.varying).toBeUndefined();
  });
});

describe('dropout', () => {
  test('by what is kept is the same as by its rate, to the bit', async () => {
    const of = (option: object) => prepared({ model: [{ dropout: option }, 'flatten', { dense: { units: 4 } }] });
    const byRate = (await of({ rate: 0.2 })).gradient();
    expect((await of({ keep: 0.8 })).gradient()).toEqual(byRate);
    expect((await of({ keep: 0.7 })).gradient()).not.toEqual(byRate);
  });

  test('that is spatial drops channels of a sample as a whole, and differs from step to step', async () => {
    // The kernel's gradient at a place and channel is the sum over samples of input times something of the sample alone,
    // so that where a single sample's channel is dropped, every place of it has gradient 0.
    const model = [{ spatialDropout2d: { rate: 0.5 } }, 'flatten', { dense: { units: 4 } }];
    const { model: built, gradient } = await prepared({ model });
    const kernel = built.manifest.parameters[0]!;
    const seen = new Set<string>();
    for (let step = 0; step < 12; step += 1) {
      const { parameters } = gradient(batchOf(1), { ...draws, step });
      const isZero = (feature: number) => parameters[kernel.offset + feature * 4] === 0;
      const channels = [0, 1].map((channel) => {
        const places = Array.from({ length: 64 }, (_, place) => isZero(place * 2 + channel));
        // The very first input is 0 itself.
        expect(new Set(places.slice(1)).size).toBe(1);
        return places[1];
      });
      seen.add(channels.join(' '));
    }
    expect(seen.size).toBeGreaterThan(2);
  });

  test('that is spatial is for the shape in its name', async () => {
    await expect(prepared({ model: [{ spatialDropout1d: { rate: 0.5 } }] })).rejects.toThrow(
      'model[0].spatialDropout1d: cannot be applied to shape [8, 8, 2]',
    );
  });
});

describe('L1', () => {
  test('is of kernels alone, as L2 is', async () => {
    const { manifest } = (await prepared({ regularise: { l1: 1e-2, l2: 1e-3 } })).model;
    expect(manifest.parameters.map(({ name, l1, l2, decays }) => [name, l1, l2, decays])).toEqual([
      ['conv2d_1/kernel', 1e-2, 1e-3, true],
      ['batchNormalization_1/gamma', 0, 0, false],
      ['batchNormalization_1/beta', 0, 0, false],
      ['dense_1/kernel', 1e-2, 1e-3, true],
      ['dense_1/bias', 0, 0, false],
    ]);
  });
});

describe('weights of samples', () => {
  const plain = { model: ['flatten', { dense: { units: 4 } }], regularise: { l2: 0 } };

  test.each(['softmaxCrossEntropy', 'meanSquaredError'])(
    'of 2 and 0 are as if a sample were there twice and not at all, for %s',
    async (loss) => {
      const { gradient } = await prepared({ ...plain, loss, metrics: [] });
      const { inputs, labels } = batchOf(3);
      const classes = loss === 'softmaxCrossEntropy';
      const floats = Float32Array.from({ length: 12 }, (_, index) => index % 5);
      const sampleAt = (row: number) => inputs.slice(row * 128, (row + 1) * 128);
      const labelsAt = (row: number) => (classes ? labels.slice(row, row + 1) : floats.slice(row * 4, row * 4 + 4));
      const of = (...rows: number[]) => ({
        inputs: Float32Array.from(rows.flatMap((row) => [...sampleAt(row)])),
        labels: (classes ? Int32Array : Float32Array).from(rows.flatMap((row) => [...labelsAt(row)])),
        count: rows.length,
      });
      const weighted = gradient({ ...of(0, 1, 2), weights: Float32Array.of(1, 2, 0) } as never);
      const repeated = gradient(of(0, 1, 1) as never);
      expect(weighted.lossSum).toBeCloseTo(repeated.lossSum, 4);
      weighted.parameters.forEach((value, index) => expect(value).toBeCloseTo(repeated.parameters[index]!, 4));
      const unweighted = gradient(of(0, 1, 2) as never);
      expect(Math.abs(unweighted.lossSum - weighted.lossSum)).toBeGreaterThan(0.1);
    },
  );

  test('of 1 change no bit', async () => {
    const { gradient } = await prepared();
    const weighted = gradient({ ...batchOf(), weights: new Float32Array(count).fill(1) } as never);
    expect(weighted.parameters).toEqual(gradient().parameters);
  });
});
