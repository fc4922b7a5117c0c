/** The bundled tables as a user trains them, and that what a run has learned of its table goes with it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExperimentInput } from '../../common/experiment/schema.js';
import { packageRoot } from '../../common/package-root.js';
import { npyFloats, npyBytes, npzFile } from '../bad-input/npy-files.js';
import { polyak } from '../inference/polyak.js';
import { ScratchRun } from '../inference/scratch-run.js';
import { ClusterRun, type RunEvent } from './cluster-run.js';

const example = (name: string) => join(packageRoot(), `examples/${name}.yaml`);

async function trained(
  file: string,
  args: string[],
  use: (run: ClusterRun, finished: RunEvent) => void,
): Promise<void> {
  const run = ClusterRun.train(file, args);
  try {
    use(run, await run.finished());
  } finally {
    run.remove();
  }
}

describe('the wines', () => {
  it('are told apart, nine of ten that were held out, and with the same weights on one worker as on two', async () => {
    const hashes: unknown[] = [];
    for (const workers of ['1', '2']) {
      await trained(example('wine'), ['--workers', workers], (_, { test, weightsSha256, reproducible }) => {
        expect((test as { averageAccuracy: number }).averageAccuracy).toBeGreaterThanOrEqual(0.9);
        expect(reproducible).toBe(true);
        hashes.push(weightsSha256);
      });
    }
    expect(hashes[0]).toBe(hashes[1]);
  });

  it('are learned otherwise where classes do not count the same', async () => {
    const hashes = new Set<unknown>();
    for (const weights of ['balanced', '{ 0: 5 }', 'null']) {
      const set = weights === 'null' ? [] : ['--set', `train.classWeights=${weights}`];
      const file = weights === 'null' ? withoutWeights() : example('wine');
      await trained(file, [...set, '--workers', '1', '--epochs', '1'], (_, { weightsSha256 }) =>
        hashes.add(weightsSha256),
      );
    }
    expect(hashes.size).toBe(3);
  });
});

let scratch: string | undefined;
afterAll(() => {
  if (scratch !== undefined) rmSync(scratch, { recursive: true });
});

function withoutWeights(): string {
  scratch ??= mkdtempSync(join(tmpdir(), 'polyak-wine-'));
  const text = readFileSync(example('wine'), 'utf8')
    .replace(', classWeights: balanced', '')
    .replace('data/wine.csv', join(packageRoot(), 'examples/data/wine.csv'));
  const file = join(scratch, 'wine.yaml');
  writeFileSync(file, text);
  return file;
}

describe('the diabetes', () => {
  it('is predicted with about half the error of the mean', async () => {
    await trained(example('diabetes'), ['--workers', '2'], (run) => {
      const { lines } = polyak('evaluate', run.folder, '--weights', 'average');
      const { samples, loss, meanAbsoluteError } = lines.at(-1) as Record<string, number>;
      expect(samples).toBe(88);
      // The variance is about 5,900 and the mean distance from the mean about 65; linear regression leaves 3,000 and 44.
      expect(loss).toBeLessThan(3500);
      expect(meanAbsoluteError).toBeLessThan(50);
    });
  });
});

describe('a table of categories and missing values', () => {
  const rows = Array.from({ length: 120 }, (_, row) => {
    const colour = ['red', 'green', 'blue'][row % 3];
    const size = row % 7 === 0 ? '?' : String((row % 3) * 2 + (row % 5) / 10);
    return [row, colour, size, row % 2, colour === 'blue' ? 1.5 : 0.5, row % 3 === 0 ? 'a' : 'b'].join(',');
  });
  const table = ['id,colour,size,flag,w,kind', ...rows, ''].join('\n');
  const experiment: Omit<ExperimentInput, 'name'> = {
    data: {
      ...{ source: 'csv', path: 'table.csv', validation: 20, test: 20, sampleWeight: 'w' },
      columns: { id: 'ignore', colour: 'category' },
      missing: { size: 'mean', colour: 'mostFrequent' },
    },
    model: [{ dense: { units: 8, activation: 'relu' } }, { dense: { units: 2 } }],
    loss: 'softmaxCrossEntropy',
    metrics: ['accuracy'],
    optimizer: { adam: { learningRate: 0.02 } },
    train: { epochs: 8, batchSize: 16, microBatchSize: 8 },
  };
  let run: ScratchRun;
  const inData = (name: string) => join(run.data.path, name);
  beforeAll(async () => {
    run = await ScratchRun.train(experiment, { 'table.csv': table });
  });
  afterAll(() => run.remove());

  function predicted(name: string, text: string): unknown[] {
    writeFileSync(inData(name), text);
    const { status, lines, stderr } = polyak('predict', run.process.folder, inData(name));
    expect({ status, stderr: stderr.split('\n').filter((line) => line.startsWith('polyak:')) }).toEqual({
      ...{ status: 0, stderr: [] },
    });
    return lines.map(({ top }) => top);
  }

  it('is evaluated exactly as training reported it', () => {
    const { lines } = polyak('evaluate', run.process.folder, '--split', 'validation');
    const { loss, accuracy } = lines.at(-1) as Record<string, number>;
    expect({ loss, accuracy }).toEqual(run.finished['validation']);
  });

  it('is predicted without the label and the ignored, with columns in any order, filled as in training', () => {
    const column = run.run.encoding?.columns?.find(({ name }) => name === 'size');
    const fill = column?.as === 'number' ? column.fill : undefined;
    expect(fill).toBeGreaterThan(1);
    const whole = predicted('whole.csv', `id,colour,size,flag,w,kind\n1,red,${fill},1,1,a\n2,blue,2,0,1,b\n`);
    const bare = predicted('bare.csv', 'flag,size,colour\n1,?,red\n0,2,blue\n');
    expect(bare).toEqual(whole);
    expect(bare[0]).not.toEqual(bare[1]);
  });

  it('of a category that training did not have is refused', () => {
    writeFileSync(inData('strange.csv'), 'colour,size,flag\nviolet,1,0\n');
    const { status, stderr } = polyak('predict', run.process.folder, inData('strange.csv'));
    expect(status).toBe(3);
    expect(stderr).toContain(
      "strange.csv:2: column 1 (colour) is 'violet', which is none of its categories: blue, green, red",
    );
  });

  it('without a column that the model takes is refused', () => {
    writeFileSync(inData('short.csv'), 'colour,flag\nred,0\n');
    const { status, stderr } = polyak('predict', run.process.folder, inData('short.csv'));
    expect(status).toBe(3);
    expect(stderr).toContain("short.csv: has no column 'size', which the model takes; its columns are colour, flag");
  });

  it('elsewhere is evaluated with the categories and fills of the run', () => {
    const evaluate = (name: string, text: string) => {
      writeFileSync(inData(name), text);
      return polyak('evaluate', run.process.folder, '--data', inData(name)).lines.at(-1) as Record<string, unknown>;
    };
    const column = run.run.encoding?.columns?.find(({ name }) => name === 'size');
    const fill = column?.as === 'number' ? column.fill : undefined;
    const header = 'colour,size,flag,kind';
    const missing = evaluate('missing.csv', `${header}\nblue,?,0,a\nred,?,1,b\nred,9,1,b\n`);
    const given = evaluate('given.csv', `${header}\nblue,${fill},0,a\nred,${fill},1,b\nred,9,1,b\n`);
    expect(missing).toMatchObject({ samples: 3, loss: given['loss'] });
  });

  it('is described in what is exported', () => {
    const { status } = polyak('export', run.process.folder, '--format', 'safetensors', '--out', inData('out'));
    expect(status).toBe(0);
    const { columns } = JSON.parse(readFileSync(inData('out/metadata.json'), 'utf8')) as { columns: unknown[] };
    expect(columns).toMatchObject([
      { name: 'colour', as: 'category', categories: ['blue', 'green', 'red'] },
      { name: 'size', as: 'number' },
      { name: 'flag', as: 'number' },
    ]);
  });
});

describe('arrays of an npz with two numbers to predict', () => {
  it('are trained, evaluated as reported, and predicted by a .npy', async () => {
    const count = 64;
    const inputs = Array.from({ length: count * 6 }, (_, index) => Math.sin(index * 1.7));
    const numbers = Array.from({ length: count }, (_, row) => [inputs[row * 6]! + 1, inputs[row * 6 + 5]! * 2]).flat();
    const files = {
      'a.npz': npzFile({ x: npyFloats([count, 3, 2], inputs), y: npyFloats([count, 2], numbers) }, { deflated: true }),
      'x.npy': npyFloats([2, 3, 2], inputs.slice(0, 12)),
      'bytes.npy': npyBytes([1, 3, 2], [1, 2, 3, 4, 5, 6]),
    };
    const run = await ScratchRun.train(
      {
        data: { source: 'npz', path: 'a.npz', inputs: 'x', label: 'y', regression: true, validation: 8, test: 8 },
        model: ['flatten', { dense: { units: 2 } }],
        loss: 'meanSquaredError',
        optimizer: { adam: { learningRate: 0.05 } },
        train: { epochs: 10, batchSize: 16, microBatchSize: 8 },
      },
      files,
    );
    try {
      const { lines } = polyak('evaluate', run.process.folder, '--split', 'validation');
      expect((lines.at(-1) as { loss: number }).loss).toBe((run.finished['validation'] as { loss: number }).loss);
      const said = polyak('predict', run.process.folder, join(run.data.path, 'x.npy'));
      const expected = await run.run.predict(Float32Array.from(inputs.slice(0, 12)));
      expect(said.lines.flatMap(({ values }) => Object.values(values as object) as number[])).toEqual([...expected]);
      const bytes = polyak('predict', run.process.folder, join(run.data.path, 'bytes.npy'));
      expect(bytes.stderr).toContain('is uint8, but the model was trained on the numbers of arrays');
    } finally {
      run.remove();
    }
  });
});
