/** `polyak train` with bad input: it says what is wrong, ends with the code for it, and has trained nothing. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ClusterRun } from '../cluster/cluster-run.js';
import { DataFolder } from './data-files.js';

const table = 'a,b,kind\n1,2,x\n1,two,y\n2,1,x\n2,2,y\n';

function experiment({
  loss = 'softmaxCrossEntropy',
  data = '{ source: csv, path: table.csv, validation: 2 }',
}): string {
  return [
    'name: bad',
    `data: ${data}`,
    'model: [{ dense: { units: 2 } }]',
    `loss: ${loss}`,
    'optimizer: { sgd: { learningRate: 0.1 } }',
    'train: { epochs: 1, batchSize: 2, microBatchSize: 1 }',
  ].join('\n');
}

describe('polyak train', () => {
  it.each([
    {
      what: 'a bad value in the file',
      text: experiment({ loss: 'perceptron' }),
      exitCode: 2,
      message:
        "@/bad.yaml:4:7: loss: is 'perceptron', must be one of softmaxCrossEntropy, binaryCrossEntropy, hinge, binaryHinge, meanSquaredError, meanAbsoluteError, huber, or with options such as { huber: { delta: 2 } }",
    },
    {
      what: 'a bad cell of the data',
      text: experiment({}),
      exitCode: 3,
      message: "@/table.csv:3: column 2 (b) is 'two', a number belongs there; text is data.columns: { b: category }",
    },
    {
      what: 'data that are not there',
      text: experiment({ data: '{ source: cifar10, path: none }' }),
      exitCode: 3,
      message: "data.path: '@/none' does not exist",
    },
  ])('ends with exit code $exitCode for $what', async ({ text, exitCode, message }) => {
    const folder = new DataFolder({ 'table.csv': table, 'bad.yaml': text });
    const run = ClusterRun.train(join(folder.path, 'bad.yaml'), ['--workers', '1']);
    try {
      expect(await run.exitCode()).toBe(exitCode);
      expect(run.events.filter(({ event }) => event === 'progress')).toEqual([]);
      const failed = run.events.find(({ event }) => event === 'failed');
      expect(failed?.['message']).toBe(message.replaceAll('@', folder.path));
    } finally {
      run.remove();
      folder.remove();
    }
  });
});
