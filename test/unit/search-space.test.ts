/** From a space to a trial's experiment: conditional parameters, references, constraints, and what a slip is warned of. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { PolyakError } from '../../common/errors.js';
import {
  canonicalExperiment,
  parseExperiment,
  parseTemplate,
  substitute,
  templateOf,
} from '../../common/experiment/load.js';
import { packageRoot } from '../../common/package-root.js';
import type { Hyperparameters } from '../../coordinator/search/hyperparameters.js';
import { samplerFor } from '../../coordinator/search/sampler-registry.js';

const experiment = (search: string, optimizer = '$optimizer') => `
name: digits
seed: 7
data: { source: csv, path: digits.csv, validation: 100 }
model: [flatten, { dense: { units: $width } }, { dense: { units: 10 } }]
loss: softmaxCrossEntropy
optimizer: ${optimizer}
train: { epochs: 5, batchSize: 64, microBatchSize: 16 }
search:
${search}`;

const conditional = `
  trials: 40
  space:
    width: { int: [16, 64], step: 16 }
    optimizer:
      choice:
        - value: { adam: { learningRate: $rate, beta1: =1 - $small } }
          space: { rate: { logUniform: [1e-4, 1e-2] }, small: { choice: [0.1, 0.01] } }
        - value: { momentum: { learningRate: $rate, momentum: { uniform: [0.5, 0.99] } } }
          space: { rate: { logUniform: [1e-2, 1] } }
        - sgd: { learningRate: { choice: [0.1, { uniform: [0.2, 0.3] }] } }
  constraints: ['$width * $rate < 20']`;

/** The hyperparameters of the first trials. */
function drawnOf(text: string, count = 40) {
  const { value, folder, search } = parseTemplate(text, '/runs/a.yaml');
  const sampler = samplerFor(search, 7);
  const drawn = Array.from({ length: count }, (_, number) => sampler.draw(number));
  return drawn.map((hyperparameters) => ({
    ...hyperparameters,
    experiment: substitute(value, hyperparameters.parameters, folder),
  }));
}

describe('a choice of optimizers with parameters of their own', () => {
  const trials = drawnOf(experiment(conditional));
  const byOptimizer = groups(trials);

  it('makes a right experiment of every trial, with the branch that was taken', () => {
    expect(new Set(byOptimizer.keys())).toEqual(new Set(['adam', 'momentum', 'sgd']));
    for (const { experiment: made, columns, parameters } of trials) {
      expect(Object.keys(made.optimizer)).toEqual([columns['optimizer']]);
      expect(made.model).toEqual(['flatten', { dense: { units: parameters['width'] } }, { dense: { units: 10 } }]);
      expect(made).not.toHaveProperty('search');
    }
  });

  it("has the branch's values in it, those of references and of formulas too", () => {
    for (const { experiment: made, columns } of byOptimizer.get('adam')!) {
      expect(made.optimizer).toMatchObject({
        adam: { learningRate: columns['rate'], beta1: 1 - Number(columns['small']) },
      });
    }
    for (const { experiment: made, columns } of byOptimizer.get('momentum')!) {
      const momentum = columns['optimizer.momentum.momentum'];
      expect(made.optimizer).toMatchObject({ momentum: { learningRate: columns['rate'], momentum } });
    }
  });

  it('draws a name that two branches share from what the branch says', () => {
    const rates = (name: string) => byOptimizer.get(name)!.map(({ columns }) => Number(columns['rate']));
    expect(Math.max(...rates('adam'))).toBeLessThanOrEqual(1e-2);
    expect(Math.min(...rates('momentum'))).toBeGreaterThanOrEqual(1e-2);
  });

  it('leaves what belongs to other branches out, and does not call it null', () => {
    const keys = (name: string) => [...new Set(byOptimizer.get(name)!.flatMap(({ columns }) => Object.keys(columns)))];
    expect(keys('adam')).toEqual(['width', 'optimizer', 'rate', 'small']);
    expect(keys('momentum')).toEqual(['width', 'optimizer', 'rate', 'optimizer.momentum.momentum']);
    expect(keys('sgd')).toEqual(['width', 'optimizer', 'optimizer.sgd.learningRate']);
  });

  it('lets an option be a distribution itself', () => {
    const rates = byOptimizer.get('sgd')!.map(({ columns }) => Number(columns['optimizer.sgd.learningRate']));
    expect(rates.some((rate) => rate === 0.1)).toBe(true);
    expect(rates.filter((rate) => rate !== 0.1).every((rate) => rate >= 0.2 && rate <= 0.3)).toBe(true);
    expect(rates.some((rate) => rate !== 0.1)).toBe(true);
  });

  it('asks nothing of a constraint whose parameter is not there', () => {
    expect(byOptimizer.get('sgd')!.length).toBeGreaterThan(0);
    for (const { columns } of trials) {
      if ('rate' in columns) expect(Number(columns['width']) * Number(columns['rate'])).toBeLessThan(20);
    }
  });
});

function groups<Trial extends { columns: Record<string, unknown> }>(trials: Trial[]): Map<unknown, Trial[]> {
  const map = new Map<unknown, Trial[]>();
  for (const trial of trials)
    map.set(trial.columns['optimizer'], [...(map.get(trial.columns['optimizer']) ?? []), trial]);
  return map;
}

describe('a space', () => {
  const plain = '{ sgd: { learningRate: $rate } }';
  const withSpace = (space: string, more = '') =>
    experiment(`  trials: 4\n  space: ${space}${more === '' ? '' : `\n  ${more}`}`, plain);

  it('gives options the values of what stands beside the choice, in any order', () => {
    const [first] = drawnOf(
      withSpace(
        '{ rate: { choice: [0.5] }, width: 8, nets: { choice: [{ units: $units, rate: $rate }] }, units: { int: [3, 4] } }',
      ),
      1,
    );
    expect(first!.parameters['nets']).toEqual({ units: first!.parameters['units'], rate: 0.5 });
  });

  it('may compare the option that was taken, by its label', () => {
    const kinds = 'kind: { choice: [{ a: 1 }, { b: 2 }] }';
    const text = withSpace(`{ rate: 0.5, width: 8, ${kinds} }`, `constraints: ["$kind == 'b'"]`);
    expect(drawnOf(text, 4).map(({ columns }) => columns)).toEqual(Array(4).fill({ kind: 'b' }));
  });

  it('keeps constants out of the columns, and gives them to constraints', () => {
    const text = withSpace('{ rate: 0.5, width: { int: [1, 4] } }', "constraints: ['$width * $rate == 1']");
    const [first] = drawnOf(text, 1);
    expect(first).toMatchObject({ parameters: { rate: 0.5, width: 2 }, columns: { width: 2 } });
    expect(first!.columns).not.toHaveProperty('rate');
  });

  it('of a parameter more leaves the others as they were', () => {
    const one = drawnOf(withSpace('{ rate: { uniform: [0, 1] }, width: 8 }'), 4);
    const two = drawnOf(withSpace('{ more: { int: [1, 9] }, rate: { uniform: [0, 1] }, width: 8 }'), 4);
    expect(two.map(({ columns }) => columns['rate'])).toEqual(one.map(({ columns }) => columns['rate']));
  });
});

it("the documentation's example makes right experiments", () => {
  const documentation = readFileSync(join(packageRoot(), 'docs/experiment-file.md'), 'utf8');
  const [, block] = /### Parameters of an option[^]*?```yaml\n([^`]*)```/.exec(documentation) ?? [];
  const text =
    experiment('')
      .replace(/optimizer: .*/, '')
      .replace(/search:/, '')
      .replace('$width', '8') + block!;
  const taken = drawnOf(text).map(({ experiment: made, columns }) => [
    Object.keys(made.optimizer)[0],
    columns['optimizer'],
  ]);
  for (const [made, label] of taken) expect(made).toBe(label);
  expect(new Set(taken.map(([made]) => made))).toEqual(new Set(['adam', 'momentum']));
});

describe('any space', () => {
  const names = ['a', 'b', 'value', 'space', 'choice', 'uniform', 'int', 'step', '$a'];
  const leaf = fc.constantFrom(0, 1, -3, 0.5, 'x', '$a', '$b', '=2 * $a', '$$', true, null, [1, 2], [2, 1]);
  const { tree } = fc.letrec<{ tree: unknown; option: unknown }>((tie) => ({
    option: fc.record({
      value: tie('tree'),
      space: fc.dictionary(fc.constantFrom('c', 'd', 'a'), tie('tree'), { maxKeys: 2 }),
    }),
    tree: fc.oneof(
      { maxDepth: 5 },
      { weight: 3, arbitrary: leaf },
      {
        weight: 1,
        arbitrary: fc.constantFrom({ int: [1, 4] }, { uniform: [0, 1], step: 0.25 }, { logUniform: [1, 2] }),
      },
      { weight: 2, arbitrary: fc.record({ choice: fc.array(fc.oneof(tie('tree'), tie('option')), { maxLength: 3 }) }) },
      { weight: 1, arbitrary: fc.dictionary(fc.constantFrom(...names), tie('tree'), { maxKeys: 3 }) },
      { weight: 1, arbitrary: fc.array(tie('tree'), { maxLength: 2 }) },
    ),
  }));
  const spaces = fc.dictionary(fc.constantFrom('a', 'b', 'o'), tree, { minKeys: 1, maxKeys: 3 });

  it('is either refused in words, or draws the same trial twice, without a reference or a distribution left', () => {
    let accepted = 0;
    const property = fc.property(spaces, (space) => {
      const text = experiment(
        `  ${stringify({ trials: 9, space: { ...space, width: 8 } }, { collectionStyle: 'flow' })}`,
        '{ sgd: { learningRate: 1 } }',
      );
      let template;
      try {
        template = parseTemplate(text, 'a.yaml');
      } catch (error) {
        expect(error).toBeInstanceOf(PolyakError);
        expect((error as PolyakError).message).not.toMatch(/: is .*, $/m);
        return;
      }
      const draw = () => {
        try {
          return samplerFor(template.search, 3).draw(5);
        } catch (error) {
          // A formula over a text, which only the drawing can tell.
          expect((error as PolyakError).code).toBe('usage');
          return undefined;
        }
      };
      const drawn = draw();
      expect(draw()).toEqual(drawn);
      if (!drawn) return;
      accepted += 1;
      expect(JSON.stringify(drawn.parameters)).not.toMatch(
        /"\$[a-z]|"=2|"(?:int|uniform|logUniform)":\[[^\]]*\]\}|\{"choice":\[/,
      );
    });
    fc.assert(property, { numRuns: 600, seed: 231 });
    expect(accepted).toBeGreaterThan(50);
  });
});

describe('a search', () => {
  const warnings = (space: string) =>
    parseTemplate(experiment(`  trials: 4\n  space: ${space}`, '{ sgd: { learningRate: $rate } }'), 'a.yaml').warnings;

  it.each([
    [
      '{ rate: { uniform: [-5, -1] }, width: 8 }',
      'search.space.rate: [-5, -1] looks like exponents of 10; values are real values, write { logUniform: [1e-5, 1e-1] } if it is one',
    ],
    [
      '{ rate: { choice: [-3, -2] }, width: 8 }',
      'search.space.rate: -3 looks like exponents of 10; values are real values, write 1e-3 if it is one',
    ],
    [
      '{ rate: { logUniform: [1e-3, 10] }, width: 8 }',
      'search.space.rate: a learning rate of 10 is above 1, with which hardly anything trains; is it meant?',
    ],
    [
      '{ rate: 1, width: 8, other: { choice: [{ adam: { learningRate: { uniform: [1, 2] } } }] } }',
      'search.space.other.choice[0].adam.learningRate: a learning rate of 2 is above 1, with which hardly anything trains; is it meant?',
    ],
  ])('%s is warned of', (space, warning) => expect(warnings(space)).toEqual([warning]));

  it.each([
    '{ rate: { logUniform: [1e-4, 1] }, width: { int: [8, 64] } }',
    '{ rate: 0.1, width: 8, x: { uniform: [-1, 1] } }',
  ])('%s is not', (space) => expect(warnings(space)).toEqual([]));
});

describe('a template that is stored as JSON', () => {
  const text = experiment(conditional)
    .replace('units: $width', 'units: =2 * $width')
    .replace('trials: 40', 'trials: 40\n  budget: { time: 2h }\n  schedule: { asha: {} }');
  const { value, folder } = parseTemplate(text, '/runs/a.yaml');
  const stored = JSON.stringify({ value, folder });

  it('gives the search with its defaults, and each trial the experiment that the file gives it', () => {
    const read = JSON.parse(stored) as { value: unknown; folder: string };
    const template = templateOf(read.value, read.folder);
    expect(template.search).toMatchObject({ budget: { time: 7200 }, schedule: { asha: { eta: 4 } }, retries: 2 });
    const sampler = samplerFor(template.search, 7);
    const optimizers = Array.from({ length: 40 }, (_, number) => {
      const { parameters } = JSON.parse(JSON.stringify(sampler.draw(number))) as Hyperparameters;
      const made = substitute(template.value, parameters, template.folder);
      expect(made.model).toMatchObject(['flatten', { dense: { units: 2 * (parameters['width'] as number) } }, {}]);
      expect(made.data.path).toBe('/runs/digits.csv');
      expect(made.optimizer).toMatchObject(parameters['optimizer'] as object);
      expect(made).toEqual(substitute(value, sampler.draw(number).parameters, folder));
      // What a run stores, and reads again.
      expect(parseExperiment(canonicalExperiment(made), '/elsewhere/b.json')).toEqual(made);
      return Object.keys(made.optimizer)[0];
    });
    expect(new Set(optimizers)).toEqual(new Set(['adam', 'momentum', 'sgd']));
  });

  it('is refused as the file is, without its places', () => {
    const { value: wrong } = JSON.parse(stored.replace('"trials":40', '"trials":0')) as { value: unknown };
    expect(() => templateOf(wrong)).toThrow(new PolyakError('usage', 'search.trials: is 0, must be above 0'));
    expect(() => templateOf({ name: 'digits' })).toThrow('search: is missing');
  });
});
