/** Names of Keras, tfjs, PyTorch, Optuna, Ray and W&B, each where its users would write it, and what they are told. */
import { describe, expect, it } from 'vitest';
import { defineExperiment } from '../../common/experiment/load.js';
import { withoutEquivalent } from '../../common/experiment/no-equivalent.js';
import { plainOf } from '../../common/experiment/suggest-value.js';
import { keySynonyms, valueSynonyms } from '../../common/experiment/synonyms.js';
import { keys, values } from './synonym-cases.js';

const right = {
  name: 'right',
  data: { source: 'csv', path: 'digits.csv' },
  model: ['flatten', { dense: { units: 10 } }],
  loss: 'softmaxCrossEntropy',
  optimizer: { adam: { learningRate: 1e-3 } },
  train: { epochs: 1, batchSize: 8, microBatchSize: 4 },
  search: { trials: 2, space: { rate: { uniform: [0, 1] }, kind: { choice: ['sgd', 'adam'] } } },
};

/** What is said of an experiment with `value` at the path, whose maps on the way are made. */
function saidOf(path: string, value: unknown): string[] {
  const experiment: unknown = structuredClone(right);
  const parts = path.split('.');
  let map = experiment as Record<string, unknown>;
  for (const [index, part] of parts.slice(0, -1).entries()) {
    const isNew = typeof map[part] !== 'object' || part === 'optimizer';
    if (isNew) map[part] = /^\d+$/.test(parts[index + 1]!) ? [] : {};
    map = map[part] as Record<string, unknown>;
  }
  map[parts.at(-1)!] = value;
  try {
    defineExperiment(experiment as never);
  } catch (error) {
    return (error as Error).message.split('\n');
  }
  return [];
}

const keyCases = Object.entries(keys).flatMap(([place, answers]) =>
  Object.entries(answers).map(([theirs, answer]): [string, string] => [`${place}${theirs}`, answer]),
);
const valueCases = Object.entries(values).flatMap(([place, answers]) =>
  Object.entries(answers).map(([theirs, answer]): [string, string, string] => [place, theirs, answer]),
);

describe('a key of another library is answered with ours:', () => {
  it.each(keyCases)('%s', (path, answer) => {
    expect(saidOf(path, 1)).toContainEqual(expect.stringMatching(endsWith(answer)));
  });

  it('every one that we know is tried', () => {
    const tried = new Set(keyCases.map(([path]) => plainOf(path.split('.').at(-1)!)));
    expect(Object.keys(keySynonyms).filter((theirs) => !tried.has(theirs))).toEqual([]);
  });
});

describe('a value of another library is answered with ours:', () => {
  it.each(valueCases)('%s: %s', (path, theirs, answer) => {
    expect(saidOf(path, theirs)).toContainEqual(expect.stringMatching(endsWith(answer)));
  });

  it('every one that we know is tried', () => {
    const tried = new Set(valueCases.map(([, theirs]) => plainOf(theirs)));
    expect(Object.keys(valueSynonyms).filter((theirs) => !tried.has(theirs))).toEqual([]);
  });
});

it('what has no equivalent is tried too, all of it', () => {
  const tried = new Set([
    ...keyCases.map(([path]) => plainOf(path.split('.').at(-1)!)),
    ...valueCases.map(([, theirs]) => plainOf(theirs)),
  ]);
  expect(withoutEquivalent.filter((theirs) => !tried.has(theirs))).toEqual([]);
});

/** The line's end: one word is a name of ours, anything else a sentence. */
function endsWith(answer: string): RegExp {
  const end = /^\S+$/.test(answer) ? `; did you mean '${answer}'?` : `; ${answer}`;
  return new RegExp(`${end.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)}$`);
}
