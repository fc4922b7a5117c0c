/** `transfer` as it stands in an experiment file: what is allowed together, and what paths count from. */
import { describe, expect, it } from 'vitest';
import { parseExperiment } from '../../common/experiment/load.js';

const parse = (transfer: string) =>
  parseExperiment(
    [
      'name: test',
      'data: { source: csv, path: a.csv }',
      'model: [flatten, { dense: { units: 3 } }]',
      'loss: softmaxCrossEntropy',
      'optimizer: { sgd: { learningRate: 0.1 } }',
      'train: { epochs: 1, batchSize: 4, microBatchSize: 4 }',
      `transfer: ${transfer}`,
    ].join('\n'),
    '/folder/a.yaml',
  ).transfer;

describe('transfer in an experiment file', () => {
  it('counts its path from the file, and has defaults', () => {
    const transfer = parse('{ from: ../w.safetensors, freeze: null }');
    expect(transfer).toEqual({
      ...{ from: '/w.safetensors', weights: 'last', layout: 'tensorflow', map: {}, head: [], learningRates: {} },
      freeze: undefined,
    });
    expect(parse('{ from: /w.safetensors, freeze: { upTo: a } }')?.freeze).toEqual({ upTo: 'a' });
  });

  it.each([
    ['{ from: "https://a.b/w.safetensors" }', /transfer.from: .* is remote; bring the file/],
    ['{ from: a, freeze: [b], fineTuneFrom: c }', /transfer.fineTuneFrom: says what is frozen, and so does freeze/],
    ['{ from: a, freeze: [b], features: c }', /transfer.features: freezes all but its classifier/],
    ['{ from: a, freeze: b }', /transfer.freeze: is 'b', must be names of layers/],
    ['{ from: a, map: { "b*": "*c*" } }', /'\*c\*' has 2 stars, 'b\*' only 1/],
    ['{ from: a, learningRates: { b: -1 } }', /transfer.learningRates.b: is -1, must be at least 0/],
    ['{ freeze: [b] }', /transfer.from: is missing/],
    ['{ from: a, freze: [b] }', /transfer.freze: unknown key; did you mean 'freeze'\?/],
  ])('is refused as %s', (transfer, message) => {
    expect(() => parse(transfer)).toThrow(message);
  });
});
