/**
 * The loss that a training reports with L1 and L2, and where it leads, through real servers: PyTorch's numbers, of
 * test/golden/regularisation.py.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadRun } from '../../cli/load-run.js';
import { DataFolder } from '../bad-input/data-files.js';
import { worstDifference } from '../unit/golden-layers.js';
import { ClusterRun } from './cluster-run.js';

interface Golden {
  rate: number;
  inputs: number[];
  targets: number[];
  initial: Record<string, { shape: number[]; values: number[] }>;
  penalties: Record<'elastic', { l1: number; l2: number; steps: Record<string, { loss: number; weights: number[] }> }>;
}

const golden = JSON.parse(readFileSync(new URL('../golden/regularisation.json', import.meta.url), 'utf8')) as Golden;

/** The weights that it begins with, as a safetensors file. */
function initialWeights(): Buffer {
  const { initial } = golden;
  let end = 0;
  const entries = Object.entries(initial).map(([name, { shape, values }]) => {
    const from = end;
    end += 4 * values.length;
    return [name, { dtype: 'F32', shape, data_offsets: [from, end] }];
  });
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const floats = Float32Array.from(Object.values(initial).flatMap(({ values }) => values));
  return Buffer.concat([length, header, new Uint8Array(floats.buffer)]);
}

it("the loss of ten epochs of one step with both penalties is PyTorch's, penalties included, and so are the weights", async () => {
  const { l1, l2, steps } = golden.penalties.elastic;
  const rows = golden.targets.map((target, row) => [...golden.inputs.slice(3 * row, 3 * row + 3), target].join(','));
  const experiment = {
    name: 'penalised',
    data: { source: 'csv', path: 'table.csv', header: false, regression: true },
    model: [{ dense: { name: 'first', units: 4, activation: 'tanh' } }, { dense: { name: 'second', units: 1 } }],
    loss: 'meanSquaredError',
    regularise: { l1, l2 },
    optimizer: { sgd: { learningRate: golden.rate } },
    // All samples in three leaves.
    train: { epochs: 10, batchSize: 12, microBatchSize: 4 },
    transfer: { from: 'initial.safetensors' },
    // Kernels cut into parts.
    chunkFloats: 5,
  };
  const files = { 'table.csv': `${rows.join('\n')}\n`, 'initial.safetensors': initialWeights() };
  const folder = new DataFolder({ ...files, 'penalised.yaml': JSON.stringify(experiment) });
  const run = ClusterRun.train(join(folder.path, 'penalised.yaml'), ['--workers', '2', '--shards', '2']);
  try {
    await run.finished();
    const losses = run.events.filter(({ event }) => event === 'epoch').map(({ loss }) => Number(loss));
    expect(losses).toHaveLength(10);
    for (const step of [1, 2, 10]) {
      const { loss } = steps[step]!;
      expect(Math.abs(losses[step - 1]! - loss)).toBeLessThan(1e-5 * loss);
    }
    const { vector } = await loadRun(run.folder);
    expect(worstDifference(vector, steps[10]!.weights)).toBeLessThan(3e-6);
  } finally {
    run.remove();
    folder.remove();
  }
});
