/** Augmentation, mixup and test-time augmentation on a cluster: the same bits for any number of workers, and a use of them. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluateRun } from '../../inference/evaluate.js';
import type { ExperimentInput } from '../../common/experiment/schema.js';
import { loadRun } from '../../cli/load-run.js';
import type { TrainedRun } from '../../inference/trained-run.js';
import { readNewestWeights } from '../../server/checkpoint/newest-weights.js';
import { DataFolder } from '../bad-input/data-files.js';
import { image, imageData } from '../inference/experiments.js';
import { polyak } from '../inference/polyak.js';
import { drawSamples, table } from '../inference/scratch-run.js';
import { ClusterRun, type RunEvent } from './cluster-run.js';

const experiment: ExperimentInput = {
  name: 'augmented',
  ...image,
  augment: [
    { flip: 'horizontal' },
    { resizedCrop: { area: [0.5, 1] } },
    { rotate: { degrees: 10 } },
    { translate: { fraction: 0.1 } },
    { brightness: { factor: 0.2 } },
    { contrast: { factor: 0.2 } },
    { saturation: { factor: 0.2 } },
    { lighting: {} },
    { erase: {} },
    { cutout: { size: 2 } },
    { mixup: { alpha: 0.4 } },
  ],
  train: { epochs: 5, batchSize: 32, microBatchSize: 8, classWeights: { bee: 2 } },
  // Less than the 90 features and 6 products of colours, so that the statistics are of two chunks.
  chunkFloats: 64,
};

describe('a training with every augmentation, mixup and weights of classes', () => {
  let data: DataFolder;
  let run: ClusterRun;
  let reference: RunEvent;
  let trained: TrainedRun;
  const file = () => join(data.path, 'augmented.yaml');

  beforeAll(async () => {
    data = new DataFolder({ 'table.csv': table(imageData), 'augmented.yaml': JSON.stringify(experiment) });
    run = ClusterRun.train(file(), ['--workers', '1', '--shards', '1']);
    reference = await run.finished();
    trained = await loadRun(run.folder);
  }, 180_000);
  afterAll(async () => {
    await trained?.dispose();
    run.remove();
    data.remove();
  });

  it('has the same weights for 3 workers and 2 shards', async () => {
    const other = ClusterRun.train(file(), ['--workers', '3', '--shards', '2']);
    try {
      const result = await other.finished();
      for (const key of ['weightsSha256', 'averageSha256', 'validation', 'test']) {
        expect(result[key]).toEqual(reference[key]);
      }
    } finally {
      other.remove();
    }
  }, 180_000);

  it('has the same weights when all is killed on the way and it goes on from its checkpoint', async () => {
    const set = ['--set', 'checkpoint.every=0.05'];
    const killed = ClusterRun.train(file(), ['--workers', '1', '--shards', '1', ...set]);
    try {
      await killed.step(6);
      killed.process.kill('SIGKILL');
      await killed.exitCode();
      const resumed = await killed.resume(['--workers', '2', '--shards', '2']).finished();
      expect(resumed['weightsSha256']).toBe(reference['weightsSha256']);
    } finally {
      killed.remove();
    }
  }, 180_000);

  it('keeps the colours of its training split with the weights, behind the mean', async () => {
    const { record } = await readNewestWeights(join(run.folder, 'checkpoints'), 'last');
    expect(Buffer.from(record.preprocess ?? '', 'base64')).toHaveLength(4 * 96);
    expect(trained.preprocess).toHaveLength(90);
  });

  it('is evaluated as training did it, without augmentation', async () => {
    const { loss, accuracy } = await evaluateRun(trained, { split: 'validation' });
    expect({ loss, accuracy }).toEqual(reference['validation']);
  });

  it('is evaluated by the mean probability over ten crops, which predictions are too', async () => {
    const samples = drawSamples(7, imageData);
    const plain = await trained.predict(samples);
    const crops = await trained.predict(samples, { augment: 'tenCrop' });
    expect(crops).not.toEqual(plain);
    // A box of all of a picture is the picture.
    const whole = await trained.predict(samples, { augment: 'fiveCrop:1' });
    expect([...whole]).toEqual(Array.from(plain, (value) => expect.closeTo(value, 5) as number));
    for (let at = 0; at < crops.length; at += 3) {
      expect(crops[at]! + crops[at + 1]! + crops[at + 2]!).toBeCloseTo(1, 5);
    }
    const both = await trained.predict(samples, { augment: 'multiScale:1,0.5' });
    const half = await trained.predict(samples, { augment: 'multiScale:0.5' });
    expect([...both]).toEqual(Array.from(plain, (value, at) => expect.closeTo((value + half[at]!) / 2, 5) as number));
  });

  it('is evaluated on the command line too', () => {
    const { status, lines } = polyak('evaluate', run.folder, '--augment', 'tenCrop');
    expect(status).toBe(0);
    expect(lines.at(-1)).toMatchObject({ augment: 'tenCrop', samples: 50 });
    const refused = polyak('evaluate', run.folder, '--augment', 'tenCrop:2');
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain(
      '--augment tenCrop:2: parts of the sides are from 0.1 to 1, such as tenCrop:0.875',
    );
  });
});
