/** Data sets that trials share, on real files. */
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { defineExperiment } from '../../common/experiment/load.js';
import type { ExperimentInput } from '../../common/experiment/schema.js';
import { BatchAssembler } from '../../worker/data/batch-assembler.js';
import { openDataset } from '../../worker/data/dataset.js';
import { DatasetCache } from '../../worker/data/dataset-cache.js';
import { DataFolder, experimentOn, idxFiles } from '../bad-input/data-files.js';

const folders: DataFolder[] = [];
let reads = 0;

afterEach(() => {
  for (const folder of folders.splice(0)) folder.remove();
});

function makeCache(bytesMax = 1e9): DatasetCache {
  reads = 0;
  return new DatasetCache({ bytesMax, reading: () => (reads += 1) });
}

function makeFolder(): string {
  const folder = new DataFolder(idxFiles());
  folders.push(folder);
  return folder.path;
}

function experimentAt(path: string, rest: Partial<ExperimentInput> = {}) {
  return defineExperiment(experimentOn({ source: 'idx', path }, rest));
}

describe('the data sets of a process', () => {
  it('are read once for trials that differ in anything but the data, at once or one after another', async () => {
    const cache = makeCache();
    const path = makeFolder();
    const rates = [0.1, 0.2, 0.3].map((learningRate) => experimentAt(path, { optimizer: { sgd: { learningRate } } }));
    const [first, second] = await Promise.all([cache.open(rates[0]!), cache.open(rates[1]!)]);
    expect(first.dataset).toBe(second.dataset);
    first.release();
    second.release();
    expect((await cache.open(rates[2]!)).dataset).toBe(first.dataset);
    expect(reads).toBe(1);
  });

  it('are others for another seed, for other augmentation, and where a file has changed', async () => {
    const cache = makeCache();
    const path = makeFolder();
    const { dataset } = await cache.open(experimentAt(path));
    expect((await cache.open(experimentAt(path, { seed: 99 }))).dataset).not.toBe(dataset);
    expect((await cache.open(experimentAt(path, { augment: [{ flip: 'horizontal' }] }))).dataset).not.toBe(dataset);
    const [name, content] = Object.entries(idxFiles()).find(([file]) => file.startsWith('train-images'))!;
    const changed = Buffer.from(content);
    changed[changed.length - 1]! ^= 1;
    writeFileSync(join(path, name), changed);
    const after = await cache.open(experimentAt(path));
    expect(after.dataset.fingerprint).not.toBe(dataset.fingerprint);
    expect(reads).toBe(4);
  });

  it('are the same where only the time of a file has changed', async () => {
    const cache = makeCache();
    const path = makeFolder();
    await cache.open(experimentAt(path));
    for (const name of Object.keys(idxFiles())) utimesSync(join(path, name), new Date(0), new Date(0));
    await cache.open(experimentAt(path));
    expect(reads).toBe(1);
  });

  it('that could not be read are read anew', async () => {
    const cache = makeCache();
    const path = makeFolder();
    const name = Object.keys(idxFiles()).find((file) => file.startsWith('train-images'))!;
    writeFileSync(join(path, name), Buffer.alloc(3));
    await expect(cache.open(experimentAt(path))).rejects.toMatchObject({ code: 'data' });
    await expect(cache.open(experimentAt(path))).rejects.toMatchObject({ code: 'data' });
    expect(reads).toBe(2);
  });

  it('are kept for the next trial, two at most and no more bytes than were allowed, but never taken from one', async () => {
    const open = async (cache: DatasetCache, path: string) => {
      const { release } = await cache.open(experimentAt(path));
      release();
    };
    const paths = [makeFolder(), makeFolder(), makeFolder()].map((path, index) => {
      // Otherwise they would be the same data at another place, which is another key anyway.
      utimesSync(path, index, index);
      return path;
    });
    const cache = makeCache();
    for (const path of paths) await open(cache, path);
    await open(cache, paths[1]!);
    await open(cache, paths[2]!);
    expect(reads).toBe(3);
    await open(cache, paths[0]!);
    expect(reads).toBe(4);

    const narrow = makeCache(1);
    const used = await narrow.open(experimentAt(paths[0]!));
    expect((await narrow.open(experimentAt(paths[0]!))).dataset).toBe(used.dataset);
    await open(narrow, paths[1]!);
    await open(narrow, paths[1]!);
    expect(reads).toBe(3);
  });

  it('are read on when the trial that asked first is dropped, and given up when all are', async () => {
    const cache = makeCache();
    const path = makeFolder();
    const dropped = new AbortController();
    const first = cache.open(experimentAt(path), { signal: dropped.signal });
    const second = cache.open(experimentAt(path));
    dropped.abort();
    await expect(first).rejects.toThrow('aborted');
    const { dataset, release } = await second;
    expect(dataset.splits.train.count).toBe(6);
    release();
    const third = await cache.open(experimentAt(path));
    expect(third.dataset).toBe(dataset);
  });

  it('give two trials at once the batches that each would have alone', async () => {
    const path = makeFolder();
    const experiments = [0.5, 2].map((scale) => experimentAt(path, { preprocess: [{ scale }] }));
    const alone = await Promise.all(
      experiments.map(async (experiment) => new BatchAssembler(await openDataset(experiment), experiment)),
    );
    const cache = makeCache();
    const shared: BatchAssembler[] = [];
    for (const experiment of experiments) {
      shared.push(new BatchAssembler((await cache.open(experiment)).dataset, experiment));
    }
    const draws = { seed: 1, step: 0, microBatch: 0 };
    const batches = (assemblers: BatchAssembler[]) =>
      assemblers.map((assembler) => assembler.assemble('train', [0, 3], draws, 0));
    const [ofShared, ofAlone] = [batches(shared), batches(alone)];
    expect(ofShared.map(({ inputs }) => [...inputs])).toEqual(ofAlone.map(({ inputs }) => [...inputs]));
    expect(ofShared[0]!.inputs[1]).not.toBe(ofShared[1]!.inputs[1]);
    expect(reads).toBe(1);
    // Room that was given back is used again.
    const { dataset } = await cache.open(experiments[0]!);
    const bytes = dataset.memory.buffer.byteLength;
    for (let round = 0; round < 50; round++) new BatchAssembler(dataset, experiments[0]!).close();
    expect(dataset.memory.buffer.byteLength - bytes).toBeLessThanOrEqual(65_536);
  });
});
