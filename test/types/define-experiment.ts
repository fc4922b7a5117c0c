/**
 * What compiles and what does not, for the type check: each `@ts-expect-error` is an error if the line below it has none.
 * Nothing here runs.
 */
import { defineExperiment, type ExperimentInput, type LayerInput, type RunEvent } from '../../index.js';

const common = {
  data: { source: 'csv', path: 'table.csv' },
  loss: 'softmaxCrossEntropy',
  train: { epochs: 1, batchSize: 8, microBatchSize: 4 },
} as const;
const space = { learningRate: { logUniform: [1e-4, 1e-1] }, width: { choice: [8, 16] }, depth: 3 } as const;

export const right = defineExperiment({
  ...common,
  name: 'right',
  model: [
    'flatten',
    { repeat: { times: '$depth', layers: [{ dense: { units: '$width', activation: 'relu' } }] } },
    { dense: { units: '=2 * $width' } },
  ],
  optimizer: { adam: { learningRate: '$learningRate', beta1: '=1 - $learningRate' } },
  regularise: { l2: '$weightDecay' },
  search: { trials: 3, space },
}, { weightDecay: 1e-4 }); // prettier-ignore

export const searched = defineExperiment({
  ...common,
  name: 'searched',
  model: [{ dense: { units: '$width' } }],
  optimizer: '$optimizer',
  search: {
    trials: 3,
    sampler: { grid: { points: { rate: 3 } } },
    space: {
      width: { int: [8, 16] },
      optimizer: { choice: [{ value: { sgd: { learningRate: '$rate' } }, space: { rate: { uniform: [0, 1] } } }] },
    },
    constraints: ['$width * $rate < 8'],
  },
});

export const limited = defineExperiment({
  ...common,
  name: 'limited',
  model: [{ dense: { units: '$width' } }],
  optimizer: { sgd: { learningRate: 0.1 } },
  search: {
    trials: 9,
    space: { width: { int: [8, 16] } },
    schedule: {
      coarseToFine: {
        rounds: [
          { trials: 6, epochs: 1 },
          { trials: 3, epochs: 1 },
        ],
        widen: true,
      },
    },
    stopping: { diverged: { factor: 5 }, median: {}, threshold: { fromEpoch: 1, value: 0.5 }, patience: { epochs: 2 } },
    parallel: 2,
    budget: { epochs: 9, time: '1h30m', computeTime: 7200, failedTrials: 0 },
    price: 0.5,
    keep: 1,
    retries: 0,
    sameFailures: 2,
    crossValidation: { folds: 5, repeats: 2, stratified: false },
  },
});

export const unknownSchedule = defineExperiment({
  ...common,
  name: 'unknown-schedule',
  model: [{ dense: { units: 8 } }],
  optimizer: { sgd: { learningRate: 0.1 } },
  // @ts-expect-error: there is no such schedule
  search: { trials: 3, space: {}, schedule: { pbt: {} } },
});

export const unknownSampler = defineExperiment({
  ...common,
  name: 'unknown-sampler',
  model: [{ dense: { units: 8 } }],
  optimizer: { sgd: { learningRate: 0.1 } },
  // @ts-expect-error: there is no such sampler
  search: { trials: 3, sampler: 'bayes', space: {} },
});

export const withoutParameters = defineExperiment({
  ...common,
  name: 'plain',
  model: [{ dense: { units: 10 } }],
  optimizer: { sgd: { learningRate: 0.1, schedule: { cosine: {} } } },
});

export const misspelt = defineExperiment({
  ...common,
  name: 'misspelt',
  // @ts-expect-error: there is no $widht
  model: [{ dense: { units: '$widht' } }],
  // @ts-expect-error: there is no $learningRat
  optimizer: { adam: { learningRate: '$learningRat' } },
  search: { trials: 3, space: { learningRate: { logUniform: [1e-4, 1e-1] }, width: { int: [8, 16] } } },
});

export const notGiven = defineExperiment(
  {
    ...common,
    name: 'not-given',
    model: [{ dense: { units: '$width' } }],
    // @ts-expect-error: only width is given
    optimizer: { adam: { learningRate: '$rate' } },
  },
  { width: 8 },
);

export const noSearch = defineExperiment({
  ...common,
  name: 'no-search',
  model: [{ dense: { units: 10 } }],
  // @ts-expect-error: there are no parameters at all
  optimizer: { adam: { learningRate: '$learningRate' } },
});

export const unknownKey = defineExperiment({
  ...common,
  name: 'unknown-key',
  model: [{ dense: { units: 10 } }],
  // @ts-expect-error: the key is learningRate
  optimizer: { adam: { learnRate: 1e-3 } },
});

export const unknownLayer = defineExperiment({
  ...common,
  name: 'unknown-layer',
  // @ts-expect-error: the layer is dense
  model: [{ Dense: { units: 10 } }],
  optimizer: { adam: { learningRate: 1e-3 } },
});

/** A program may make its layers one by one, and hand an experiment on. */
const hidden: LayerInput[] = [8, 16].map((units) => ({ dense: { units, activation: 'relu' } }));
const input: ExperimentInput = {
  ...common,
  name: 'made',
  model: [...hidden, { dense: { units: 10 } }],
  optimizer: { sgd: { learningRate: 0.1 } },
};
export const made = defineExperiment(input);

/** `event` tells the events apart, and every kind can be named. */
export function wordsOf(event: RunEvent): string {
  switch (event.event) {
    case 'started':
      return event.run;
    case 'progress':
      return `${event.step} of ${event.steps}`;
    case 'epoch':
      return `${event.validation?.accuracy}`;
    case 'notice':
      return `${event.kind}: ${event.message}`;
    case 'finished':
      return event.weightsSha256;
    case 'stopped':
      // @ts-expect-error: a run that was stopped has no results
      return event.weightsSha256;
    case 'diverged':
      return event.layer;
    case 'failed':
      return event.code;
  }
}
