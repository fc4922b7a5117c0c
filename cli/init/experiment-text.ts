/** The text of a new experiment file: what was found, and a model that is a fair beginning for it. */
import { stringify } from 'yaml';
import type { Found } from './inspect.js';

export function experimentText(name: string, path: string, found: Found): string {
  const regression = found.classes === 0;
  const isImage = found.shape.length === 3;
  const { epochs, batchSize, microBatchSize } = trainingFor(found);
  const options = found.options.map(
    ([key, value, comment]) => `  ${key}: ${value}${' '.repeat(pad(key, value))} # ${comment}`,
  );
  return [
    `# ${found.summary.replace(/^found/, 'Made by polyak init, which found')}.`,
    '# All keys are explained in docs/experiment-file.md. See it with all defaults: npx polyak validate THIS-FILE',
    `name: ${name}`,
    'seed: 1 # another seed, another draw of everything: weights, order, splits, augmentation',
    'data:',
    `  source: ${found.source}`,
    `  path: ${stringify(path).trim()} # relative to this file`,
    ...options,
    'preprocess:',
    `  - subtractMean: ${isImage ? 'channel' : 'image'} # the mean over the training split`,
    `  - scale: ${found.scale} # brings the inputs to about -1 to 1`,
    ...augmentation(found),
    'model:',
    ...(isImage ? convolutional(found) : dense(found)),
    `loss: ${regression ? 'meanSquaredError' : 'softmaxCrossEntropy'}`,
    ...(regression ? [] : ['metrics: [accuracy]']),
    `objective: { metric: validation.${regression ? 'loss' : 'accuracy'} }`,
    'regularise: { l2: 1e-4 }',
    'optimizer: { adam: { learningRate: 1e-3, schedule: { cosine: {} } } }',
    'train:',
    `  epochs: ${epochs}`,
    `  batchSize: ${batchSize} # samples of a step`,
    `  microBatchSize: ${microBatchSize} # what workers share a step by: up to ${batchSize / microBatchSize} workers can help`,
    '',
  ].join('\n');
}

function pad(key: string, value: string): number {
  return Math.max(0, 14 - key.length - value.length);
}

function augmentation({ shape, source }: Found): string[] {
  if (shape.length !== 3) return [];
  const crop = Math.max(1, Math.round(Math.min(shape[0] ?? 0, shape[1] ?? 0) / 16));
  // Digits and letters are not what they are when mirrored; photographs are.
  const flip =
    source === 'idx' || source === 'npz'
      ? ['  # - flip: horizontal # where a mirrored picture is of the same class']
      : ['  - flip: horizontal'];
  return ['augment:', ...flip, `  - crop: { padding: ${crop} } # moves pictures by so many pixels`];
}

/** Convolutions and pools until a picture is about 8 on its shorter side. */
function convolutional({ shape, classes }: Found): string[] {
  const side = Math.min(shape[0] ?? 0, shape[1] ?? 0);
  const stages = Math.max(1, Math.min(4, Math.round(Math.log2(side / 7))));
  const blocks = Array.from({ length: stages }, (_, stage) => [
    `  - conv2d: { filters: ${Math.min(128, 32 * 2 ** stage)}, kernelSize: 3, padding: same, useBias: false, kernelInitializer: heNormal }`,
    '  - batchNormalization: { momentum: 0.9 }',
    '  - activation: relu',
    '  - maxPooling2d',
  ]);
  return [...blocks.flat(), '  - flatten', '  - dropout: { rate: 0.3 }', lastLayer(classes)];
}

function dense({ shape, classes }: Found): string[] {
  const units = Math.max(16, Math.min(256, 2 ** Math.round(Math.log2((shape[0] ?? 1) * 2))));
  return [
    '  - batchNormalization: { momentum: 0.9 } # features of any size',
    `  - dense: { units: ${units}, activation: relu, kernelInitializer: heNormal }`,
    `  - dense: { units: ${units}, activation: relu, kernelInitializer: heNormal }`,
    lastLayer(classes),
  ];
}

function lastLayer(classes: number): string {
  return classes === 0 ? '  - dense: { units: 1 }' : `  - dense: { units: ${classes} } # one value for each class`;
}

function trainingFor({ count, shape }: Found): { epochs: number; batchSize: number; microBatchSize: number } {
  const batchSize = count >= 20_000 ? 128 : count >= 1000 ? 64 : 32;
  const isImage = shape.length === 3;
  return { epochs: isImage ? 10 : 40, batchSize, microBatchSize: batchSize / 4 };
}
