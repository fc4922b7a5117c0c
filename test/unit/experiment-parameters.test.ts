/** Parameters that are right: what an experiment becomes for their values. Wrong ones are in test/bad-input. */
import { describe, expect, it } from 'vitest';
import { searchSchema } from '../../common/experiment/search-schema.js';
import {
  canonicalExperiment,
  defineExperiment,
  parseExperiment,
  parseTemplate,
  substitute,
} from '../../common/experiment/load.js';

const file = `
name: widths
data: { source: csv, path: digits.csv, label: $$price }
model: [flatten, { dense: { units: $width } }, { dense: { units: '=if($width > 4, 2 * $width, 10)' } }]
loss: softmaxCrossEntropy
optimizer: { adam: { learningRate: $rate } }
train: { epochs: 5, batchSize: '=4 * $micro', microBatchSize: $micro }
`;
const search =
  'search: { trials: 3, space: { width: { int: [1, 8] }, rate: { logUniform: [1e-4, 1e-1] }, micro: 16 } }';

describe('a file with parameters', () => {
  const given = parseExperiment(file, '/runs/a.yaml', [], ['width=8', 'rate=1e-2', 'micro=4']);

  it('has their values where they are referred to', () => {
    expect(given.model).toEqual(['flatten', { dense: { units: 8 } }, { dense: { units: 16 } }]);
    expect(given.optimizer).toMatchObject({ adam: { learningRate: 0.01 } });
    expect(given.train).toMatchObject({ batchSize: 16, microBatchSize: 4 });
  });

  it('is the experiment that has the values written out, to the byte', () => {
    const plain = file
      .replace('$width }', '8 }')
      .replace(/'=if[^']*'/, '16')
      .replace('$rate', '0.01')
      .replace("'=4 * $micro'", '16')
      .replace('$micro', '4');
    expect(canonicalExperiment(given)).toBe(canonicalExperiment(parseExperiment(plain, '/runs/a.yaml')));
  });

  it('has a literal dollar where two are written', () => {
    expect(given.data).toMatchObject({ label: '$price' });
  });

  it('takes constants from its space, and other values for them from the command line', () => {
    const train = (params: string[]) => parseExperiment(file + search, 'a.yaml', [], params).train.microBatchSize;
    expect(train(['width=8', 'rate=1e-2'])).toBe(16);
    expect(train(['width=8', 'rate=1e-2', 'micro=2'])).toBe(2);
  });

  it('takes the last of two values for one name', () => {
    const { model } = parseExperiment(file, 'a.yaml', [], ['width=8', 'rate=1', 'micro=1', 'width=2']);
    expect(model).toEqual(['flatten', { dense: { units: 2 } }, { dense: { units: 10 } }]);
  });

  it('takes a list or a map as a value', () => {
    const lists = file.replace(/model: .*/, 'model: $layers').replace(/optimizer: .*/, 'optimizer: $optimizer');
    const params = ['layers=[flatten, { dense: { units: 3 } }]', 'optimizer={ sgd: { learningRate: 1 } }', 'micro=1'];
    expect(parseExperiment(lists, 'a.yaml', [], params)).toMatchObject({
      model: ['flatten', { dense: { units: 3 } }],
      optimizer: { sgd: { learningRate: 1 } },
    });
  });
});

describe('a template', () => {
  const template = parseTemplate(file + search, '/runs/a.yaml');

  it('says what is searched, with the defaults', () => {
    expect(template.search).toEqual({
      trials: 3,
      space: { width: { int: [1, 8] }, rate: { logUniform: [1e-4, 1e-1] }, micro: 16 },
      keep: 5,
      retries: 2,
      sameFailures: 5,
    });
  });

  it('has its schedule, its rules and its budget resolved, times in seconds', () => {
    const limits = 'schedule: { asha: {} }, stopping: { median: {} }, budget: { time: 1h30m, computeTime: 2.5 }';
    const folds = 'crossValidation: { folds: 5 }';
    const text = file + search.replace('trials: 3', `trials: 3, ${limits}, ${folds}`);
    const limited = parseTemplate(text, '/runs/a.yaml').search;
    expect(limited).toMatchObject({
      schedule: { asha: { minEpochs: 1, eta: 4 } },
      stopping: { median: { fromEpoch: 1, trials: 3 } },
      budget: { time: 5400, computeTime: 2.5 },
      crossValidation: { folds: 5, stratified: true },
    });
    // What is resolved may be resolved again.
    expect(searchSchema.parse(limited)).toEqual(limited);
  });

  it('gives each trial its experiment, also after it has travelled as JSON', () => {
    const { value, folder } = JSON.parse(JSON.stringify(template)) as typeof template;
    const params = ['width=3', 'rate=1e-3'];
    const { search: _, ...single } = parseExperiment(file + search, '/runs/a.yaml', [], params);
    expect(substitute(value, { width: 3, rate: 1e-3 }, folder)).toEqual(single);
  });

  it('is not changed by a trial', () => {
    const before = JSON.stringify(template);
    substitute(template.value, { width: 3, rate: 1e-3 }, template.folder);
    expect(JSON.stringify(template)).toBe(before);
  });
});

it('defineExperiment takes the values as an object', () => {
  const experiment = defineExperiment(
    {
      name: 'typed',
      data: { source: 'idx', path: '/data' },
      model: ['flatten', { dense: { units: '$width' } }],
      loss: 'softmaxCrossEntropy',
      optimizer: { sgd: { learningRate: 1 } },
      train: { epochs: 1, batchSize: 8, microBatchSize: 4 },
    },
    { width: 7 },
  );
  expect(experiment.model).toEqual(['flatten', { dense: { units: 7 } }]);
});
