/**
 * The gradients of bench/gradient.ts on native TensorFlow. Reads one command a line, answers with one line:
 * `MODEL COUNT` computes the model's gradient COUNT times, each with new weights, and prints the milliseconds of each.
 * Usage: gradient-process.js THREADS
 */
import { createInterface } from 'node:readline';
import { initialize } from '../common/initializers.js';
import { alignedFloats } from '../worker/model/aligned-floats.js';
import { TrainingModel } from '../worker/model/training-model.js';
import { configureTensorFlow, loadTensorFlow, type TF } from '../worker/tensorflow/load.js';

const convolution = (filters: number, normalized: boolean): unknown[] => [
  { conv2d: { filters, kernelSize: 3, padding: 'same', useBias: !normalized } },
  ...(normalized ? ['batchNormalization'] : []),
  { activation: 'relu' },
  { maxPooling2d: { poolSize: 2 } },
];
const network = (normalized: boolean) => ({
  inputShape: [32, 32, 3],
  count: 128,
  model: [
    ...convolution(32, normalized),
    ...convolution(64, normalized),
    'flatten',
    { dense: { units: 128, activation: 'relu' } },
    { dense: { units: 10 } },
  ],
});
const hidden = { dense: { units: 512, activation: 'relu' } };
const models: Record<string, ReturnType<typeof network>> = {
  convolutional: network(false),
  batchNormalization: network(true),
  perceptron: { inputShape: [784], count: 256, model: [hidden, hidden, { dense: { units: 10 } }] },
};

/** A function that computes one gradient. */
async function prepare(tf: TF, name: string): Promise<() => void> {
  const { inputShape, count, model: layers } = models[name]!;
  const features = inputShape.reduce((product, size) => product * size, 1);
  const experiment = { model: layers, loss: 'softmaxCrossEntropy', metrics: ['accuracy'] };
  const model = await TrainingModel.build(tf, experiment, { inputShape, outputs: 10 });
  const { manifest } = model;
  const lengths = [manifest.parameterCount, manifest.statisticsCount, count * features];
  const { arrays } = alignedFloats(lengths);
  const [parameters, statistics, inputs] = arrays as [Float32Array, Float32Array, Float32Array];
  for (const [index, { initializer, shape, offset, length }] of manifest.parameters.entries()) {
    initialize(initializer, shape, 231, index, parameters.subarray(offset, offset + length));
  }
  initialize({ name: 'randomUniform', minimum: 0, maximum: 1 }, [inputs.length], 231, 1000, inputs);
  const labels = Int32Array.from({ length: count }, (_, sample) => sample % 10);
  const out = { parameters: new Float32Array(parameters.length), statistics: new Float32Array(statistics.length) };
  let step = 0;
  return () => {
    model.setWeights(parameters, statistics);
    model.gradient({ inputs, labels, count }, { seed: 231, step: (step += 1), microBatch: 0 }, out);
  };
}

const threads = Number(process.argv[2]);
configureTensorFlow({ backend: 'tensorflow', threads });
const tf = await loadTensorFlow('tensorflow');
const prepared = new Map<string, () => void>();
console.log(JSON.stringify({ threads }));
for await (const line of createInterface({ input: process.stdin })) {
  const [name, count] = line.split(' ') as [string, string];
  const gradient = prepared.get(name) ?? (await prepare(tf, name));
  prepared.set(name, gradient);
  const times: number[] = [];
  for (let i = 0; i < Number(count); i += 1) {
    const started = performance.now();
    gradient();
    times.push(performance.now() - started);
  }
  console.log(JSON.stringify(times));
}
