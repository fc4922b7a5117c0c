/** An experiment file that is right, of which a case replaces lines; and what the user is told of the result. */
import { expect } from 'vitest';
import { PolyakError } from '../../common/errors.js';
import { parseExperiment } from '../../common/experiment/load.js';

/** Line by line, so that a case can replace one. */
const right = {
  name: 'name: digits',
  seed: 'seed: 1',
  data: 'data: { source: csv, path: digits.csv, validation: 100 }',
  preprocess: 'preprocess: [{ subtractMean: image }]',
  augment: 'augment: [{ flip: horizontal }]',
  model: 'model: [flatten, { dense: { units: 10 } }]',
  loss: 'loss: softmaxCrossEntropy',
  metrics: 'metrics: [accuracy]',
  optimizer: 'optimizer: { adam: { learningRate: 1e-3 } }',
  train: 'train: { epochs: 5, batchSize: 64, microBatchSize: 16 }',
};
/** In place of those that are right; `more` stands at the end, and an empty line is left out. */
export type Lines = Partial<Record<keyof typeof right | 'more', string>>;

/** What the user is told of a file `a.yaml`. */
export function messageOf(text: string, overrides: string[] = [], params: string[] = []): string {
  try {
    parseExperiment(text, 'a.yaml', overrides, params);
  } catch (error) {
    expect(error).toBeInstanceOf(PolyakError);
    expect((error as PolyakError).code).toBe('usage');
    return (error as PolyakError).message;
  }
  return 'accepted';
}

export function withLine(lines: Lines): string {
  return Object.values({ ...right, ...lines })
    .filter((line) => line !== '')
    .join('\n');
}
