/** Sequences, losses of errors, and metrics of several sums: as true on a cluster as images and their accuracy. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { DataFolder } from '../bad-input/data-files.js';
import { regressionData, robust } from '../inference/experiments.js';
import { table } from '../inference/scratch-run.js';
import { ClusterRun, type RunEvent } from './cluster-run.js';

async function finished(file: string, workers: number, shards: number): Promise<RunEvent> {
  const run = ClusterRun.train(file, ['--workers', String(workers), '--shards', String(shards)]);
  try {
    return await run.finished();
  } finally {
    run.remove();
  }
}

function expectSame(result: RunEvent, reference: RunEvent): void {
  for (const key of ['weightsSha256', 'averageSha256', 'validation', 'test']) {
    expect(result[key]).toEqual(reference[key]);
  }
}

describe('the example of waves, a convolution and an LSTM', () => {
  const file = join(packageRoot(), 'examples/sequence.yaml');
  let reference: RunEvent;
  beforeAll(async () => {
    reference = await finished(file, 1, 1);
  });

  it('tells 93 of 100 waves that it has not seen', () => {
    expect((reference['test'] as { averageAccuracy: number }).averageAccuracy).toBeGreaterThan(0.93);
  });

  it('has the same weights for 2 workers and 2 shards', async () => {
    expectSame(await finished(file, 2, 2), reference);
  });
});

describe('a regression judged by R squared', () => {
  let data: DataFolder;
  let reference: RunEvent;
  const file = () => join(data.path, 'robust.yaml');
  beforeAll(async () => {
    const experiment = { name: 'robust', ...robust, objective: { metric: 'validation.rSquared' } };
    data = new DataFolder({ 'table.csv': table(regressionData), 'robust.yaml': JSON.stringify(experiment) });
    reference = await finished(file(), 1, 1);
  });
  afterAll(() => data.remove());

  it('reports its metrics beside the loss, of the last weights and of their average', () => {
    const validation = reference['validation'] as Record<string, number>;
    expect(validation).toEqual({
      ...{ loss: expect.any(Number) as number, accuracy: null },
      ...{ rSquared: expect.any(Number) as number, rootMeanSquaredError: expect.any(Number) as number },
    });
    expect(validation['rSquared']).toBeGreaterThan(0.05);
    expect(Object.keys(reference['test'] as object).toSorted()).toEqual(
      ['accuracy', 'averageAccuracy', 'averageRSquared', 'averageRootMeanSquaredError', 'rSquared', 'rootMeanSquaredError'], // prettier-ignore
    );
  });

  it('has them to the last bit for 3 workers and 2 shards', async () => {
    expectSame(await finished(file(), 3, 2), reference);
  });
});
