/**
 * The lecture's sanity checks before a training, on its two-layer network and real images of CIFAR-10: the loss at
 * initialisation is that of chance, regularisation raises it, and twenty images can be learned by heart.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { polyak } from '../inference/polyak.js';
import { missingData, realData } from '../real-data.js';
import { ClusterRun } from './cluster-run.js';

const cifar = realData('cifar10');

describe.skipIf(cifar === undefined)(`the two-layer network on CIFAR-10 (${missingData})`, () => {
  let folder: string;
  let file: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'polyak-sanity-'));
    // Twenty images of each class to train on, and one of each for the test split.
    const wanted = ['--wildcards', 'train/*/00[01]?.jpg', 'test/*/0000.jpg'];
    execFileSync('tar', ['-xzf', join(cifar!, 'cifar10-jpeg-full.tar.gz'), '-C', folder, ...wanted]);
    const kernelInitializer = { randomNormal: { standardDeviation: 1e-4 } };
    const experiment = {
      ...{ name: 'sanity', seed: 231, data: { source: 'images', path: folder, validation: 0 } },
      // Bytes less the mean image, as the lecture has them.
      preprocess: [{ subtractMean: 'image' }, { scale: 255 }],
      model: [
        'flatten',
        { dense: { units: 50, activation: 'relu', kernelInitializer } },
        { dense: { units: 10, kernelInitializer } },
      ],
      ...{ loss: 'softmaxCrossEntropy', metrics: ['accuracy'], optimizer: { sgd: { learningRate: 1e-3 } } },
      train: { epochs: 120, batchSize: 20, microBatchSize: 20 },
    };
    file = join(folder, 'sanity.yaml');
    writeFileSync(file, stringify(experiment));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function lossWith(l2: number): { data: number; penalty: number; chance: number } {
    const { status, lines, stderr } = polyak('inspect', file, '--samples', '200', '--set', `regularise.l2=${l2}`);
    expect({ status, stderr }).toEqual({ status: 0, stderr });
    return lines[0]?.['loss'] as { data: number; penalty: number; chance: number };
  }

  it('begins with the loss of chance, the logarithm of 10', () => {
    const loss = lossWith(0);
    expect(loss.chance).toBeCloseTo(Math.LN10, 5);
    expect(Math.abs(loss.data - Math.LN10)).toBeLessThan(0.01);
    expect(loss.penalty).toBe(0);
  });

  it('begins with 3.07 at a regularisation of 1e3, which is half the strength times the sum of squares in the lecture too', () => {
    // 3072 * 50 + 50 * 10 weights with a variance of 1e-8 have 1.541e-3 as their sum of squares; half of 1e3 times that is
    // 0.77. Without the half, it would take 500 to give the lecture's 3.07.
    const loss = lossWith(1e3);
    expect(Math.abs(loss.data + loss.penalty - 3.07)).toBeLessThan(0.03);
    expect(lossWith(500).penalty).toBeCloseTo(loss.penalty / 2, 10);
  });

  it('learns twenty images by heart: a loss below 0.01, and every one of them right', async () => {
    const run = ClusterRun.train(file, ['--workers', '1', '--set', 'data.validation=180']);
    try {
      await run.finished();
      const epochs = run.events.filter(({ event }) => event === 'epoch');
      expect(epochs.at(-1)?.['loss']).toBeLessThan(0.01);
      expect(epochs.at(-1)?.['accuracy']).toBe(1);
    } finally {
      run.remove();
    }
  });
});
