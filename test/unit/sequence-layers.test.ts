import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tensor } from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { initialize } from '../../common/initializers.js';
import type { Draws } from '../../worker/layers/training-context.js';
import type { ModelExperiment } from '../../worker/model/model-experiment.js';
import { TrainingModel } from '../../worker/model/training-model.js';
import { configureTensorFlow, loadTensorFlow, type TF } from '../../worker/tensorflow/load.js';
import { nativeLstm } from '../../worker/tensorflow/native-lstm.js';
import { worstOfDifferences, worstOfLoss } from './finite-differences.js';
import { atPoints, RandomPoints } from './random-points.js';

const steps = 9;
const features = 2;
const data = { inputShape: [steps, features], outputs: 3 };
const draws: Draws = { seed: 231, step: 3, microBatch: 1 };
const layers = [
  { conv1d: { filters: 5, kernelSize: 3, padding: 'same', activation: 'relu' } },
  { maxPooling1d: { poolSize: 2 } },
  'batchNormalization',
  { dropout: { rate: 0.2 } },
  { lstm: { units: 4, returnSequences: true } },
  { lstm: { units: 6 } },
  { dense: { units: 3 } },
];

let tf: TF;
beforeAll(async () => {
  configureTensorFlow({ backend: 'tensorflow', threads: 1 });
  tf = await loadTensorFlow('tensorflow');
});

function batchOf(count = 5) {
  const inputs = Float32Array.from({ length: count * steps * features }, (_, index) => Math.sin(index * 0.7));
  return { inputs, labels: Int32Array.from({ length: count }, (_, index) => index % 3), count };
}

/** With its first weights, as a worker and the server draw them. */
async function prepared(model: unknown = layers, changes: Partial<ModelExperiment> = {}, shape = data) {
  const experiment = { model, loss: 'softmaxCrossEntropy', regularise: { l2: 1e-3 }, ...changes };
  const built = await TrainingModel.build(tf, experiment, shape);
  const { manifest } = built;
  const parameters = new Float32Array(manifest.parameterCount);
  const statistics = new Float32Array(manifest.statisticsCount).fill(0.5);
  manifest.parameters.forEach(({ initializer, shape: size, offset, length }, index) => {
    initialize(initializer, size, 231, index, parameters.subarray(offset, offset + length));
  });
  built.setWeights(parameters, statistics);
  const gradient = (batch: { inputs: Float32Array; labels: Int32Array; count: number } = batchOf(), at = draws) => {
    const out = {
      parameters: new Float32Array(manifest.parameterCount).fill(NaN),
      statistics: new Float32Array(manifest.statisticsCount).fill(NaN),
    };
    return { ...built.gradient(batch, at, out), ...out };
  };
  const weight = (name: string) => {
    const spec = manifest.parameters.find((each) => each.name === name)!;
    return { ...spec, values: parameters.subarray(spec.offset, spec.offset + spec.length) };
  };
  return { model: built, manifest, parameters, statistics, gradient, weight };
}

describe('the weights of an LSTM', () => {
  test("stand in Keras's order, and both kernels decay", async () => {
    const { manifest } = await prepared([{ lstm: { units: 4 } }, { dense: { units: 3 } }]);
    expect(manifest.parameters.map(({ name, shape, l2 }) => [name, shape, l2])).toEqual([
      ['lstm_1/kernel', [2, 16], 1e-3],
      ['lstm_1/recurrent_kernel', [4, 16], 1e-3],
      ['lstm_1/bias', [16], 0],
      ['dense_1/kernel', [4, 3], 1e-3],
      ['dense_1/bias', [3], 0],
    ]);
  });

  test('begin with an orthogonal recurrent kernel and a forget gate of ones', async () => {
    const { weight } = await prepared([{ lstm: { units: 4 } }, { dense: { units: 3 } }]);
    const { values } = weight('lstm_1/recurrent_kernel');
    const row = (index: number) => values.subarray(index * 16, (index + 1) * 16);
    for (const i of [0, 1, 2, 3]) {
      for (const j of [0, 1, 2, 3]) {
        const product = row(i).reduce((sum, value, column) => sum + value * row(j)[column]!, 0);
        expect(product).toBeCloseTo(i === j ? 1 : 0, 6);
      }
    }
    expect(Array.from(weight('lstm_1/bias').values)).toEqual([...Array(4).fill(0), ...Array(4).fill(1), ...Array(8).fill(0)]); // prettier-ignore
  });

  test('have another bias and no ones where that is asked for', async () => {
    const lstm = { units: 2, unitForgetBias: false, biasInitializer: { constant: { value: 0.25 } } };
    const { weight } = await prepared([{ lstm }, { dense: { units: 3 } }]);
    expect(Array.from(weight('lstm_1/bias').values)).toEqual(Array(8).fill(0.25));
  });
});

describe('a gradient over sequences', () => {
  test('has the same bits when it is computed again, and in another model', async () => {
    const { gradient } = await prepared();
    const first = gradient();
    gradient(batchOf(2), { ...draws, step: 9 });
    expect(gradient()).toEqual(first);
    expect((await prepared()).gradient()).toEqual(first);
    expect(first.parameters.every((value) => Number.isFinite(value))).toBe(true);
  });

  test(`of an LSTM is that of finite differences by its input, kernels and bias ${atPoints}`, () => {
    const [units, samples] = [3, 2];
    const points = new RandomPoints(0);
    const inputs = [
      points.tensor(tf, [steps, samples, features]),
      points.tensor(tf, [features + units, 4 * units], { from: -1, to: 1 }),
      points.tensor(tf, [4 * units], { from: -1, to: 1 }),
    ];
    const f = (x: Tensor, weights: Tensor, bias: Tensor) => nativeLstm(tf, x, weights, bias);
    expect(worstOfDifferences(tf, f, inputs)).toBeLessThan(1e-3);
  });

  // Two of them, because what comes through many layers is smaller than the roundings of the loss.
  test.each([
    {
      of: 'convolutions',
      model: [
        { conv1d: { filters: 5, kernelSize: 3, padding: 'same', activation: 'tanh' } },
        { averagePooling1d: { poolSize: 2 } },
        ...layers.slice(2, 4),
        { dense: { units: 3 } },
        'globalAveragePooling1d',
      ],
    },
    { of: 'an LSTM', model: [{ lstm: { units: 4 } }, { dense: { units: 3 } }] },
  ])(`is that of finite differences of the loss of $of, where nothing has a kink, ${atPoints}`, async (given) => {
    const { model, parameters, statistics, gradient, manifest } = await prepared(given.model);
    const points = new RandomPoints(1);
    parameters.set(points.values(parameters.length, { from: -0.8, to: 0.8 }));
    const batch = { ...batchOf(), inputs: points.values(5 * steps * features) };
    const lossAt = (moved: Float32Array) => {
      model.setWeights(moved, statistics);
      return gradient(batch).lossSum;
    };
    lossAt(parameters);
    const point = { lossAt, parameters, gradient: gradient(batch).parameters };
    expect(worstOfLoss(point, manifest.parameters, (length) => points.places(length))).toBeLessThan(1e-3);
  });

  test('leaks no tensor in 100 steps', async () => {
    const { model, gradient } = await prepared();
    gradient();
    model.evaluate(batchOf());
    const before = tf.memory().numTensors;
    for (let step = 0; step < 100; step += 1) gradient(batchOf(2 + (step % 3)), { ...draws, step });
    model.evaluate(batchOf());
    model.predict(batchOf().inputs, 2);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('goes to the first of several largest steps alone', async () => {
    const { gradient } = await prepared([{ conv1d: { filters: 3, kernelSize: 1 } }, 'globalMaxPooling1d']);
    // All steps are equal, so the bias moves the output by as much as itself: its gradient is softmax - onehot.
    const inputs = new Float32Array(steps * features).fill(1);
    const { parameters } = gradient({ inputs, labels: Int32Array.of(0), count: 1 });
    const bias = parameters.subarray(6);
    expect(bias.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 6);
    expect(Math.max(...bias.map(Math.abs))).toBeLessThan(1);
  });

  test('of an embedding goes to the tokens that occur', async () => {
    const shape = { inputShape: [4], outputs: 3 };
    const model = [{ embedding: { inputDim: 6, outputDim: 2 } }, 'flatten', { dense: { units: 3 } }];
    const { gradient, weight } = await prepared(model, {}, shape);
    expect(weight('embedding_1/embeddings')).toMatchObject({ shape: [6, 2], l2: 0 });
    const { parameters } = gradient({ inputs: Float32Array.of(1, 4, 4, 1), labels: Int32Array.of(2), count: 1 });
    const rows = [0, 1, 2, 3, 4, 5].map((token) => parameters.subarray(2 * token, 2 * token + 2));
    expect(rows.map((row) => row.some((value) => value !== 0))).toEqual([false, true, false, false, true, false]);
  });
});

test.each([6, -1, 0.5, NaN])('a token that is none is named: %d', async (token) => {
  const shape = { inputShape: [4], outputs: 3 };
  const { gradient } = await prepared([{ embedding: { inputDim: 6, outputDim: 3 } }, 'globalMaxPooling1d'], {}, shape);
  const inputs = Float32Array.of(1, 4, token, 1);
  expect(() => gradient({ inputs, labels: Int32Array.of(2), count: 1 })).toThrow(
    `layer 'embedding_1': a sample has ${token}, a token is a whole number from 0 to 5 (inputDim: 6)`,
  );
});

test('an LSTM says what that of TensorFlow.js says of the same weights', async () => {
  const { model, weight } = await prepared([{ lstm: { units: 3, returnSequences: true } }, { lstm: { units: 3 } }]);
  const theirs = tf.sequential();
  const options = { units: 3, recurrentActivation: 'sigmoid' as const };
  theirs.add(tf.layers.lstm({ ...options, returnSequences: true, inputShape: data.inputShape }));
  theirs.add(tf.layers.lstm(options));
  const roles = ['kernel', 'recurrent_kernel', 'bias'];
  const weights = ['lstm_1', 'lstm_2'].flatMap((layer) => roles.map((role) => weight(`${layer}/${role}`)));
  theirs.setWeights(weights.map(({ values, shape }) => tf.tensor(values.slice(), shape)));
  const { inputs } = batchOf();
  const expected = (theirs.predict(tf.tensor3d(inputs, [5, steps, features])) as ReturnType<TF['tensor2d']>).softmax();
  const values = Array.from(expected.dataSync(), (value) => expect.closeTo(value, 6) as number);
  expect(Array.from(model.predict(inputs, 5))).toEqual(values);
});

describe('a model.json with an LSTM', () => {
  async function withModel<T>(lstm: object, use: (file: string) => Promise<T>): Promise<T> {
    const folder = mkdtempSync(join(tmpdir(), 'polyak-lstm-'));
    const input = { name: 'lstm_1', units: 4, recurrent_activation: 'sigmoid', unit_forget_bias: true, ...lstm };
    const initializers = {
      kernel_initializer: { class_name: 'GlorotUniform', config: {} },
      recurrent_initializer: { class_name: 'Orthogonal', config: {} },
      bias_initializer: { class_name: 'Zeros', config: {} },
    };
    const config = { ...input, ...initializers, batch_input_shape: [null, steps, features] };
    const dense = { name: 'dense_1', units: 3, kernel_initializer: 'GlorotUniform', bias_initializer: 'Zeros' };
    const list = [
      { class_name: 'LSTM', config },
      { class_name: 'Dense', config: dense },
    ];
    try {
      const file = join(folder, 'model.json');
      writeFileSync(file, JSON.stringify({ class_name: 'Sequential', config: { name: 'model', layers: list } }));
      return await use(file);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  test('gives the bits of the same model as a list of layers', async () => {
    const list = await prepared([{ lstm: { units: 4 } }, { dense: { units: 3 } }]);
    await withModel({}, async (file) => {
      const { gradient, manifest } = await prepared({ file });
      expect(manifest.parameters).toEqual(list.manifest.parameters);
      expect(gradient()).toEqual(list.gradient());
    });
  });

  test.each([
    ['a gate of another activation', { recurrent_activation: 'hardSigmoid' }, /recurrentActivation is "hardSigmoid"/],
    ['draws of its own', { dropout: 0.5 }, /draws from a generator of its own/],
    ['a sequence that is read from its end', { go_backwards: true }, /goBackwards is true; only false is supported/],
  ])('is refused for %s', async (_, options, message) => {
    await withModel(options, async (file) => {
      await expect(prepared({ file })).rejects.toThrow(message);
    });
  });
});

test('a sequence that is too short for a window is refused with its place', async () => {
  const model = [{ conv1d: { filters: 3, kernelSize: 10 } }, 'globalAveragePooling1d'];
  await expect(prepared(model)).rejects.toThrow(
    'model[0].conv1d: cannot be applied to shape [9, 2]: it would put out [0, 3]',
  );
  await expect(prepared(['flatten', { lstm: { units: 3 } }])).rejects.toThrow(
    'model[1].lstm: cannot be applied to shape [18]',
  );
});
