/** Looking at a model while it computes: the numbers stay the same, and what is seen is what it put out. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { ModelExperiment } from '../../worker/model/model-experiment.js';
import { Moments } from '../../worker/model/moments.js';
import { TrainingModel } from '../../worker/model/training-model.js';
import { UnitTraces } from '../../worker/model/unit-traces.js';
import { configureTensorFlow, loadTensorFlow, type TF } from '../../worker/tensorflow/load.js';

let tf: TF;
beforeAll(async () => {
  configureTensorFlow({ backend: 'tensorflow', threads: 1 });
  tf = await loadTensorFlow('tensorflow');
});

const draws = { seed: 231, step: 0, microBatch: 0 };

/** A model whose weights are 0.1, 0.2, 0.3 … in the manifest's order, unless given. */
async function modelOf(
  experiment: ModelExperiment,
  data: { inputShape: number[]; outputs: number },
  weights?: number[],
) {
  const model = await TrainingModel.build(tf, experiment, data);
  const { parameterCount, statisticsCount } = model.manifest;
  const drawn = Float32Array.from({ length: parameterCount }, (_, index) => weights?.[index] ?? Math.sin(index));
  model.setWeights(drawn, new Float32Array(statisticsCount).fill(1));
  const out = { parameters: new Float32Array(parameterCount), statistics: new Float32Array(statisticsCount) };
  return { model, out };
}

describe('a model that is observed', () => {
  it('gives the same loss and gradient, bit for bit', async () => {
    const experiment: ModelExperiment = {
      model: [
        { conv2d: { filters: 4, kernelSize: 3, padding: 'same' } },
        'batchNormalization',
        { activation: 'relu' },
        { residual: { layers: [{ conv2d: { filters: 4, kernelSize: 3, padding: 'same', activation: 'tanh' } }] } },
        { maxPooling2d: { poolSize: 2 } },
        { dropout: { rate: 0.4 } },
        'flatten',
        { dense: { units: 3 } },
      ],
      loss: 'softmaxCrossEntropy',
    };
    const { model, out } = await modelOf(experiment, { inputShape: [4, 4, 2], outputs: 3 });
    const inputs = Float32Array.from({ length: 6 * 32 }, (_, index) => Math.sin(index * 0.7));
    const batch = { inputs, labels: Int32Array.from([0, 1, 2, 0, 1, 2]), count: 6 };
    const before = { ...model.gradient(batch, draws, out), gradient: [...out.parameters, ...out.statistics] };
    const observer = model.observe();
    const after = { ...model.gradient(batch, draws, out), gradient: [...out.parameters, ...out.statistics] };
    expect(after).toEqual(before);
    observer.input.add(inputs);
    const { layers } = observer.observed();
    expect(layers.map(({ name, activation, units }) => [name, activation, units])).toEqual([
      ['conv2d_1', 'linear', 4],
      ['batchNormalization_1', null, 4],
      ['activation_1', 'relu', 4],
      ['conv2d_2', 'tanh', 4],
      ['residual_1', null, null],
      ['maxPooling2d_1', null, null],
      ['dropout_1', null, null],
      ['flatten_1', null, null],
      ['dense_1', 'linear', 3],
    ]);
    model.dispose();
  });

  it('is seen with its activations, its gradients, and its units that are flat, dead and equal', async () => {
    const experiment: ModelExperiment = {
      model: [
        { dense: { units: 4, activation: 'relu', useBias: false } },
        { dense: { units: 2, activation: 'tanh', useBias: false } },
        { dense: { units: 1, useBias: false } },
      ],
      loss: 'meanSquaredError',
    };
    // Two samples, 1 and 2, to four units: x, x, 3x, and -x, which is dead. Then tanh(5x) and tanh(0.5x): of the first
    // both are above 0.97, of the second, tanh(0.5) and tanh(1), none. Then their sum.
    const weights = [...[1, 1, 3, -1], ...[5, 0.5, 0, 0, 0, 0, 0, 0], ...[1, 1]];
    const { model, out } = await modelOf(experiment, { inputShape: [1], outputs: 1 }, weights);
    const observer = model.observe();
    for (const input of [1, 2]) {
      const batch = { inputs: Float32Array.from([input]), labels: Float32Array.from([0]), count: 1 };
      observer.input.add(batch.inputs);
      model.gradient(batch, draws, out);
    }
    const { input, layers } = observer.observed();
    expect(input).toMatchObject({ count: 2, mean: 1.5, deviation: 0.5, minimum: 1, maximum: 2 });
    const [relu, tanh, last] = layers;
    // The outputs are 1, 1, 3, 0 and 2, 2, 6, 0: their mean is 15/8.
    expect(relu).toMatchObject({ dead: 1 / 4, equal: 2 / 4, saturated: null, inputMinimum: 1, units: 4 });
    expect(relu?.output).toMatchObject({ count: 8, mean: 15 / 8, minimum: 0, maximum: 6 });
    expect(tanh).toMatchObject({ dead: null, equal: 0, saturated: 2 / 4, inputMinimum: 0 });
    const sums = [Math.tanh(5) + Math.tanh(0.5), Math.tanh(10) + Math.tanh(1)];
    expect(last?.output.mean).toBeCloseTo((sums[0]! + sums[1]!) / 2, 6);
    // The loss of a sample is the square of its sum, so its gradient is twice that.
    expect(last?.outputGradient?.mean).toBeCloseTo(sums[0]! + sums[1]!, 6);
    expect(last?.outputGradient?.deviation).toBeCloseTo(sums[1]! - sums[0]!, 6);
    model.dispose();
  });

  it('tells the loss of equal outputs: the logarithm of the number of classes, or what is off the mean', async () => {
    const classes = await modelOf(
      { model: [{ dense: { units: 10 } }], loss: 'softmaxCrossEntropy' },
      { inputShape: [1], outputs: 10 },
    );
    const inputs = new Float32Array(4);
    const batch = { inputs, labels: Int32Array.from([0, 3, 3, 9]), count: 4 };
    expect(classes.model.constantLoss(batch, null) / 4).toBeCloseTo(Math.log(10), 6);
    const weighted = { ...batch, weights: Float32Array.from([1, 1, 1, 3]) };
    expect(classes.model.constantLoss(weighted, null)).toBeCloseTo(6 * Math.log(10), 5);
    const numbers = await modelOf(
      { model: [{ dense: { units: 1 } }], loss: 'meanSquaredError' },
      { inputShape: [1], outputs: 1 },
    );
    // Off the mean, 4, by 3, 1, 1 and 3.
    const targets = { inputs, labels: Float32Array.from([1, 3, 5, 7]), count: 4 };
    expect(numbers.model.constantLoss(targets, [4])).toBeCloseTo(9 + 1 + 1 + 9, 5);
    classes.model.dispose();
    numbers.model.dispose();
  });
});

describe('moments', () => {
  it('are those of all that was added, however it was cut, and leave out what is not finite', () => {
    const moments = new Moments();
    expect(moments.found()).toBeUndefined();
    moments.add([2, 4]);
    moments.add([4, NaN, 4, 5]);
    moments.add([5, 7, 9, Infinity]);
    // 2, 4, 4, 4, 5, 5, 7, 9: the mean is 5, and the squares about it sum up to 32, a variance of 4.
    expect(moments.found()).toEqual({ count: 8, mean: 5, deviation: 2, minimum: 2, maximum: 9, notFinite: 2 });
  });

  it('are right far from 0', () => {
    const moments = new Moments();
    for (const value of [1e9 + 1, 1e9 + 2, 1e9 + 3]) moments.add([value]);
    expect(moments.found()?.deviation).toBeCloseTo(Math.sqrt(2 / 3), 9);
  });
});

describe('units', () => {
  it('that put out the same up to rounding are equal, and dead ones only where there are no others', () => {
    const traces = new UnitTraces(4);
    for (let row = 0; row < 50; row += 1) traces.add([Math.sin(row), Math.sin(row) * (1 + 1e-8), Math.cos(row), 0]);
    expect([traces.equal, traces.dead]).toEqual([2 / 4, 1 / 4]);
    const dead = new UnitTraces(3);
    dead.add([0, 0, 0]);
    expect([dead.equal, dead.dead]).toEqual([1, 1]);
  });

  it('by the thousand are told apart', () => {
    const traces = new UnitTraces(2000);
    for (let row = 0; row < 8; row += 1) {
      traces.add(Float32Array.from({ length: 2000 }, (_, unit) => Math.sin(unit * 12.9898 + row * 78.233)));
    }
    expect(traces.equal).toBe(0);
  });
});
