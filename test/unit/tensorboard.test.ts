/** Event files as TensorBoard's own reader, which checks every checksum, reads them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { crc32c } from '../../cli/tensorboard/crc32c.js';
import { ClusterRun } from '../cluster/cluster-run.js';
import { pythonWith } from '../inference/python.js';

let folder: string;

beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'polyak-events-'))));
afterEach(() => rmSync(folder, { recursive: true }));

interface Read {
  scalars: Record<string, [number, number][]>;
  hparams: Record<string, unknown>;
  group: string;
  status: number;
}

const read = (path: string) => JSON.parse(pythonWith('test-tensorboard', 'read_events.py', path)) as Read;

const experiment = `
name: curves
seed: 231
data: { source: csv, path: ${join(packageRoot(), 'examples/data/digits.csv.gz')}, header: false, validation: 200 }
model: [{ dense: { units: 10 } }]
loss: softmaxCrossEntropy
metrics: [accuracy]
optimizer: { adam: { learningRate: 1e-3 } }
train: { epochs: 2, batchSize: 128, microBatchSize: 64 }
`;

describe('CRC-32C', () => {
  it('of the examples of RFC 3720, appendix B.4', () => {
    expect(crc32c(Buffer.alloc(32)).toString(16)).toBe('8a9136aa');
    expect(crc32c(Buffer.alloc(32, 0xff)).toString(16)).toBe('62a8ab43');
    expect(crc32c(Buffer.from('123456789')).toString(16)).toBe('e3069283');
  });
});

describe('--tensorboard', () => {
  // Installing TensorBoard's reader takes its time, once.
  it('writes the curves and hyperparameters that TensorBoard shows', { timeout: 300_000 }, async () => {
    const file = join(folder, 'experiment.yaml');
    writeFileSync(file, experiment);
    const schedule = 'optimizer.adam.schedule={ cosine: { final: 0.1 } }';
    const args = ['--workers', '1', '--set', schedule, '--tensorboard', folder];
    const run = ClusterRun.train(file, args, { POLYAK_BACKEND: 'cpu' });
    try {
      await run.finished();
      const { scalars, hparams, group, status } = read(join(folder, 'curves-1'));
      const epochs = run.events.filter(({ event }) => event === 'epoch');
      const expected = epochs.map(({ step, loss }) => [step, Math.fround(Number(loss))]);
      expect(scalars['train/loss']).toEqual(expected);
      expect(scalars['validation/accuracy']).toHaveLength(2);
      // The last step of a cosine is nearly at the end of it.
      const rate = Number(hparams['optimizer.adam.learningRate']);
      expect(scalars['learning_rate']?.at(-1)?.[1]).toBeLessThan(0.11 * rate);
      expect(hparams).toMatchObject({
        seed: 231,
        'train.epochs': 2,
        loss: 'softmaxCrossEntropy',
        'data.header': false,
      });
      expect(Object.keys(hparams)).not.toContain('data.path');
      expect([group, status]).toEqual(['curves-1', 1]);
    } finally {
      run.remove();
    }
  });
});
