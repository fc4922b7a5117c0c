/** What is generated from the experiment's schema: the JSON Schema for editors, and the tables of the documentation. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { experimentJsonSchemaText } from '../../common/experiment/json-schema.js';
import { layerNames } from '../../common/experiment/layer-schema.js';
import { canonicalExperiment, parseExperiment, parseTemplate } from '../../common/experiment/load.js';
import { lossNames } from '../../common/experiment/losses.js';
import { metricNames } from '../../common/experiment/metrics.js';
import { withTables } from '../../common/experiment/reference-tables.js';
import { allKeys } from '../../common/experiment/schema-keys.js';
import { packageRoot } from '../../common/package-root.js';
import { planSearch } from '../../coordinator/search/plan.js';

const committed = readFileSync(join(packageRoot(), 'schema/experiment.schema.json'), 'utf8');
const documentation = readFileSync(join(packageRoot(), 'docs/experiment-file.md'), 'utf8');
const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(JSON.parse(committed) as object);

/** As an editor reads a file. */
function accepts(text: string): boolean {
  return validate(parseDocument(text, { merge: true }).toJS());
}

const smallest = `
name: smallest
data: { source: csv, path: digits.csv }
model: [flatten, { dense: { units: 10 } }]
loss: softmaxCrossEntropy
optimizer: { sgd: { learningRate: 1e-1 } }
train: { epochs: 1, batchSize: 8, microBatchSize: 4 }
`;
const withModel = (model: string) => smallest.replace(/model: .*/, `model: ${model}`);

describe("the editors' schema", () => {
  it("is the one that the experiment's schema gives; else run: npm run reference", () => {
    expect(committed === experimentJsonSchemaText()).toBe(true);
  });

  it('travels with the package', () => {
    const { files } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { files: string[] };
    expect(files).toContain('schema');
  });

  const folder = join(packageRoot(), 'examples');
  const examples = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  it.each(examples)('accepts %s, as it is and with every default', (name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    expect(accepts(text)).toBe(true);
    // What a sweep's parameters stand for is known only when they are drawn.
    if (/^search:/m.test(text)) return;
    expect(accepts(canonicalExperiment(parseExperiment(text, join(folder, name))))).toBe(true);
  });

  it.each([
    ['a layer by its name', withModel('[flatten, globalAveragePooling2d]')],
    ['a layer without a value', withModel('[flatten: , batchNormalization: ]')],
    ['layers within layers', withModel('[{ repeat: { times: 2, layers: [{ residual: { layers: [flatten] } }] } }]')],
    [
      'an initializer with options',
      withModel('[{ dense: { units: 1, kernelInitializer: { constant: { value: 1 } } } }]'),
    ],
    ['a model of a file', withModel('{ file: model.json }')],
    ['parameters in place of numbers', withModel('[{ dense: { units: $width } }, { dropout: { rate: =$p / 2 } }]')],
    ['parameters in place of names', withModel('[{ activation: $kind }, { dense: { units: 1, activation: $kind } }]')],
    ['parameters in place of maps and lists', withModel('$layers').replace(/\{ sgd.*/, '$optimizer')],
    ['a parameter as the source of the data', smallest.replace('source: csv', 'source: $source')],
    ['a clip that is taken away', `${smallest}clip: null`],
    ['merge keys', smallest.replace('{ epochs: 1,', '{ <<: { epochs: 1 },')],
    [
      'a search with every distribution',
      `${smallest}search:
  trials: 4
  space:
    a: { uniform: [0, 1], step: 0.1 }
    b: { logUniform: [1e-4, 1] }
    c: { normal: [0, 1] }
    d: { logNormal: [0, 1] }
    e: { int: [1, 8], step: 2 }
    f: { logInt: [1, 8] }
    g: { choice: [relu, [1, 2], { x: 3 }] }
    h: 3`,
    ],
    [
      'a search with conditional parameters, constraints and a sampler',
      `${smallest}search:
  trials: 4
  sampler: { grid: { points: { r: 3 } } }
  space:
    a: { choice: [{ value: { adam: { learningRate: $r } }, space: { r: { uniform: [0, 1] } } }, 3] }
  constraints: ['$r < 0.5']`,
    ],
    [
      'a search with a schedule, rules and limits',
      `${smallest}search:
  trials: 4
  space: {}
  schedule: { successiveHalving: { eta: 2 } }
  stopping: { patience: { epochs: 2 }, diverged: { factor: 4 } }
  parallel: 2
  budget: { time: 1h30m, computeTime: 7200, epochs: 9, failedTrials: 0 }
  crossValidation: { folds: 5 }`,
    ],
    ['a list of trials', `${smallest}search: { trials: 4, space: {}, sampler: { list: trials.csv } }`],
  ])('accepts %s', (_, text) => expect(accepts(text)).toBe(true));

  it.each([
    ['an unknown key', `${smallest}workers: 3`],
    ['a missing key', smallest.replace('loss: softmaxCrossEntropy', '')],
    ['a wrong type', smallest.replace('epochs: 1', 'epochs: many')],
    ['a number in quotes', smallest.replace('epochs: 1', 'epochs: "1"')],
    ['a number out of range', smallest.replace('1e-1', '-1')],
    ['braces around a parameter', smallest.replace('1e-1', '"${rate}"')],
    ['an option of another source', smallest.replace('path: digits.csv', 'path: x, size: [8, 8]')],
    ['an unknown layer', withModel('[gru]')],
    ['an unknown option of a layer', withModel('[{ dense: { units: 1, width: 2 } }]')],
    ["options beside a layer's name", withModel('[{ flatten: , units: 2 }]')],
    ['a layer by its name that needs options', withModel('[dense]')],
    ['a wrong layer within layers', withModel('[{ repeat: { times: 2, layers: [{ dense: {} }] } }]')],
    ['no layers', withModel('[]')],
    ['an unknown optimizer', smallest.replace('sgd', 'lion')],
    ['a parameter as the number of trials', `${smallest}search: { trials: $n, space: {} }`],
    ['an unknown distribution', `${smallest}search: { trials: 1, space: { a: { loguniform: [1, 2] } } }`],
    ['an unknown schedule', `${smallest}search: { trials: 1, space: {}, schedule: { pbt: {} } }`],
    ['an unknown limit', `${smallest}search: { trials: 1, space: {}, budget: { timeout: 3 } }`],
    ['an unknown sampler', `${smallest}search: { trials: 1, space: {}, sampler: sobl }`],
    ['a name that is no parameter', `${smallest}search: { trials: 1, space: { my-a: 1 } }`],
  ])('refuses %s', (_, text) => expect(accepts(text)).toBe(false));
});

describe('the documentation', () => {
  it('has the tables that the schema gives; else run: npm run reference', () => {
    expect(withTables(documentation) === documentation).toBe(true);
  });

  it('shows an experiment that is right', () => {
    const [, block] = /```yaml\n([^`]*)```/.exec(documentation) ?? [];
    expect(parseExperiment(block ?? '', 'a.yaml').name).toBe('fashion-mnist');
    expect(accepts(block ?? '')).toBe(true);
  });

  it('shows a sweep that is right, and whose schedule fits', () => {
    const [, block = ''] = /### schedule, stopping, budget\n[^`]*```yaml\n([^`]*)```/.exec(documentation) ?? [];
    const keys = /^(?:optimizer|train):.*\n/gm;
    const text = `${smallest.replaceAll(keys, '').replace('units: 10', 'units: $width')}metrics: [accuracy]\n${block}`;
    const inData = text.replace('digits.csv', 'digits.csv, validation: 100');
    const { search } = parseTemplate(inData, 'a.yaml');
    expect(accepts(inData)).toBe(true);
    const { schedule } = planSearch(
      {
        objective: { metric: 'validation.accuracy', direction: 'maximise', weights: 'last' },
        weightAverage: { decay: 0.995 },
        train: { epochs: 27 },
        search,
      },
      1,
    );
    const rungs = [60, 20, 6, 2].map((trials, rung) => ({ trials, untilStep: 3 ** rung }));
    expect(schedule).toEqual({ name: 'successiveHalving', brackets: [{ first: 0, rungs }] });
  });

  it('names every key of the schema, every layer, loss and metric', () => {
    const names = [...allKeys().map(({ key }) => key), ...layerNames, ...lossNames, ...metricNames];
    expect(names.filter((key) => !documentation.includes(key))).toEqual([]);
  });

  it('without one of the marks for tables is refused, as it is with one of no table', () => {
    expect(() => withTables(documentation.replace('table: layers', 'table: layerz'))).toThrow("no table 'layerz'");
    expect(() => withTables('')).toThrow('no mark <!-- table: … --> for data, augment');
  });
});
