import { beforeAll, describe, expect, test } from 'vitest';
import { initialize } from '../../common/initializers.js';
import type { TensorSpec } from '../../common/manifest.js';
import { TrainingModel } from '../../worker/model/training-model.js';
import { configureTensorFlow, loadTensorFlow, type TF } from '../../worker/tensorflow/load.js';

let tf: TF;
beforeAll(async () => {
  configureTensorFlow({ backend: 'tensorflow', threads: 1 });
  tf = await loadTensorFlow('tensorflow');
});

const [samples, features, seed] = [64, 12, 231];
const inputs = Float32Array.from({ length: samples * features }, (_, at) => 5 * Math.sin(at * at) + 2);
const batch = { inputs, labels: Int32Array.from({ length: samples }, (_, at) => at % 4), count: samples };
const lsuv = { kernelInitializer: 'lsuv' };
const model = [
  { dense: { units: 16, activation: 'tanh', ...lsuv } },
  { dropout: { rate: 0.5 } },
  { dropConnect: { units: 8, activation: 'relu', rate: 0.5, biasInitializer: { constant: { value: 0.3 } }, ...lsuv } },
  { dense: { units: 4 } },
];

async function build() {
  const data = { inputShape: [features], outputs: 4 };
  const built = await TrainingModel.build(tf, { model, loss: 'softmaxCrossEntropy' }, data);
  const weights = new Float32Array(built.manifest.parameterCount);
  const draw = (tensor: TensorSpec) => {
    const index = built.manifest.parameters.indexOf(tensor);
    initialize(
      tensor.initializer,
      tensor.shape,
      seed,
      index,
      weights.subarray(tensor.offset, tensor.offset + tensor.length),
    );
    built.setWeights(weights, new Float32Array(0));
  };
  built.manifest.parameters.forEach(draw);
  const scale = (of = batch) =>
    built.scaleInitial(of, (tensor, gain) => {
      tensor.initializer.gain = gain;
      draw(tensor);
    });
  return { built, weights, scale };
}

/** x W + b in float64, and the deviation of all of it. */
function layer(x: number[][], weights: Float32Array, kernel: TensorSpec, bias: TensorSpec) {
  const units = kernel.shape[1]!;
  const at = (row: number, unit: number) => weights[kernel.offset + row * units + unit]!;
  const output = x.map((sample) =>
    Array.from({ length: units }, (_, unit) =>
      sample.reduce((sum, value, row) => sum + value * at(row, unit), weights[bias.offset + unit]!),
    ),
  );
  const all = output.flat();
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  const deviation = Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length);
  return { output, deviation };
}

describe('layer-sequential unit variance', () => {
  test('gives each layer outputs of deviation 1 before its activation, whatever drops in training', async () => {
    const { built, weights, scale } = await build();
    scale();
    const [kernel1, bias1, kernel2, bias2] = built.manifest.parameters as [
      TensorSpec,
      TensorSpec,
      TensorSpec,
      TensorSpec,
    ];
    const x = Array.from({ length: samples }, (_, at) => [...inputs.slice(at * features, (at + 1) * features)]);
    const first = layer(x, weights, kernel1, bias1);
    expect(Math.abs(first.deviation - 1)).toBeLessThan(0.02);
    const second = layer(first.output.map((row) => row.map(Math.tanh)), weights, kernel2, bias2); // prettier-ignore
    expect(Math.abs(second.deviation - 1)).toBeLessThan(0.02);
    built.dispose();
  });

  test('is a gain of three digits for each kernel, by which anybody draws the same weights, and the same every time', async () => {
    const { built, weights, scale } = await build();
    const before = weights.slice();
    scale();
    const specs = built.manifest.parameters.map(({ name, initializer }) => [name, initializer.name, initializer.gain]);
    const gains = specs.flatMap(([, name, gain]) => (name === 'lsuv' ? [Number(gain)] : []));
    expect(specs.map(([name, by]) => `${name} ${by}`)).toContain('dense_1/kernel lsuv');
    expect(gains).toHaveLength(2);
    for (const gain of gains) expect(Number(gain.toPrecision(3))).toBe(gain);
    const [kernel] = built.manifest.parameters as [TensorSpec];
    // Orthonormal rows times the gain: the squares of a row add up to the gain's.
    const squares = weights.slice(0, 16).reduce((sum, weight) => sum + weight * weight, 0);
    expect(Math.sqrt(squares)).toBeCloseTo(gains[0]!, 6);
    expect(weights.slice(0, kernel.length)).not.toEqual(before.slice(0, kernel.length));
    const again = await build();
    again.scale();
    expect(again.weights).toEqual(weights);
    built.dispose();
    again.built.dispose();
  });

  test('of samples that are all 0 is refused with the layer', async () => {
    const { built, scale } = await build();
    const none = { ...batch, inputs: new Float32Array(inputs.length) };
    const message = "model: lsuv: layer 'dense_1' puts out values of deviation 0 for the first micro-batch";
    expect(() => scale(none)).toThrow(message);
    built.dispose();
  });
});
