/** What becomes of the columns of a table: categories, missing values, targets, weights; and of NumPy's arrays. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { defineExperiment } from '../../common/experiment/load.js';
import type { ExperimentInput } from '../../common/experiment/schema.js';
import { decodeNpy, writeFloats } from '../../common/npy.js';
import { packageRoot } from '../../common/package-root.js';
import { BatchAssembler } from '../../worker/data/batch-assembler.js';
import { openDataset, type Dataset } from '../../worker/data/dataset.js';
import { NpzFile } from '../../worker/data/npz.js';
import { DataFolder, experimentOn } from '../bad-input/data-files.js';
import { npyBytes, npyFile, npyFloats, npzFile } from '../bad-input/npy-files.js';

const folders: DataFolder[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) folder.remove();
});

type Data = Record<string, unknown>;

async function openFiles(files: Record<string, string | Buffer>, data: Data, rest: Partial<ExperimentInput> = {}) {
  const folder = new DataFolder(files);
  folders.push(folder);
  const inside = (value: unknown): unknown => {
    if (typeof value === 'string') return value.replaceAll('@', folder.path);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, inside(each)]));
  };
  const experiment = defineExperiment(experimentOn(inside(data) as ExperimentInput['data'], rest));
  return { experiment, dataset: await openDataset(experiment) };
}

async function openTable(text: string, data: Data, rest: Partial<ExperimentInput> = {}): Promise<Dataset> {
  const regression = data['targets'] === undefined ? {} : { loss: 'meanSquaredError' as const };
  const files = { 'table.csv': text };
  return (await openFiles(files, { source: 'csv', path: '@/table.csv', ...data }, { ...regression, ...rest })).dataset;
}

/** Sample by sample, as they lie. */
function rowsOf({ memory, storePointer, features, splits }: Dataset): number[][] {
  const count = Object.values(splits).reduce((sum, split) => sum + split.count, 0);
  const floats = new Float32Array(memory.buffer, storePointer, count * features);
  return Array.from({ length: count }, (_, row) => [...floats.subarray(row * features, (row + 1) * features)]);
}

describe('a category', () => {
  const table = 'size,colour,kind\n1,red,x\n2,Blue,y\n3,green,x\n';

  it('is one feature for each, in byte-wise order, in its place among the columns', async () => {
    const dataset = await openTable(table, { columns: { colour: 'category' } });
    expect(dataset.shape).toEqual([4]);
    // Blue, green, red: capitals come first.
    expect(rowsOf(dataset)).toEqual([[1, 0, 0, 1], [2, 1, 0, 0], [3, 0, 1, 0]]); // prettier-ignore
  });

  it('has the order that is given, and those that do not occur', async () => {
    const colours = ['red', 'green', 'black', 'Blue'];
    const dataset = await openTable(table, { columns: { colour: { category: colours }, size: 'ignore' } });
    expect(rowsOf(dataset)).toEqual([[1, 0, 0, 0], [0, 0, 0, 1], [0, 1, 0, 0]]); // prettier-ignore
  });

  it('may be a number, and its column be known by its number', async () => {
    const dataset = await openTable('1,10,x\n2,9,y\n', { header: false, columns: { 2: 'category' }, label: 3 });
    expect(rowsOf(dataset)).toEqual([[1, 1, 0], [2, 0, 1]]); // prettier-ignore
  });

  it('may be called NA where it is said to be one', async () => {
    const dataset = await openTable('country,kind\nNA,x\nDE,y\n', { columns: { country: { category: ['DE', 'NA'] } } });
    expect(rowsOf(dataset)).toEqual([[0, 1], [1, 0]]); // prettier-ignore
  });

  it('is the same in a test file, whose categories come in another order', async () => {
    const files = { 'table.csv': table, 'test.csv': 'size,colour,kind\n4,green,y\n' };
    const data = { source: 'csv', path: '@/table.csv', test: '@/test.csv', columns: { colour: 'category' } };
    const { dataset } = await openFiles(files, data);
    expect(rowsOf(dataset)[3]).toEqual([4, 0, 1, 0]);
  });
});

describe('a missing value', () => {
  const column = (...cells: string[]) =>
    `a,b,kind\n${cells.map((cell, row) => `${cell},${row},k${row % 2}`).join('\n')}\n`;

  it.each([
    // 1, 2, 2, 7: mean 3, median 2.
    { rule: 'mean', fill: 3 },
    { rule: 'median', fill: 2 },
    { rule: 'mostFrequent', fill: 2 },
    { rule: { constant: -1 }, fill: -1 },
  ])('of numbers becomes the $rule', async ({ rule, fill }) => {
    const dataset = await openTable(column('1', '2', '?', '2', '7', 'NA', '', 'NaN'), { missing: { a: rule } });
    expect(rowsOf(dataset).map(([a]) => a)).toEqual([1, 2, fill, 2, 7, fill, fill, fill]);
    expect(dataset.encoding?.columns?.[0]).toEqual({ name: 'a', as: 'number', fill });
  });

  it('becomes the mean of the two in the middle, of an even number, and the smallest of what is equally frequent', async () => {
    const median = await openTable(column('1', '2', '4', '9', '?'), { missing: { a: 'median' } });
    expect(rowsOf(median)[4]?.[0]).toBe(3);
    const frequent = await openTable(column('9', '4', '4', '9', '?'), { missing: { a: 'mostFrequent' } });
    expect(rowsOf(frequent)[4]?.[0]).toBe(4);
  });

  it('of categories becomes the most frequent, or a category of its own', async () => {
    const columns = { a: 'category', b: 'ignore' };
    const frequent = await openTable(column('u', 'v', 'v', '?'), { columns, missing: { a: 'mostFrequent' } });
    expect(rowsOf(frequent)[3]).toEqual([0, 1]);
    const own = await openTable(column('u', 'v', 'v', '?'), { columns, missing: { a: { constant: 'none' } } });
    expect(rowsOf(own)).toEqual([[0, 1, 0], [0, 0, 1], [0, 0, 1], [1, 0, 0]]); // prettier-ignore
  });

  it('is filled from the training split alone, in every split', async () => {
    const cells = Array.from({ length: 40 }, (_, row) => (row % 4 === 3 ? '?' : String(row * row)));
    const dataset = await openTable(column(...cells), { missing: { a: 'mean' }, validation: 10, test: 10 });
    const known = [...dataset.splits.train.rows].filter((row) => row % 4 !== 3);
    const mean = Math.fround(known.reduce((sum, row) => sum + row * row, 0) / known.length);
    const filled = rowsOf(dataset).filter((_, row) => row % 4 === 3);
    expect(filled.map(([a]) => a)).toEqual(filled.map(() => mean));
    const all = Array.from({ length: 40 }, (_, row) => row).filter((row) => row % 4 !== 3);
    expect(mean).not.toBe(Math.fround(all.reduce((sum, row) => sum + row * row, 0) / all.length));
  });
});

describe('targets', () => {
  it('are numbers to predict in the order that they are named, and no inputs', async () => {
    const dataset = await openTable('y,a,z\n1,2,3\n4,5,6\n', { targets: ['z', 'y'] });
    expect([dataset.outputs, dataset.classes, dataset.shape]).toEqual([2, null, [1]]);
    expect([...dataset.labels]).toEqual([3, 1, 6, 4]);
    const experiment = defineExperiment(
      experimentOn({ source: 'csv', path: 'x', targets: ['z'] }, { loss: 'meanSquaredError' }),
    );
    const { labels } = new BatchAssembler(dataset, experiment).assemble('train', [1, 0], null, 0);
    expect([...labels]).toEqual([6, 4, 3, 1]);
  });
});

describe('weights', () => {
  const table = 'a,w,kind\n1,1,x\n2,3,x\n3,0,x\n4,4,y\n';
  const train = { epochs: 1, batchSize: 4, microBatchSize: 4 };

  async function weightsOf(data: Data, rest: Partial<ExperimentInput>) {
    return await openTable(table, { columns: { w: 'ignore' }, ...data }, rest);
  }

  it('of samples are divided by their mean over the training split', async () => {
    const dataset = await openTable(table, { sampleWeight: 'w' });
    expect(dataset.shape).toEqual([1]);
    // 1 + 3 + 0 + 4 = 8, over four samples 2.
    expect([...(dataset.weights ?? [])]).toEqual([0.5, 1.5, 0, 2]);
  });

  it('that are balanced are n / (classes * n of the class)', async () => {
    const { weights } = await weightsOf({}, { train: { ...train, classWeights: 'balanced' } });
    // 4 / (2 * 3), and 4 / (2 * 1).
    expect([...(weights ?? [])]).toEqual([2 / 3, 2 / 3, 2 / 3, 2].map(Math.fround));
  });

  it('of classes go by name or number, and are 1 for others', async () => {
    const byName = await weightsOf({}, { train: { ...train, classWeights: { y: 5 } } });
    const byNumber = await weightsOf({}, { train: { ...train, classWeights: { 1: 5 } } });
    // 1 + 1 + 1 + 5 = 8, over four samples 2.
    expect([...(byName.weights ?? [])]).toEqual([0.5, 0.5, 0.5, 2.5]);
    expect(byNumber.weights).toEqual(byName.weights);
  });

  it('of samples and classes are multiplied', async () => {
    const dataset = await openTable(table, { sampleWeight: 'w' }, { train: { ...train, classWeights: { x: 2 } } });
    // 2 + 6 + 0 + 4 = 12, over four samples 3.
    expect([...(dataset.weights ?? [])]).toEqual([2 / 3, 2, 0, 4 / 3].map(Math.fround));
  });

  it('come with the batches of training, and with no others', async () => {
    const { dataset, experiment } = await openFiles(
      { 'table.csv': table },
      { source: 'csv', path: '@/table.csv', sampleWeight: 'w' },
    );
    const assembler = new BatchAssembler(dataset, experiment);
    const draws = { seed: 1, step: 0, microBatch: 0 };
    expect([...(assembler.assemble('train', [3, 0], draws, 0).weights ?? [])]).toEqual([2, 0.5]);
    expect(assembler.assemble('train', [3, 0], null, 0).weights).toBeUndefined();
  });

  it('change the fingerprint of the data', async () => {
    const other = await openTable(table.replace('1,1,x', '1,2,x'), { sampleWeight: 'w' });
    expect(other.fingerprint).not.toBe((await openTable(table, { sampleWeight: 'w' })).fingerprint);
  });
});

describe('arrays that NumPy has saved', () => {
  const golden = join(packageRoot(), 'test/golden');
  const expected = JSON.parse(readFileSync(join(golden, 'arrays.json'), 'utf8')) as Record<
    string,
    { type: string; shape: number[]; floats: number[] }
  >;

  it.each(['arrays.npz', 'arrays-deflated.npz'])(
    'are read from %s, of every type and in both byte orders',
    async (name) => {
      const file = await NpzFile.open(join(golden, name));
      try {
        for (const [key, { type, shape, floats }] of Object.entries(expected)) {
          const array = await file.read(key, 'data.inputs');
          const out = new Float32Array(array.values.length);
          writeFloats(array, 0, out.length, out);
          expect({ key, type: array.type, shape: array.shape, floats: out }).toEqual({
            ...{ key, type, shape },
            floats: Float32Array.from(floats),
          });
        }
      } finally {
        await file.close();
      }
    },
  );

  it('are read from a .npy', () => {
    const { shape, type, values } = decodeNpy(readFileSync(join(golden, 'array.npy')), 'array.npy');
    expect({ shape, type, values: [...values] }).toEqual({
      ...{ shape: [4, 3], type: 'int32' },
      values: expected['big_int32']?.floats,
    });
  });

  it('in slices are what they are as a whole', () => {
    const array = decodeNpy(readFileSync(join(golden, 'array.npy')), 'array.npy');
    const out = new Float32Array(3);
    writeFloats(array, 4, 7, out);
    expect([...out]).toEqual(expected['big_int32']?.floats.slice(4, 7));
  });
});

describe('npy and npz', () => {
  const x = npyFloats([4, 2, 1], [1, 2, 3, 4, 5, 6, 7, 8]);
  const y = npyFile('|i1', [4], [255, 3, 3, 255]);

  it('are samples of the shape that they have, with the classes that occur', async () => {
    const { dataset } = await openFiles(
      { 'x.npy': x, 'y.npy': y },
      { source: 'npy', path: '@/x.npy', label: '@/y.npy' },
    );
    expect([dataset.shape, dataset.classes]).toEqual([
      [2, 1],
      ['-1', '3'],
    ]);
    expect(rowsOf(dataset)[3]).toEqual([7, 8]);
    expect([...dataset.labels]).toEqual([0, 1, 1, 0]);
    expect(dataset.encoding).toEqual({ values: 'numbers' });
  });

  it('are the same data set, stored, deflated or apart', async () => {
    const data = { source: 'npz', path: '@/a.npz', validation: 1 };
    const arrays = { x_train: x, y_train: y };
    const prints = [
      await openFiles({ 'a.npz': npzFile(arrays) }, data),
      await openFiles({ 'a.npz': npzFile(arrays, { deflated: true }) }, data),
      await openFiles({ 'x.npy': x, 'y.npy': y }, { source: 'npy', path: '@/x.npy', label: '@/y.npy', validation: 1 }),
    ].map(({ dataset }) => dataset.fingerprint);
    expect(new Set(prints).size).toBe(1);
  });

  it('have test arrays of their own, bytes that stay bytes, and the shape that is asked for', async () => {
    const arrays = {
      ...{ x_train: npyBytes([2, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7]), y_train: npyBytes([2], [0, 1]) },
      ...{ x_test: npyBytes([1, 2, 2], [255, 9, 9, 9]), y_test: npyBytes([1, 1], [1]) },
    };
    arrays.y_train = npyBytes([2, 1], [0, 1]);
    const test = { inputs: 'x_test', label: 'y_test' };
    const { dataset } = await openFiles(
      { 'a.npz': npzFile(arrays) },
      { source: 'npz', path: '@/a.npz', test, shape: [2, 2, 1] },
    );
    expect([dataset.shape, dataset.bytesPerValue, dataset.splits.test.count]).toEqual([[2, 2, 1], 1, 1]);
    expect(new Uint8Array(dataset.memory.buffer, dataset.storePointer + 8, 4)).toEqual(Uint8Array.of(255, 9, 9, 9));
    expect(dataset.labels[2]).toBe(1);
  });

  it('have several numbers to predict, and weights', async () => {
    const files = {
      'x.npy': x,
      'y.npy': npyFloats([4, 2], [1, 2, 3, 4, 5, 6, 7, 8]),
      'w.npy': npyBytes([4], [0, 1, 1, 2]),
    };
    const data = { source: 'npy', path: '@/x.npy', label: '@/y.npy', sampleWeight: '@/w.npy', regression: true };
    const { dataset } = await openFiles(files, data, { loss: 'meanSquaredError' });
    expect([dataset.outputs, dataset.encoding]).toEqual([2, { values: 'numbers', outputs: 2 }]);
    expect([...dataset.labels]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect([...(dataset.weights ?? [])]).toEqual([0, 1, 1, 2]);
  });
});
