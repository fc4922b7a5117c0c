/**
 * Methods of docs/methods.md at work on real data: each is one trial of a sweep over the bundled digits, as pictures of 8 by 8, and
 * learns in three epochs. That each computes what it should is proved elsewhere; here, that it trains. What needs three channels
 * (saturation, lighting) is not here.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sweep } from '../../cli/sweep/sweep-run.js';
import { loadTemplate } from '../../common/experiment/load.js';
import { packageRoot } from '../../common/package-root.js';
import type { TrialRow } from '../../coordinator/store/rows.js';

/** What each parameter may be; the first is there in every trial that is not about it, and so is proved by all of those. */
const space = {
  augment: [
    { contrast: { factor: 0.2 } },
    { crop: { padding: 1 } },
    { resizedCrop: { area: [0.6, 1] } },
    { translate: { fraction: 0.1 } },
    { rotate: { degrees: 10 } },
    { brightness: { factor: 0.2 } },
    { erase: { probability: 0.5, area: [0.02, 0.15] } },
    { cutout: { size: 3 } },
    { mixup: { alpha: 0.2 } },
  ],
  optimizer: [
    { adam: { learningRate: 5e-3, schedule: '$schedule' } },
    { sgd: { learningRate: 0.2 } },
    { nesterov: { learningRate: 0.02, momentum: 0.9 } },
    { adagrad: { learningRate: 0.03 } },
    { rmsprop: { learningRate: 3e-3 } },
    { adamw: { learningRate: 5e-3, weightDecay: 0.05 } },
    { amsgrad: { learningRate: 5e-3 } },
    { nadam: { learningRate: 5e-3 } },
    { lamb: { learningRate: 2e-2 } },
  ],
  schedule: [
    { constant: {} },
    { exponential: { factor: 0.8 } },
    { inverseTime: { decay: 0.3 } },
    { linear: {} },
    { oneCycle: {} },
  ],
  layer: [
    { activation: 'linear' },
    { layerNormalization: {} },
    { groupNormalization: { groups: 4 } },
    { spatialDropout2d: { rate: 0.1 } },
  ],
  initializer: ['heNormal', 'orthogonal'],
  maxNorm: [1000, 2],
  labelSmoothing: [0, 0.1],
  l1: [0, 1e-4],
  l2: [0, 1e-3],
};
/** By parameter: the label of the option that is taken. */
type Options = Partial<Record<keyof typeof space, string>>;

const first: Options = Object.fromEntries(Object.entries(space).map(([name, options]) => [name, labelOf(options[0]!)]));

/** Each alone, but for the elastic net, which is L1 and L2. */
const trials: [string, Options][] = [
  ...Object.entries(space).flatMap(([parameter, options]) =>
    options
      .slice(1)
      .map((option): [string, Options] => [`${parameter} ${labelOf(option)}`, { [parameter]: labelOf(option) }]),
  ),
  ['the elastic net', { l1: '0.0001', l2: '0.001' }],
];

function labelOf(option: object | number | string): string {
  return typeof option === 'object' ? Object.keys(option)[0]! : String(option);
}

const experiment = {
  name: 'methods',
  seed: 231,
  data: {
    ...{ source: 'csv', path: join(packageRoot(), 'examples/data/digits.csv.gz') },
    ...{ header: false, shape: [8, 8, 1], validation: 300, test: 360 },
  },
  preprocess: [{ subtractMean: 'image' }, { scale: 0.25 }],
  augment: ['$augment'],
  model: [
    { conv2d: { filters: 8, kernelSize: 3, padding: 'same' } },
    '$layer',
    { activation: 'relu' },
    { maxPooling2d: { poolSize: 2 } },
    'flatten',
    { dense: { units: 32, activation: 'relu', kernelInitializer: '$initializer', maxNorm: '$maxNorm' } },
    { dense: { units: 10 } },
  ],
  loss: { softmaxCrossEntropy: { labelSmoothing: '$labelSmoothing' } },
  metrics: ['accuracy'],
  regularise: { l1: '$l1', l2: '$l2' },
  objective: { metric: 'validation.accuracy' },
  optimizer: '$optimizer',
  train: { epochs: 3, batchSize: 32, microBatchSize: 32 },
  search: {
    ...{ trials: trials.length, sampler: { list: 'trials.csv' }, keep: 1 },
    space: Object.fromEntries(Object.entries(space).map(([name, options]) => [name, { choice: options }])),
  },
};

describe('on the digits, of which a tenth is right by chance,', () => {
  const folder = mkdtempSync(join(tmpdir(), 'polyak-methods-'));
  let rows: TrialRow[] = [];

  beforeAll(async () => {
    const names = Object.keys(space);
    const lines = trials.map(([, changes]) => names.map((name) => ({ ...first, ...changes })[name]).join(','));
    writeFileSync(join(folder, 'trials.csv'), [names.join(','), ...lines, ''].join('\n'));
    writeFileSync(join(folder, 'methods.yaml'), JSON.stringify(experiment));
    const template = await loadTemplate(join(folder, 'methods.yaml'));
    rows = (await sweep(template, { state: join(folder, 'state'), workers: 2 }).result).trials;
  }, 240_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(trials.map(([name], index) => [name, index] as const))('%s trains to 0.8 and more', (_, index) => {
    expect(rows[index]).toMatchObject({ status: 'finished', epoch: 3 });
    expect(rows[index]!.value).toBeGreaterThan(0.8);
  });

  it('no two methods have come to the same weights, so each has done something', () => {
    expect(new Set(rows.map(({ loss }) => loss)).size).toBe(trials.length);
  });
});
