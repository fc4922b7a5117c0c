/** A space of thousands of parameters: what it takes to check grows as the space does. The limit is that of every test. */
import { expect, it } from 'vitest';
import { parseTemplate } from '../../common/experiment/load.js';

const parameters = 10_000;

it(`of ${parameters} choices is checked before anybody loses patience, and a key that is there twice is found in it`, () => {
  const choices = Array.from({ length: parameters }, (_, index) => `    p${index}: { choice: [1, 2] }`);
  const file = (lines: readonly string[]) =>
    [
      'name: large',
      'data: { source: csv, path: a.csv, validation: 10 }',
      'model: [{ dense: { units: 2 } }]',
      'loss: softmaxCrossEntropy',
      'optimizer: { sgd: { learningRate: $p0 } }',
      'train: { epochs: 2, batchSize: 4, microBatchSize: 4 }',
      'search:',
      '  trials: 3',
      '  space:',
      ...lines,
    ].join('\n');
  const { search } = parseTemplate(file(choices), 'large.yaml');
  expect(Object.keys(search.space)).toHaveLength(parameters);
  expect(() => parseTemplate(file([...choices, '    p7: 1']), 'large.yaml')).toThrow(
    "large.yaml:10010:5: 'p7' stands here a second time, first in line 17",
  );
});
