/** Experiment files that are right: what they become. Those that are wrong are in test/bad-input. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  canonicalExperiment,
  defineExperiment,
  loadExperiment,
  loadTemplate,
  parseExperiment,
} from '../../common/experiment/load.js';
import { packageRoot } from '../../common/package-root.js';

const smallest = `
name: smallest
data: { source: idx, path: data }
model: [flatten, { dense: { units: 10 } }]
loss: softmaxCrossEntropy
optimizer: { sgd: { learningRate: 1e-1 } }
train: { epochs: 1, batchSize: 8, microBatchSize: 4 }
`;

describe('a resolved experiment', () => {
  it('has every default filled in', () => {
    expect(parseExperiment(smallest, '/runs/a.yaml')).toEqual({
      name: 'smallest',
      seed: 1,
      data: { source: 'idx', path: '/runs/data', validation: 0 },
      preprocess: [],
      augment: [],
      model: ['flatten', { dense: { units: 10 } }],
      loss: 'softmaxCrossEntropy',
      metrics: [],
      objective: { metric: 'validation.loss', direction: 'minimise', weights: 'last' },
      regularise: { l1: 0, l2: 0 },
      optimizer: { sgd: { learningRate: 0.1 } },
      weightAverage: { decay: 0.995 },
      train: { epochs: 1, batchSize: 8, microBatchSize: 4, threads: 1 },
      numerics: 'exact',
      checkpoint: { every: 10, keep: 3 },
      chunkFloats: 65_536,
    });
  });

  it('reads numbers as YAML 1.2 does: 1e-3 is a number, yes is text', () => {
    const text = smallest.replace('1e-1', '1e-3').replace('name: smallest', 'name: yes');
    const experiment = parseExperiment(text, 'a.yaml');
    expect(experiment.optimizer).toEqual({ sgd: { learningRate: 0.001 } });
    expect(experiment.name).toBe('yes');
  });

  it('maximises an accuracy unless told otherwise', () => {
    const text = `${smallest}metrics: [accuracy]\nobjective: { metric: validation.accuracy }\n`;
    const { objective } = parseExperiment(text, 'a.yaml', ['data.validation=2']);
    expect(objective).toEqual({ metric: 'validation.accuracy', direction: 'maximise', weights: 'last' });
  });

  it('has the rate of a dropout, though what it keeps was written', () => {
    const inner = '{ repeat: { times: 2, layers: [{ spatialDropout1d: { keep: 0.7, name: b } }] } }';
    const text = smallest.replace('flatten,', `{ dropout: { keep: 0.8 } }, ${inner}, flatten,`);
    expect(parseExperiment(text, 'a.yaml').model).toEqual([
      { dropout: { rate: 0.2 } },
      { repeat: { times: 2, layers: [{ spatialDropout1d: { rate: 0.3, name: 'b' } }] } },
      'flatten',
      { dense: { units: 10 } },
    ]);
  });

  it('counts every path from the folder of the file', () => {
    const data = '{ source: csv, path: train.csv, validation: ../validation.csv, test: /data/test.csv }';
    const text = smallest.replace('{ source: idx, path: data }', data).replace(/model: .*/, 'model: { file: m.json }');
    const experiment = parseExperiment(text, '/runs/one/a.yaml');
    expect(experiment.data).toMatchObject({
      path: '/runs/one/train.csv',
      validation: '/runs/validation.csv',
      test: '/data/test.csv',
    });
    expect(experiment.model).toEqual({ file: '/runs/one/m.json' });
  });

  it('takes a search along, which changes nothing else', () => {
    const search = { trials: 4, space: { rate: { uniform: [0, 1] } } };
    const text = `${smallest}search: ${JSON.stringify(search)}\n`;
    const resolved = { ...search, keep: 5, retries: 2, sameFailures: 5 };
    expect(parseExperiment(text, 'a.yaml')).toEqual({ ...parseExperiment(smallest, 'a.yaml'), search: resolved });
  });

  it('is its own canonical text: read again, it is the same', () => {
    const experiment = parseExperiment(smallest, '/runs/a.yaml');
    const text = canonicalExperiment(experiment);
    expect(parseExperiment(text, '/elsewhere/b.json')).toEqual(experiment);
    expect(canonicalExperiment(parseExperiment(text, 'b.json'))).toBe(text);
  });

  it('has a canonical text that does not depend on the order of keys', () => {
    const turned = smallest.trim().split('\n').toReversed().join('\n');
    const left = canonicalExperiment(parseExperiment(smallest, 'a.yaml'));
    expect(canonicalExperiment(parseExperiment(turned, 'a.yaml'))).toBe(left);
    expect(left.startsWith('{"augment":[],"checkpoint":{"every":10,')).toBe(true);
  });
});

describe('an override', () => {
  const set = (...overrides: string[]) => parseExperiment(smallest, 'a.yaml', overrides);

  it('replaces a value, by the last of those that name it', () => {
    expect(set('train.epochs=3', 'train.epochs=7').train.epochs).toBe(7);
  });

  it('reaches into lists', () => {
    expect(set('model.1.dense.units=5').model).toEqual(['flatten', { dense: { units: 5 } }]);
  });

  it('adds what the file does not have', () => {
    expect(set('weightAverage.decay=0.5', 'clip.globalNorm=1')).toMatchObject({
      weightAverage: { decay: 0.5 },
      clip: { globalNorm: 1 },
    });
  });

  it('may be a whole map', () => {
    expect(set('optimizer={ adam: { learningRate: 3e-4 } }').optimizer).toEqual({
      adam: { learningRate: 3e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
    });
  });

  it('gives a reference of a search its value', () => {
    const text = smallest.replace('1e-1', '$rate');
    expect(parseExperiment(text, 'a.yaml', ['optimizer.sgd.learningRate=0.5']).optimizer).toEqual({
      sgd: { learningRate: 0.5 },
    });
  });

  it('takes away with null what may be absent', () => {
    expect(parseExperiment(`${smallest}clip: { value: 1 }\n`, 'a.yaml', ['clip=null']).clip).toBeUndefined();
  });
});

describe('the examples', () => {
  const folder = join(packageRoot(), 'examples');
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

  it('are there', () => expect(files).toContain('digits.yaml'));

  it.each(files)('%s is right, and named after its file', async (file) => {
    const path = join(folder, file);
    const isSweep = /^search:/m.test(readFileSync(path, 'utf8'));
    if (isSweep) {
      const { value, warnings } = await loadTemplate(path);
      expect(file).toContain(String((value as { name: unknown }).name));
      expect(warnings).toEqual([]);
    } else expect(`${(await loadExperiment(path)).name}.yaml`).toBe(file);
  });
});

describe('defineExperiment', () => {
  it('gives the same as a file, with paths from the working folder', () => {
    const experiment = defineExperiment({
      name: 'smallest',
      data: { source: 'idx', path: 'data' },
      model: ['flatten', { dense: { units: 10 } }],
      loss: 'softmaxCrossEntropy',
      optimizer: { sgd: { learningRate: 1e-1 } },
      train: { epochs: 1, batchSize: 8, microBatchSize: 4 },
    });
    expect(experiment).toEqual(parseExperiment(smallest, resolve('a.yaml')));
  });
});
