/** Activations on Fashion-MNIST in one budget: the same network, samples and epochs, as many weights within a tenth. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { outlineModel } from '../../cli/model-outline.js';
import { train } from '../../cli/training-run.js';
import { defineExperiment } from '../../common/experiment/load.js';
import type { Experiment } from '../../common/experiment/schema.js';
import type { Finding } from './finding.js';

const slack = 0.02;
const weightsSlack = 0.1;
const epochs = 2;

interface Compared {
  name: string;
  /** What follows a layer with weights. */
  layer: object | string;
  initializer: string;
  /** Filters of both convolutions and units; maxout needs twice as many before it. */
  widths: [number, number, number];
  pieces?: number;
  /** Listed, and not held to relu's accuracy. */
  saturates?: boolean;
}

const widths: [number, number, number] = [16, 32, 64];
const he = { initializer: 'heNormal', widths };
const glorot = { initializer: 'glorotUniform', widths, saturates: true };
export const compared: readonly Compared[] = [
  { name: 'relu', layer: { activation: 'relu' }, ...he },
  { name: 'leakyReLU', layer: 'leakyReLU', ...he },
  { name: 'prelu', layer: 'prelu', ...he },
  { name: 'elu', layer: 'elu', ...he },
  { name: 'selu', layer: { activation: 'selu' }, initializer: 'lecunNormal', widths },
  { name: 'gelu', layer: { activation: 'gelu' }, ...he },
  { name: 'swish', layer: { activation: 'swish' }, ...he },
  { name: 'maxout', layer: { maxout: { pieces: 2 } }, initializer: 'heNormal', widths: [12, 22, 47], pieces: 2 },
  { name: 'sigmoid', layer: { activation: 'sigmoid' }, ...glorot },
  { name: 'tanh', layer: { activation: 'tanh' }, ...glorot },
];

export function activationExperiment(
  { name, layer, initializer, widths: of, pieces = 1 }: Compared,
  path: string,
): Experiment {
  const [first, second, units] = of.map((width) => width * pieces) as [number, number, number];
  const convolution = (filters: number) => ({
    conv2d: { filters, kernelSize: 3, padding: 'same', kernelInitializer: initializer },
  });
  const model = [
    ...[convolution(first), layer, 'maxPooling2d', convolution(second), layer, 'maxPooling2d', 'flatten'],
    ...[{ dense: { units, kernelInitializer: initializer } }, layer, { dense: { units: 10 } }],
  ];
  const experiment = {
    name: `activation-${name.toLowerCase()}`,
    seed: 231,
    data: { source: 'idx', path },
    preprocess: [{ subtractMean: 'image' }],
    model,
    loss: 'softmaxCrossEntropy',
    metrics: ['accuracy'],
    optimizer: { adam: { learningRate: 1e-3 } },
    train: { epochs, batchSize: 128, microBatchSize: 64 },
  };
  return defineExperiment(experiment as unknown as Parameters<typeof defineExperiment>[0]);
}

/** `path` is the folder of Fashion-MNIST. */
export async function activationFindings(path: string): Promise<Finding[]> {
  const state = mkdtempSync(join(tmpdir(), 'polyak-activations-'));
  try {
    const rows: { compared: Compared; accuracy: number; weights: number; seconds: number }[] = [];
    for (const each of compared) {
      const experiment = activationExperiment(each, path);
      const { manifest } = await outlineModel(experiment);
      const startedAt = performance.now();
      const { test } = await train(experiment, { state, workers: 2 }).result;
      const seconds = (performance.now() - startedAt) / 1000;
      const { accuracy } = test as { accuracy: number };
      rows.push({ compared: each, accuracy, weights: manifest?.parameterCount ?? 0, seconds });
      process.stdout.write(`${each.name}: ${accuracy.toFixed(4)} in ${seconds.toFixed(0)} s\n`);
    }
    const [relu] = rows;
    const gate = (relu?.accuracy ?? 1) - slack;
    return rows.map(({ compared: { name, saturates = false }, accuracy, weights, seconds }) => {
      const isFair = Math.abs(weights / (relu?.weights ?? 0) - 1) <= weightsSlack;
      return {
        name: `${name}, ${epochs} epochs of Fashion-MNIST`,
        passed: isFair && (saturates || accuracy >= gate),
        result: `test accuracy ${accuracy.toFixed(4)} (${saturates ? 'no gate' : `gate ${gate.toFixed(4)}`}), ${weights} weights, ${seconds.toFixed(0)} s`,
      };
    });
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}
