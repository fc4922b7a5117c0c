/** What `transfer` does to a model: which weights are frozen, at what rate the others learn, and where it is cut. */
import { beforeAll, describe, expect, it } from 'vitest';
import { TrainingModel } from '../../worker/model/training-model.js';
import type { ModelExperiment } from '../../worker/model/model-experiment.js';
import { defineExperiment } from '../../common/experiment/load.js';
import type { TransferLayers } from '../../common/experiment/transfer-schema.js';
import { loadTensorFlow, type TF } from '../../worker/tensorflow/load.js';

const model = [
  { conv2d: { name: 'first', filters: 3, kernelSize: 1 } },
  {
    residual: {
      layers: [{ conv2d: { name: 'inner', filters: 3, kernelSize: 1 } }, { batchNormalization: { name: 'norm' } }],
      shortcut: [{ conv2d: { name: 'beside', filters: 3, kernelSize: 1 } }],
    },
  },
  { conv2d: { name: 'last', filters: 3, kernelSize: 1, rateMultiplier: 2 } },
  'flatten',
  { dense: { name: 'head', units: 2, maxNorm: 3 } },
];
const data = { inputShape: [2, 2, 1], outputs: 2 };
const defaults: TransferLayers = { freeze: undefined, fineTuneFrom: undefined, learningRates: {}, features: undefined };

let tf: TF;
beforeAll(async () => {
  tf = await loadTensorFlow('cpu');
  tf.enableProdMode();
});

async function built(
  transfer: Partial<TransferLayers>,
  layers: unknown[] = model,
  metrics: string[] = [],
): Promise<TrainingModel> {
  const experiment: ModelExperiment = {
    model: layers,
    metrics,
    loss: 'softmaxCrossEntropy',
    transfer: { ...defaults, ...transfer },
  };
  return await TrainingModel.build(tf, experiment, data);
}

async function trained(transfer: Partial<TransferLayers>): Promise<string[]> {
  const made = await built(transfer);
  const { parameters } = made.manifest;
  made.dispose();
  return [...new Set(parameters.filter(({ frozen }) => !frozen).map(({ name }) => name.split('/')[0] ?? ''))];
}

describe('freezing', () => {
  it('is by name or pattern, or of all that a layer is made of, by every way', async () => {
    expect(await trained({})).toEqual(['first', 'inner', 'norm', 'beside', 'last', 'head']);
    expect(await trained({ freeze: ['first', 'in*'] })).toEqual(['norm', 'beside', 'last', 'head']);
    expect(await trained({ freeze: { upTo: 'inner' } })).toEqual(['norm', 'beside', 'last', 'head']);
    expect(await trained({ freeze: { upTo: 'last' } })).toEqual(['head']);
    expect(await trained({ fineTuneFrom: 'last' })).toEqual(['last', 'head']);
  });

  it('names a layer that is not there, and the nearest or some of those that are', async () => {
    await expect(built({ freeze: ['conv*'] })).rejects.toThrow(/transfer.freeze: the model has no layer 'conv\*'/);
    await expect(built({ fineTuneFrom: 'top' })).rejects.toThrow(
      /no layer 'top'; it has input, first, .* and \d more$/,
    );
    await expect(built({ freeze: { upTo: 'iner' } })).rejects.toThrow("has no layer 'iner'; did you mean 'inner'?");
    await expect(built({ learningRates: { 'lst*': 1 } })).rejects.toThrow("no layer 'lst*'; did you mean 'last'?");
    await expect(built({ features: 'top' })).rejects.toThrow(/transfer.features: the model has no layer 'top'/);
    await expect(built({ learningRates: { top: 1 } })).rejects.toThrow(/transfer.learningRates: .* 'top'/);
  });

  it('computes no gradient of what is frozen, and leaves running statistics as they are', async () => {
    const made = await built({ freeze: { upTo: 'last' } });
    const { parameters, parameterCount, statisticsCount, statisticsMomentum } = made.manifest;
    const weights = Float32Array.from({ length: parameterCount }, (_, index) => Math.sin(index));
    made.setWeights(weights, new Float32Array(statisticsCount).fill(1));
    const out = { parameters: new Float32Array(parameterCount), statistics: new Float32Array(statisticsCount).fill(7) };
    const inputs = Float32Array.from({ length: 12 }, (_, index) => Math.cos(index));
    const batch = { inputs, labels: Int32Array.from([0, 1, 1]), count: 3 };
    made.gradient(batch, { seed: 1, step: 0, microBatch: 0 }, out);
    for (const { frozen, offset, length } of parameters) {
      const moves = out.parameters.subarray(offset, offset + length).some((value) => value !== 0);
      expect(moves).toBe(!frozen);
    }
    expect(statisticsMomentum).toEqual([1, 1]);
    expect([...out.statistics]).toEqual([0, 0, 0, 0, 0, 0]);
    made.dispose();
  });
});

describe('rates of layers', () => {
  it("multiply the layer's own, for every layer that the pattern fits", async () => {
    const made = await built({ learningRates: { '*st': 0.1, head: 5 } });
    const rates = Object.fromEntries(
      made.manifest.parameters.map(({ name, rateMultiplier }) => [name, rateMultiplier]),
    );
    expect(rates).toMatchObject({ 'first/kernel': 0.1, 'last/bias': 0.2, 'head/kernel': 5, 'inner/kernel': 1 });
    made.dispose();
  });

  it('leave the greatest norm of a kernel that the layer has', async () => {
    const made = await built({ learningRates: { head: 5 } });
    const kernel = made.manifest.parameters.find(({ name }) => name === 'head/kernel');
    expect(kernel).toMatchObject({ rateMultiplier: 5, maxNorm: 3 });
    made.dispose();
  });
});

describe('layers that the data scale', () => {
  it('are refused, by name, because transferred weights come after their gains', async () => {
    const scaled = [...model.slice(0, -1), { dense: { name: 'head', units: 2, kernelInitializer: 'lsuv' } }];
    await expect(built({}, scaled)).rejects.toThrow(
      /transfer: does not go with kernelInitializer: lsuv of layer 'head', .*; take heNormal or orthogonal/,
    );
  });
});

describe('features of a stage', () => {
  it('are the mean over its places, with a linear classifier that alone is trained', async () => {
    expect(await trained({ features: 'norm' })).toEqual(['features_classifier']);
    const made = await built({ features: 'norm' });
    const shapes = Object.fromEntries(made.manifest.parameters.map(({ name, shape }) => [name, shape]));
    expect(Object.keys(shapes)).toEqual([
      ...['first/kernel', 'first/bias', 'inner/kernel', 'inner/bias', 'norm/gamma', 'norm/beta'],
      ...['features_classifier/kernel', 'features_classifier/bias'],
    ]);
    expect(shapes['features_classifier/kernel']).toEqual([3, 2]);
    made.dispose();
  });

  it.each(['first', ['norm', 'first']])('leave no tensors behind: %s', async (features) => {
    const before = tf.memory().numTensors;
    const made = await built({ features });
    made.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('features of several stages', () => {
  const inputs = Float32Array.from({ length: 24 }, (_, index) => Math.cos(index));
  const batch = { inputs, labels: Int32Array.from([0, 1, 1, 0, 1, 0]), count: 6 };

  /** Weights that are a function of the layer's kind, so that a classifier has the same alone and beside others. */
  function weighed(made: TrainingModel): TrainingModel {
    const weights = new Float32Array(made.manifest.parameterCount);
    for (const { name, offset, length } of made.manifest.parameters) {
      const kind = name.replace(/^features_classifier\w*/, 'classifier');
      for (let at = 0; at < length; at += 1) weights[offset + at] = Math.sin(kind.length * 7 + at);
    }
    made.setWeights(weights, new Float32Array(made.manifest.statisticsCount).fill(1));
    return made;
  }

  function gradientsOf(made: TrainingModel) {
    const { parameterCount, statisticsCount, parameters } = made.manifest;
    const out = { parameters: new Float32Array(parameterCount), statistics: new Float32Array(statisticsCount) };
    const sums = made.gradient(batch, { seed: 1, step: 0, microBatch: 0 }, out);
    const kernelOf = (layer: string) => {
      const kernel = parameters.find(({ name }) => name === `${layer}/kernel`)!;
      return [...out.parameters.subarray(kernel.offset, kernel.offset + kernel.length)];
    };
    return { sums, kernelOf };
  }

  it('give every classifier the gradient, the loss and the accuracy that it has alone, to the bit', async () => {
    const stages = ['first', 'norm'];
    const metrics = ['accuracy'];
    const both = gradientsOf(weighed(await built({ features: stages }, model, metrics)));
    const alone = await Promise.all(
      stages.map(async (features) => gradientsOf(weighed(await built({ features }, model, metrics)))),
    );
    stages.forEach((stage, index) => {
      const own = alone[index]!;
      expect(own.kernelOf('features_classifier').some((value) => value !== 0)).toBe(true);
      expect(both.kernelOf(`features_classifier_${stage}`)).toEqual(own.kernelOf('features_classifier'));
    });
    // The last one's accuracy is the model's; then loss and accuracy of each.
    const [first, norm] = alone.map(({ sums }) => [sums.lossSum, ...sums.metricSums]);
    expect(both.sums.metricSums).toEqual([norm![1], ...first!, ...norm!]);
    expect(both.sums.lossSum).toBeCloseTo(first![0]! + norm![0]!, 5);
  });

  it('predict by the last', async () => {
    const both = weighed(await built({ features: ['first', 'norm'] }));
    const last = weighed(await built({ features: 'norm' }));
    expect([...both.predict(inputs, 6)]).toEqual([...last.predict(inputs, 6)]);
  });

  it('name a layer that is not there', async () => {
    await expect(built({ features: ['norm', 'lst'] })).rejects.toThrow("no layer 'lst'; did you mean 'last'?");
  });

  it('stand there once each, and are not clipped together', () => {
    const said = (changes: object) => () =>
      defineExperiment({
        name: 'stages',
        data: { source: 'csv', path: 'digits.csv' },
        ...{ model, loss: 'softmaxCrossEntropy', optimizer: { sgd: { learningRate: 0.1 } } },
        train: { epochs: 1, batchSize: 8, microBatchSize: 8 },
        ...changes,
      } as unknown as Parameters<typeof defineExperiment>[0]);
    const transfer = { from: 'run', features: ['norm', 'first'] };
    expect(said({ transfer })).not.toThrow();
    expect(said({ transfer: { from: 'run', features: ['norm', 'norm'] } })).toThrow(
      "transfer.features: 'norm' is there twice",
    );
    expect(said({ transfer, clip: { globalNorm: 1 } })).toThrow(/clip.globalNorm: would make one classifier .* depend/);
  });
});
