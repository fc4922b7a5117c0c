/** What the full-batch methods refuse, and what they say then. */
import { describe, expect, it } from 'vitest';
import { defineExperiment } from '../../common/experiment/load.js';
import { fullBatchSchemas } from '../../common/experiment/schema.js';
import type { Manifest, VaryingLayer } from '../../common/manifest.js';
import { fullBatchMethods } from '../../server/full-batch/full-batch-method.js';
import { FullBatchTraining } from '../../server/lead/full-batch-training.js';

type Written = Parameters<typeof defineExperiment>[0];

const right = {
  name: 'right',
  data: { source: 'csv', path: 'digits.csv' },
  model: ['flatten', { dense: { units: 10 } }],
  loss: 'softmaxCrossEntropy',
  optimizer: { lbfgs: {} },
  train: { epochs: 10, batchSize: 128, microBatchSize: 64 },
};

function messageOf(act: () => unknown): string {
  try {
    act();
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

const saidOf = (changes: object) => messageOf(() => defineExperiment({ ...right, ...changes } as unknown as Written));

function manifest(...lengths: number[]): Manifest {
  const parameters = lengths.map((length, index) => ({ length, frozen: index > 0 }));
  return { parameters } as unknown as Manifest;
}

function checked(name: string, trainCount: number, ...lengths: number[]): string {
  const experiment = defineExperiment({ ...right, optimizer: { [name]: {} } } as unknown as Written);
  return messageOf(() => FullBatchTraining.of(experiment)?.check(experiment, trainCount, manifest(...lengths)));
}

it('every method has its schema', () => {
  expect(Object.keys(fullBatchMethods)).toEqual(Object.keys(fullBatchSchemas));
});

describe.each(Object.keys(fullBatchMethods))('%s', (name) => {
  it('refuses mini-batches with the batch size that it needs, and what else there is', () => {
    expect(checked(name, 1797, 100)).toBe(
      `train.batchSize: 128 makes mini-batches, but optimizer ${name} needs the gradient over all 1797 samples of the training split in every step, because a line search compares losses: make it 1856, or take an optimizer of mini-batches, such as adam`,
    );
    expect(checked(name, 128, 100)).toBe('');
  });

  it.each([
    [{ clip: { value: 1 } }, /^.*clip: does not go with .*; take it out$/],
    [{ regularise: { l1: 1e-3 } }, /regularise\.l1: 0\.001 does not go with .*smooth loss; take l2, or/],
    [{ augment: [{ flip: 'horizontal' }] }, /augment: changes the loss from step to step/],
    [{ model: ['flatten', { dropout: { rate: 0.5 } }, { dense: { units: 10 } }] }, /model\[1\]\S*: changes the loss/],
    [
      { model: ['flatten', { dropConnect: { units: 4, rate: 0.5 } }, { dense: { units: 10 } }] },
      /model\[1\]\S*: changes the loss/,
    ],
    [
      {
        model: [
          'flatten',
          { repeat: { times: 2, layers: [{ residual: { layers: [{ dense: { units: 64 } }], survival: 0.8 } }] } },
          { dense: { units: 10 } },
        ],
      },
      /survival: changes the loss/,
    ],
    [
      {
        model: [
          'flatten',
          {
            residual: {
              layers: [{ dense: { units: 64 } }],
              shortcut: [{ residual: { layers: [{ dense: { units: 64 } }], survival: 0.8 } }],
            },
          },
          { dense: { units: 10 } },
        ],
      },
      /shortcut\S*survival: changes the loss/,
    ],
    [{ loss: 'hinge' }, /loss: 'hinge' does not go with .*smooth loss; take softmaxCrossEntropy, or/],
    [
      { model: ['flatten', 'batchNormalization', { dense: { units: 10 } }] },
      /model\[1\]\S*: .* train\.microBatchSize: 64/,
    ],
  ])('refuses %j', (changes, message) => {
    expect(saidOf({ ...changes, optimizer: { [name]: {} } })).toMatch(message);
  });

  it.each([
    ['binaryHinge', 'binaryCrossEntropy', {}],
    ['meanAbsoluteError', 'huber', { regression: true }],
  ])('refuses the loss %s, whose gradient jumps, and names %s', (loss, smooth, data) => {
    const changes = { loss, data: { ...right.data, ...data }, model: ['flatten', { dense: { units: 1 } }] };
    expect(saidOf({ ...changes, optimizer: { [name]: {} } })).toContain(`needs a smooth loss; take ${smooth}, or`);
  });

  it('leaves batch normalisation that may be frozen to the manifest', () => {
    const model = (options: object) => ['flatten', { batchNormalization: options }, { dense: { units: 10 } }];
    expect(saidOf({ model: model({ trainable: false }), optimizer: { [name]: {} } })).toBe('');
    const transfer = { from: 'weights.safetensors', freeze: ['*'] };
    expect(saidOf({ model: model({}), transfer, optimizer: { [name]: {} } })).toBe('');
  });

  it("refuses a built model's layer that varies, by its name, whatever the model was written as", () => {
    const dropout = { name: 'drop', type: 'Dropout', by: 'draws' } as const;
    const norm = { name: 'norm', type: 'BatchNormalization', by: 'microBatch' } as const;
    const experiment = defineExperiment({ ...right, optimizer: { [name]: {} } } as unknown as Written);
    const check = (trainCount: number, layer: VaryingLayer) =>
      messageOf(() =>
        FullBatchTraining.of(experiment)?.check(experiment, trainCount, { ...manifest(100), varying: [layer] }),
      );
    expect(check(128, dropout)).toMatch(/^model: layer 'drop', Dropout, changes the loss from step to step/);
    expect(check(128, norm)).toMatch(
      /^model: layer 'norm', BatchNormalization, .*train\.microBatchSize: 64 normalises/,
    );
    expect(check(64, norm)).toBe('');
  });

  it('takes batch normalisation over the whole batch', () => {
    const train = { epochs: 10, batchSize: 128, microBatchSize: 128 };
    const model = ['flatten', 'batchNormalization', { dense: { units: 10 } }];
    expect(saidOf({ model, train, optimizer: { [name]: {} } })).toBe('');
  });
});

it('BFGS and Newton refuse models of more than 2,000 weights, and do not count frozen ones', () => {
  for (const name of ['bfgs', 'newton']) {
    expect(checked(name, 128, 2000, 500)).toBe('');
    expect(checked(name, 128, 2001)).toMatch(
      /has 2001 weights to train, but \w+ is for at most 2000.*lbfgs is for any/,
    );
  }
  expect(checked('lbfgs', 128, 1e6)).toBe('');
});

describe('reduceOnPlateau', () => {
  const optimizer = { sgd: { learningRate: 0.1, schedule: { reduceOnPlateau: {} } } };

  it('needs a validation', () => {
    expect(saidOf({ optimizer })).toMatch(/reduceOnPlateau: needs data\.validation above 0/);
    expect(saidOf({ optimizer, data: { source: 'csv', path: 'digits.csv', validation: 0.1 } })).toBe('');
  });
});
