/** A sweep whose trials are several runs, over real processes: the table is the mean over folds and repetitions. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import type { TrialRow } from '../../coordinator/store/rows.js';
import { openStoreReader } from '../../coordinator/store/open-store.js';
import { epochReportOf } from '../../coordinator/sweep/run-report.js';

const execute = promisify(execFile);
const bin = join(packageRoot(), 'bin/polyak.js');

const experiment = `
name: folds
data: { source: csv, path: ${join(packageRoot(), 'examples/data/digits.csv.gz')}, header: false, test: 1500 }
preprocess: [{ scale: 0.0625 }]
model: [{ dense: { units: 10 } }]
loss: softmaxCrossEntropy
metrics: [accuracy]
objective: { metric: validation.accuracy }
optimizer: { sgd: { learningRate: $rate } }
train: { epochs: 3, batchSize: 64, microBatchSize: 64 }
search:
  trials: 3
  keep: 1
  crossValidation: { folds: 3, repeats: 2 }
  schedule: { successiveHalving: { minEpochs: 1, eta: 3 } }
  space: { rate: { logUniform: [1e-3, 1] } }
`;

interface Table {
  rows: TrialRow[];
  /** By trial, of its members, by epoch: accuracy. */
  values: number[][][];
  checkpoints: string[];
}

describe('three trials of three folds and two repetitions', () => {
  const folder = mkdtempSync(join(tmpdir(), 'polyak-folds-'));
  const file = join(folder, 'folds.yaml');
  const tables: Table[] = [];

  const sweep = async (workers: number): Promise<Table> => {
    const state = join(folder, `of-${workers}`);
    const args = ['sweep', file, '--workers', String(workers), '--backend', 'cpu', '--state', state, '--json'];
    await execute(process.execPath, [bin, ...args], { timeout: 200_000, maxBuffer: 1 << 26 });
    const place = join(state, readdirSync(state)[0]!);
    const store = await openStoreReader(join(place, 'coordinator.db'));
    try {
      const [row] = await store.sweeps();
      const { rows } = await store.trials({ sweep: row!.key });
      const values = await Promise.all(
        rows.map(async ({ number }) => {
          const runs = await store.runs({ sweep: row!.key, trial: number });
          return await Promise.all(
            runs.map(async ({ key }) =>
              (await store.reports(key))
                .filter(({ kind }) => kind === 'EPOCH')
                .map(({ body }) => Number(epochReportOf(body, 'validation.accuracy').report.value)),
            ),
          );
        }),
      );
      const all = readdirSync(place, { recursive: true, encoding: 'utf8' });
      return { rows, values, checkpoints: all.filter((path) => path.endsWith('checkpoints')).toSorted() };
    } finally {
      await store.close();
    }
  };

  beforeAll(async () => {
    writeFileSync(file, experiment);
    for (const workers of [1, 2]) tables.push(await sweep(workers));
  }, 400_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are judged by the mean over their six runs, with its deviation', () => {
    for (const { rows, values } of tables) {
      expect(rows.length).toBe(3);
      for (const { number, value, deviation, epoch } of rows) {
        const ofTrial = values[number]!;
        expect(ofTrial.length).toBe(6);
        const last = ofTrial.map((epochs) => epochs[epoch - 1]!);
        const mean = last.reduce((sum, each) => sum + each, 0) / 6;
        const squares = last.reduce((sum, each) => sum + (each - mean) ** 2, 0);
        expect(value).toBe(mean);
        expect(deviation).toBeCloseTo(Math.sqrt(squares / 5), 12);
        expect(new Set(last).size).toBeGreaterThan(1);
      }
    }
  });

  it('go on, or stop, with all their runs', () => {
    for (const { rows, values } of tables) {
      expect(rows.map(({ status }) => status).toSorted()).toEqual(['finished', 'stopped', 'stopped']);
      for (const { number, status } of rows) {
        const epochs = values[number]!.map(({ length }) => length);
        expect(epochs).toEqual(Array.from({ length: 6 }, () => (status === 'finished' ? 3 : 1)));
      }
    }
  });

  it('have one table, whatever the number of workers', () => {
    const plain = tables.map(({ rows, values }) => [
      values,
      rows.map(({ number, columns, status, epoch, value, deviation, loss }) => ({
        ...{ number, columns, status, epoch, value, deviation, loss },
      })),
    ]);
    expect(plain[1]).toEqual(plain[0]);
  });

  it('leave the checkpoints of all runs of the best trial, and of no other', () => {
    for (const { rows, checkpoints } of tables) {
      const best = rows.find(({ status }) => status === 'finished')!;
      const members = Array.from({ length: 6 }, (_, member) => `member-${member}`);
      expect(checkpoints).toEqual(members.map((name) => join('trials', String(best.number), name, 'checkpoints')));
    }
  });
});
