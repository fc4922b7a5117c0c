/** Searches that are wrong beyond a single distribution, each with the exact message that the user gets. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadTemplate, parseTemplate } from '../../common/experiment/load.js';
import { withLine } from './experiment-lines.js';

const model = 'model: [flatten, { dense: { units: $w } }]';

function told(search: string, lines: Parameters<typeof withLine>[0] = {}): string {
  try {
    parseTemplate(withLine({ model, ...lines, more: `search: { trials: 3, ${search} }` }), 'a.yaml');
  } catch (error) {
    return (error as Error).message.replaceAll(/^a\.yaml:\d+:\d+: /gm, '');
  }
  return 'accepted';
}

describe('a space is refused', () => {
  const within = (option: string) => told(`space: { w: 8, o: { choice: [${option}] } }`);
  const one = 'must have exactly one of the keys uniform, logUniform, normal, logNormal, int, logInt, choice';

  it.each([
    [
      '{ a: { uniform: [2, 1] } }',
      'search.space.o.choice[0].a.uniform: is [2,1], must be [low, high] with low below high; write [1, 2]',
    ],
    [
      '{ value: 1, space: { b: { uniform: [2, 1] } } }',
      'search.space.o.choice[0].space.b.uniform: is [2,1], must be [low, high] with low below high; write [1, 2]',
    ],
    [
      '{ value: 1, space: { b: { min: 1, max: 2 } } }',
      `search.space.o.choice[0].space.b: is {"min":1,"max":2}, ${one}; write { int: [ 1, 2 ] }`,
    ],
    [
      '{ value: 1, space: { b-c: 3 } }',
      "search.space.o.choice[0].space.b-c: 'b-c' is no name of a parameter, letters, digits and underscores; write b_c",
    ],
    ['{ a: $depth }', "search.space.o.choice[0].a: is '$depth', there is no parameter $depth; search.space has w, o"],
    ['{ a: =2 * $ww }', "search.space.o.choice[0].a: is '=2 * $ww', there is no parameter $ww; did you mean $w?"],
    [
      '{ a: $o }',
      'search.space.o: is {"choice":[{"a":"$o"}]}, its value needs $o, which is itself; take the reference out',
    ],
    [
      '{ value: { a: $w }, space: { w: 3 } }',
      "search.space.o.choice[0].space.w: is 3, there is another parameter 'w' that may be there in the same trial; give one of them another name",
    ],
    [
      '{ choice: [1, 2] }',
      'search.space.o.choice[0]: is {"choice":[1,2]}, a choice is no option of a choice; write its options beside the others',
    ],
  ])('with the option %s', (option, message) => expect(within(option)).toBe(message));

  it('whose values need one another', () => {
    expect(told('space: { w: 8, a: { choice: [[$b]] }, b: { choice: [[$a]] } }')).toContain(
      'its value needs $a, which is itself',
    );
  });

  it('where one choice needs what only another has', () => {
    expect(told('space: { w: 8, a: { choice: [{ value: 1, space: { depth: 2 } }] }, b: { choice: [[$depth]] } }')).toBe(
      "search.space.b.choice[0][0]: is '$depth', there is no parameter $depth; search.space has w, a, b",
    );
  });

  it('where the experiment needs what only some trials have', () => {
    const conditional = 'space: { o: { choice: [1, { value: 2, space: { w: { int: [1, 4] } } }] } }';
    expect(told(conditional)).toBe(
      'model[1].dense.units: $w has no value where an option of the space without it is taken; refer to it within options that have it',
    );
    expect(told('space: { o: { choice: [{ value: 2, space: { w: { int: [1, 4] } } }] } }')).toBe('accepted');
  });
});

describe('a constraint is refused', () => {
  it.each([
    ['$w <', 'at column 5: something is missing at the end'],
    ['$v < 3', 'there is no parameter $v; did you mean $w?'],
    ['=$w < 3', "is a formula already; write it without '='"],
    ['$w && true', "at column 4: '&&' is not understood; write 'and'"],
  ])('that is %s', (text, problem) => {
    expect(told(`space: { w: 8 }, constraints: ['${text}']`)).toBe(`search.constraints[0]: is '${text}', ${problem}`);
  });

  it('that is no list', () => {
    expect(told("space: { w: 8 }, constraints: '$w > 3'")).toBe("search.constraints: is '$w > 3', must be a list");
  });
});

describe('a sampler is refused', () => {
  const kinds =
    'must be one of random, grid, sobol, latinHypercube, or a map such as { grid: { points: 5 } } or { list: trials.csv }';

  it.each([
    ['sobl', `search.sampler: is 'sobl', ${kinds}; did you mean 'sobol'?`],
    ['{ grid: { points: 0 } }', 'search.sampler.grid.points: is 0, must be above 0'],
    ['grid', "search.sampler: is 'grid', needs a number of points for r; write { grid: { points: 5 } }"],
    [
      '{ grid: { points: { w: 3 } } }',
      'search.sampler: is {"grid":{"points":{"w":3}}}, needs a number of points for r; write { grid: { points: { r: 5, … } } }',
    ],
    ['{ grid: { points: { r: 3, v: 2 } } }', 'search.sampler.grid.points.v: is 2, is of no parameter of the space'],
    [
      '{ grid: { points: few } }',
      "search.sampler.grid.points: is 'few', must be a whole number above 0, or one for each parameter such as { rate: 5 }",
    ],
    ['{ list: 3 }', 'search.sampler.list: is 3, must be text'],
  ])('that is %s', (sampler, message) => {
    expect(told(`space: { w: { int: [1, 9] }, r: { uniform: [0, 1] } }, sampler: ${sampler}`)).toBe(message);
  });
});

describe('the length of trials is refused', () => {
  const schedules =
    'must be a map with one of the keys successiveHalving, hyperband, asha, coarseToFine, such as { asha: {} }';

  it.each([
    ['schedule: asha', `search.schedule: is 'asha', ${schedules}; write schedule: { asha: {} }`],
    ['schedule: cosine', `search.schedule: is 'cosine', ${schedules}`],
    ['schedule: { ASHAScheduler: {} }', `search.schedule: is {"ASHAScheduler":{}}, ${schedules}; did you mean 'asha'?`],
    ['schedule: { asha: { max_t: 9 } }', "search.schedule.asha.max_t: unknown key; did you mean 'train.epochs'?"],
    [
      'schedule: { hyperband: { eta: 1 } }',
      'search.schedule.hyperband.eta: is 1, must be a whole number from 2: one trial in so many goes on',
    ],
    [
      'schedule: { coarseToFine: { rounds: [{ trials: 3, epochs: 1 }] } }',
      'search.schedule.coarseToFine.rounds: is [{"trials":3,"epochs":1}], must be two rounds or more; one alone is a sweep without a schedule',
    ],
    [
      'stopping: { patience: 3 }',
      'search.stopping.patience: is 3, must be a map of keys; write patience: { epochs: 3 }',
    ],
    [
      'stopping: { diverged: 5 }',
      'search.stopping.diverged: is 5, must be a map of keys; write diverged: { factor: 5 }',
    ],
    ['stopping: { threshold: { value: 0.5 } }', 'search.stopping.threshold.fromEpoch: is missing, must be a number'],
  ])('%s', (line, message) => expect(told(`space: { w: 8 }, ${line}`)).toBe(message));

  it('where trials would be compared after different numbers of epochs', () => {
    const train = 'train: { epochs: $w, batchSize: 64, microBatchSize: 16 }';
    expect(told('space: { w: { int: [1, 9] } }, schedule: { asha: {} }', { train })).toBe(
      "train.epochs: '$w' is of each trial, but search.schedule compares trials after as many epochs; write a number, the most epochs of any",
    );
    expect(told('space: { w: { int: [1, 9] } }', { train })).toBe(
      "train.epochs: '$w' is of each trial, but the trials of a sweep are compared after as many epochs; write a number, the most epochs of any",
    );
    expect(told('space: { w: 9 }, schedule: { asha: {} }', { train })).toBe('accepted');
  });
});

describe('what a sweep may cost is refused', () => {
  const time = 'must be a time such as 90s, 30m or 2h, or a number of seconds';

  it.each([
    ['budget: 2h', "search.budget: is '2h', must be a map of keys; write budget: { time: 2h }"],
    ['budget: { time: 2 hours }', `search.budget.time: is '2 hours', ${time}`],
    ["budget: { time: '90' }", `search.budget.time: is '90', ${time}`],
    ['budget: { computeTime: 0 }', `search.budget.computeTime: is 0, ${time}`],
    ['budget: { epochs: 1.5 }', 'search.budget.epochs: is 1.5, must be a whole number'],
    ['budget: { failedTrials: -1 }', 'search.budget.failedTrials: is -1, must be at least 0'],
    ['budget: { timeout: 3 }', "search.budget.timeout: unknown key; did you mean 'time'?"],
    ['parallel: 0', 'search.parallel: is 0, must be above 0'],
    ['price: 0', 'search.price: is 0, must be above 0'],
    ['keep: 0', 'search.keep: is 0, must be above 0'],
    ['retries: -1', 'search.retries: is -1, must be at least 0'],
    ['sameFailures: 0', 'search.sameFailures: is 0, must be above 0'],
    ['max_concurrent_trials: 2', "search.max_concurrent_trials: unknown key; did you mean 'parallel'?"],
  ])('%s', (line, message) => expect(told(`space: { w: 8 }, ${line}`)).toBe(message));
});

describe('cross-validation is refused', () => {
  it.each([
    ['5', 'search.crossValidation: is 5, must be a map of keys; write crossValidation: { folds: 5 }'],
    [
      '{ folds: 1 }',
      'search.crossValidation.folds: is 1, must be a whole number from 2: one fold validates, the others are trained on',
    ],
    ['{}', 'search.crossValidation: is {}, must have folds, or repeats above 1; write { folds: 5 }'],
    [
      '{ repeats: 1 }',
      'search.crossValidation: is {"repeats":1}, must have folds, or repeats above 1; write { folds: 5 }',
    ],
    [
      '{ folds: 5, stratified: yes }',
      "search.crossValidation.stratified: is 'yes', must be true or false; write stratified: true",
    ],
  ])('that is %s', (written, message) => {
    expect(told(`space: { w: 8 }, crossValidation: ${written}`)).toBe(message);
  });

  const excluded = (shown: string) =>
    `search.crossValidation.folds: excludes data.validation ${shown}, because each of the 5 folds is the validation once; take one of them out`;
  const folds = 'crossValidation: { folds: 5 }';

  it.each(['w: 8', 'w: { int: [1, 9] }'])('beside data of their own to validate by, with the space %s', (space) => {
    const paths = { data: 'data: { source: csv, path: a.csv, validation: b.csv }' };
    expect(told(`space: { ${space} }, ${folds}`, paths)).toBe(excluded("'b.csv'"));
    const arrays = {
      data: 'data: { source: npy, path: x.npy, label: y.npy, validation: { path: u.npy, label: v.npy } }',
    };
    expect(told(`space: { ${space} }, ${folds}`, arrays)).toBe(excluded('{"path":"u.npy","label":"v.npy"}'));
  });

  it('but not without folds, nor where samples are held out', () => {
    const paths = { data: 'data: { source: csv, path: a.csv, validation: b.csv }' };
    expect(told('space: { w: 8 }, crossValidation: { repeats: 3 }', paths)).toBe('accepted');
    expect(told(`space: { w: 8 }, ${folds}`)).toBe('accepted');
  });

  it('is a validation: an objective needs no other', () => {
    const lines = {
      data: 'data: { source: csv, path: a.csv }',
      loss: 'loss: softmaxCrossEntropy\nobjective: { metric: validation.accuracy }',
    };
    expect(told(`space: { w: 8 }, ${folds}`, lines)).toBe('accepted');
    expect(told('space: { w: 8 }, crossValidation: { repeats: 3 }', lines)).toBe(
      "objective.metric: 'validation.accuracy' needs data.validation above 0",
    );
  });
});

describe('a list of trials', () => {
  const search = 'search: { trials: 1, space: { w: { int: [1, 4] } }, sampler: { list: trials.csv } }';

  it('is read from beside the experiment, and refused where it is not there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'polyak-list-'));
    const file = join(folder, 'a.yaml');
    await writeFile(file, withLine({ model, more: search }));
    await expect(loadTemplate(file)).rejects.toThrow(
      `the list of trials '${join(folder, 'trials.csv')}' does not exist`,
    );
    await writeFile(join(folder, 'trials.csv'), 'w\n3\n');
    expect((await loadTemplate(file)).list).toBe('w\n3\n');
  });
});
