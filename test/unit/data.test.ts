/** Data sets of every source, whole: shapes, labels, order, splits. Broken ones are in test/bad-input. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { afterEach, describe, expect, it } from 'vitest';
import { defineExperiment, loadExperiment } from '../../common/experiment/load.js';
import type { ExperimentInput } from '../../common/experiment/schema.js';
import { packageRoot } from '../../common/package-root.js';
import { decodeAllCached } from '../../worker/data/picture-cache.js';
import { openDataset, type Dataset, type SplitName } from '../../worker/data/dataset.js';
import { sampleIdsOf } from '../../worker/data/epoch-order.js';
import { DataFolder, cifarBatch, experimentOn, idxFiles, png, type Files } from '../bad-input/data-files.js';
import { missingData, realData } from '../real-data.js';

const folders: DataFolder[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) folder.remove();
});

function folderOf(files: Files): string {
  const folder = new DataFolder(files);
  folders.push(folder);
  return folder.path;
}

async function open(data: ExperimentInput['data'], rest: Partial<ExperimentInput> = {}): Promise<Dataset> {
  return await openDataset(defineExperiment(experimentOn(data, rest)));
}

/** The values of a split's sample, and its label. */
function sample(dataset: Dataset, split: SplitName, id: number): { values: number[]; label: number } {
  const row = dataset.splits[split].rows[id]!;
  const { features, memory, storePointer, bytesPerValue } = dataset;
  const at = storePointer + row * features * bytesPerValue;
  const values =
    bytesPerValue === 1 ? new Uint8Array(memory.buffer, at, features) : new Float32Array(memory.buffer, at, features);
  return { values: [...values], label: dataset.labels[row]! };
}

describe('idx', () => {
  it('reads images as bytes, in the order of the file', async () => {
    const dataset = await open({ source: 'idx', path: folderOf(idxFiles()) });
    expect(dataset.shape).toEqual([2, 2, 1]);
    expect(dataset.classes).toEqual(['0', '1', '2']);
    expect(dataset.outputs).toBe(3);
    expect(dataset.bytesPerValue).toBe(1);
    expect(sample(dataset, 'train', 0)).toEqual({ values: [0, 1, 2, 3], label: 0 });
    expect(sample(dataset, 'train', 5)).toEqual({ values: [20, 21, 22, 23], label: 2 });
    expect(sample(dataset, 'test', 1)).toEqual({ values: [4, 5, 6, 7], label: 1 });
    expect(dataset.splits.validation.count).toBe(0);
  });

  it('packed by gzip is the same data set', async () => {
    const packed = Object.entries(idxFiles()).map(([name, content]) => [`${name}.gz`, gzipSync(content)]);
    const left = await open({ source: 'idx', path: folderOf(idxFiles()) });
    const right = await open({ source: 'idx', path: folderOf(Object.fromEntries(packed) as Files) });
    expect(right.fingerprint).toBe(left.fingerprint);
  });

  it('has another fingerprint when one pixel or one label is another', async () => {
    const changed = (name: string, at: number) => {
      const files = idxFiles();
      const bytes = Buffer.from(files[name] as Buffer);
      bytes[at]! ^= 1;
      return folderOf({ ...files, [name]: bytes });
    };
    const paths = [
      folderOf(idxFiles()),
      changed('train-images-idx3-ubyte', 20),
      changed('t10k-images-idx3-ubyte', 20),
      changed('train-labels-idx1-ubyte', 9),
    ];
    const prints = await Promise.all(paths.map(async (path) => (await open({ source: 'idx', path })).fingerprint));
    expect(new Set(prints).size).toBe(4);
  });
});

describe('cifar10', () => {
  it('turns planes into pixels, batch after batch', async () => {
    const path = folderOf({
      'data_batch_1.bin': cifarBatch([3, 9]),
      'data_batch_2.bin': cifarBatch([0]),
      'test_batch.bin': cifarBatch([7]),
      'batches.meta.txt': 'airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n',
    });
    const dataset = await open({ source: 'cifar10', path });
    expect(dataset.shape).toEqual([32, 32, 3]);
    expect(dataset.classes?.[3]).toBe('cat');
    expect(dataset.splits.train.count).toBe(3);
    const second = sample(dataset, 'train', 1);
    expect(second.label).toBe(9);
    expect(second.values.slice(0, 6)).toEqual([10, 11, 12, 10, 11, 12]);
    expect(sample(dataset, 'train', 2)).toMatchObject({ label: 0 });
    expect(sample(dataset, 'test', 0).label).toBe(7);
  });
});

describe('images', () => {
  it('takes classes and pictures in byte-wise order, capitals first', async () => {
    const [red, green, blue] = await Promise.all(['#ff0000', '#00ff00', '#0000ff'].map((colour) => png(2, 1, colour)));
    const path = folderOf({ 'a/2.png': red!, 'a/10.png': green!, 'B/x.png': blue!, 'notes.txt': 'no picture' });
    const dataset = await open({ source: 'images', path });
    expect(dataset.classes).toEqual(['B', 'a']);
    expect(dataset.shape).toEqual([1, 2, 3]);
    expect(sample(dataset, 'train', 0)).toEqual({ values: [0, 0, 255, 0, 0, 255], label: 0 });
    expect(sample(dataset, 'train', 1)).toEqual({ values: [0, 255, 0, 0, 255, 0], label: 1 });
    expect(sample(dataset, 'train', 2)).toEqual({ values: [255, 0, 0, 255, 0, 0], label: 1 });
  });

  it('takes test/ for the test split, where there is train/ beside it', async () => {
    const red = await png(2, 2, 'red');
    const path = folderOf({ 'train/a/1.png': red, 'train/b/1.png': red, 'test/b/1.png': red });
    const dataset = await open({ source: 'images', path });
    expect(dataset.splits.train.count).toBe(2);
    expect(sample(dataset, 'test', 0).label).toBe(1);
  });

  it('makes grey, transparent and deep pictures three bytes a pixel', async () => {
    const colour = { create: { width: 1, height: 1, channels: 3, background: '#804020' } } as const;
    const grey = await sharp({ create: { width: 1, height: 1, channels: 3, background: '#808080' } })
      .toColourspace('b-w')
      .png()
      .toBuffer();
    const transparent = await sharp(colour).ensureAlpha(0.5).png().toBuffer();
    const deep = await sharp(colour).toColourspace('rgb16').png().toBuffer();
    const dataset = await open({
      source: 'images',
      path: folderOf({ 'a/1.png': grey, 'a/2.png': transparent, 'b/1.png': deep }),
    });
    expect(sample(dataset, 'train', 0).values).toEqual([128, 128, 128]);
    expect(sample(dataset, 'train', 1).values).toEqual([128, 64, 32]);
    expect(sample(dataset, 'train', 2).values).toEqual([128, 64, 32]);
  });

  it('resizes all to data.size', async () => {
    const path = folderOf({ 'a/1.png': await png(9, 7, 'white'), 'b/1.png': await png(3, 5, 'white') });
    const dataset = await open({ source: 'images', path, size: [2, 4] });
    expect(dataset.shape).toEqual([2, 4, 3]);
    expect(sample(dataset, 'train', 1).values).toEqual(Array.from({ length: 24 }, () => 255));
  });

  it('stops when told to', async () => {
    const path = folderOf({ 'a/1.png': await png(1, 1, 'red'), 'b/1.png': await png(1, 1, 'red') });
    const experiment = defineExperiment(experimentOn({ source: 'images', path }));
    const signal = AbortSignal.abort(new Error('told to'));
    await expect(openDataset(experiment, { signal })).rejects.toThrow('told to');
  });
});

describe('the cache of decoded pictures', () => {
  const original = process.env['POLYAK_CACHE'];

  afterEach(() => {
    if (original === undefined) delete process.env['POLYAK_CACHE'];
    else process.env['POLYAK_CACHE'] = original;
  });

  /** A red and a blue pixel, and an empty cache that keeps even so few. */
  async function twoPictures() {
    const folder = folderOf({ '1.png': await png(1, 1, '#ff0000'), '2.png': await png(1, 1, '#0000ff') });
    process.env['POLYAK_CACHE'] = folderOf({});
    const files = ['1.png', '2.png'].map((name) => ({ path: join(folder, name), label: 0 }));
    const decode = async () => {
      const samples = new Uint8Array(files.length * 3);
      await decodeAllCached(files, [1, 1], samples, { resize: false, signal: undefined }, 2);
      return [...samples];
    };
    const entries = () => {
      const pictures = join(process.env['POLYAK_CACHE']!, 'pictures');
      return readdirSync(pictures).map((name) => join(pictures, name));
    };
    return { files, decode, entries };
  }

  const pixels = [255, 0, 0, 0, 0, 255];

  it('gives the pixels without decoding again', async () => {
    const { decode, entries } = await twoPictures();
    expect(await decode()).toEqual(pixels);
    const [entry] = entries();
    // Other pixels under a digest that is right: only who reads the entry gives them.
    const other = Uint8Array.from([1, 2, 3, 4, 5, 6]);
    writeFileSync(entry!, Buffer.concat([other, createHash('sha256').update(other).digest()]));
    expect(await decode()).toEqual([...other]);
  });

  it('decodes again where an entry is torn, and mends it', async () => {
    const { decode, entries } = await twoPictures();
    await decode();
    const bytes = readFileSync(entries()[0]!);
    writeFileSync(entries()[0]!, bytes.with(0, 1));
    expect(await decode()).toEqual(pixels);
    expect(readFileSync(entries()[0]!)).toEqual(bytes);
  });

  it('decodes again when a picture has changed', async () => {
    const { files, decode, entries } = await twoPictures();
    await decode();
    writeFileSync(files[0]!.path, await png(1, 1, '#00ff00'));
    expect(await decode()).toEqual([0, 255, 0, 0, 0, 255]);
    expect(entries()).toHaveLength(2);
  });

  it('knows the same pictures in another folder', async () => {
    const { files, decode, entries } = await twoPictures();
    await decode();
    const other = Uint8Array.from([1, 2, 3, 4, 5, 6]);
    writeFileSync(entries()[0]!, Buffer.concat([other, createHash('sha256').update(other).digest()]));
    const elsewhere = folderOf(
      Object.fromEntries(files.map(({ path }, index) => [`${index}.png`, readFileSync(path)])),
    );
    for (const [index, file] of files.entries()) file.path = join(elsewhere, `${index}.png`);
    expect(await decode()).toEqual([...other]);
  });

  it('keeps the eight that were used last', async () => {
    const { files, decode, entries } = await twoPictures();
    for (let green = 0; green < 10; green++) {
      writeFileSync(files[0]!.path, await png(1, 1, `#00${green}${green}00`));
      await decode();
    }
    expect(entries()).toHaveLength(8);
  });

  it('may be a place that cannot be written', async () => {
    const { files, decode } = await twoPictures();
    process.env['POLYAK_CACHE'] = files[0]!.path;
    expect(await decode()).toEqual(pixels);
  });
});

describe('csv', () => {
  const openCsv = async (text: string, options: Partial<Extract<ExperimentInput['data'], { source: 'csv' }>> = {}) => {
    const path = join(folderOf({ 'table.csv': text }), 'table.csv');
    const rest: Partial<ExperimentInput> = options.regression ? { loss: 'meanSquaredError' } : {};
    return await open({ source: 'csv', path, ...options }, rest);
  };

  it('reads float32 features and classes in byte-wise order', async () => {
    const dataset = await openCsv('a,b,kind\n1,-2.5,pear\n1e-3, 4 ,Apple\n');
    expect(dataset.classes).toEqual(['Apple', 'pear']);
    expect(dataset.shape).toEqual([2]);
    expect(sample(dataset, 'train', 0)).toEqual({ values: [1, -2.5], label: 1 });
    expect(sample(dataset, 'train', 1)).toEqual({ values: [Math.fround(1e-3), 4], label: 0 });
  });

  it('orders classes that are numbers as numbers', async () => {
    const dataset = await openCsv('1,10\n2,9\n3,10\n', { header: false });
    expect(dataset.classes).toEqual(['9', '10']);
  });

  it('takes the label from any column by its name', async () => {
    const dataset = await openCsv('kind,a,b\nx,1,2\ny,3,4\n', { label: 'kind' });
    expect(sample(dataset, 'train', 1)).toEqual({ values: [3, 4], label: 1 });
  });

  it('understands quotes, a byte order mark, and line ends of Windows', async () => {
    const dataset = await openCsv('\ufeff"a, first",kind\r\n"1","x, ""quoted"""\r\n2,y\r\n\r\n');
    expect(dataset.classes).toEqual(['x, "quoted"', 'y']);
    expect(sample(dataset, 'train', 0)).toEqual({ values: [1], label: 0 });
  });

  it('keeps the first cell where a line begins with an empty quoted one', async () => {
    await expect(openCsv('a,b,kind\n,"2",x\n3,4,y\n')).rejects.toThrow("table.csv:2: column 1 (a) is ''");
  });

  it('reads numbers to predict', async () => {
    const dataset = await openCsv('a,y\n1,0.5\n2,-1\n', { regression: true });
    expect(dataset.classes).toBeNull();
    expect(dataset.outputs).toBe(1);
    expect(dataset.labels).toEqual(Float32Array.from([0.5, -1]));
  });

  it('takes validation and test from files of their own', async () => {
    const folder = folderOf({
      'train.csv': 'a,kind\n1,x\n2,y\n',
      'validation.csv': 'a,kind\n3,y\n',
      'test.csv': 'a,kind\n4,y\n5,x\n',
    });
    const at = (name: string) => join(folder, name);
    const dataset = await open({
      source: 'csv',
      path: at('train.csv'),
      validation: at('validation.csv'),
      test: at('test.csv'),
    });
    expect(dataset.splits.train.count).toBe(2);
    expect(sample(dataset, 'validation', 0)).toEqual({ values: [3], label: 1 });
    expect(sample(dataset, 'test', 1)).toEqual({ values: [5], label: 0 });
  });
});

describe('opening a data set', () => {
  it('decodes pictures into the memory that the batches are taken from', async () => {
    const path = folderOf({ 'a/1.png': await png(200, 300, 'red'), 'b/1.png': await png(200, 300, 'red') });
    const { memory, freeFrom, storePointer } = await open({ source: 'images', path });
    const sampleBytes = 2 * 200 * 300 * 3;
    expect(freeFrom).toBe(Math.ceil((storePointer + sampleBytes) / 65_536) * 65_536);
    expect(memory.buffer.byteLength).toBeLessThan(freeFrom + 64 * 65_536);
  });
});

describe('a data set for binary cross-entropy', () => {
  it('has one output for two classes', async () => {
    const path = join(folderOf({ 'table.csv': 'a,kind\n1,no\n2,yes\n' }), 'table.csv');
    const dataset = await open({ source: 'csv', path }, { loss: 'binaryCrossEntropy' });
    expect(dataset.outputs).toBe(1);
    expect([...dataset.labels]).toEqual([0, 1]);
  });
});

describe('the splits of the digits', () => {
  const digits = async (...overrides: string[]) =>
    await openDataset(await loadExperiment(join(packageRoot(), 'examples/digits.yaml'), overrides));

  it('hold every sample exactly once', async () => {
    const { train, validation, test } = (await digits()).splits;
    expect([train.count, validation.count, test.count]).toEqual([1287, 150, 360]);
    const all = [...train.rows, ...validation.rows, ...test.rows].toSorted((left, right) => left - right);
    expect(all).toEqual(Array.from({ length: 1797 }, (_, row) => row));
  });

  it('are a function of the seed', async () => {
    const [first, again, other] = [await digits(), await digits(), await digits('seed=2')];
    expect(again.splits).toEqual(first.splits);
    expect(other.splits.test.rows).not.toEqual(first.splits.test.rows);
    expect(other.fingerprint).toBe(first.fingerprint);
  });

  it('keep the test split when the validation split changes', async () => {
    const [first, other] = [await digits(), await digits('data.validation=0.25')];
    expect(other.splits.test).toEqual(first.splits.test);
    // A quarter of 1,797 samples.
    expect(other.splits.validation.count).toBe(449);
  });

  it('hold every class in every split', async () => {
    const dataset = await digits();
    for (const split of ['train', 'validation', 'test'] as const) {
      const labels = new Set([...dataset.splits[split].rows].map((row) => dataset.labels[row]));
      expect(labels.size).toBe(10);
    }
  });
});

describe('the order of an epoch', () => {
  it('holds every sample once, and is another one for each epoch and seed', () => {
    const [first, second, other] = [
      sampleIdsOf(1, 0, 100, 0, 100),
      sampleIdsOf(1, 1, 100, 0, 100),
      sampleIdsOf(2, 0, 100, 0, 100),
    ];
    expect([...first].toSorted((left, right) => left - right)).toEqual(Array.from({ length: 100 }, (_, id) => id));
    expect(second).not.toEqual(first);
    expect(other).not.toEqual(first);
  });

  it('is the same however it is cut into batches', () => {
    const whole = sampleIdsOf(7, 3, 50, 0, 50);
    expect([...sampleIdsOf(7, 3, 50, 0, 20), ...sampleIdsOf(7, 3, 50, 20, 50)]).toEqual([...whole]);
  });
});

describe.skipIf(realData('fashion-mnist') === undefined)(`Fashion-MNIST (${missingData})`, () => {
  it('has 6,000 images a class, and a nearest class mean of 0.677 on test', async () => {
    const dataset = await open({ source: 'idx', path: realData('fashion-mnist')! });
    const { train, test } = dataset.splits;
    expect([train.count, test.count, dataset.outputs]).toEqual([60_000, 10_000, 10]);
    const counts = Array.from({ length: 10 }, () => 0);
    const means = Array.from({ length: 10 }, () => new Float64Array(784));
    const pixels = new Uint8Array(dataset.memory.buffer, dataset.storePointer, 70_000 * 784);
    for (const row of train.rows) {
      const label = dataset.labels[row]!;
      counts[label]! += 1;
      for (let i = 0; i < 784; i++) means[label]![i]! += pixels[row * 784 + i]! / 6000;
    }
    expect(counts).toEqual(Array.from({ length: 10 }, () => 6000));
    const distance = (row: number, mean: Float64Array) =>
      mean.reduce((sum, value, i) => sum + (value - pixels[row * 784 + i]!) ** 2, 0);
    const right = test.rows.filter((row) => {
      const distances = means.map((mean) => distance(row, mean));
      return distances.indexOf(Math.min(...distances)) === dataset.labels[row];
    });
    expect(right.length / 10_000).toBeCloseTo(0.677, 3);
  });
});
