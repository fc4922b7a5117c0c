/** The assembler of minibatches, against the same done pixel by pixel in JavaScript. */
import { afterEach, describe, expect, it } from 'vitest';
import { defineExperiment } from '../../common/experiment/load.js';
import type { Experiment, ExperimentInput } from '../../common/experiment/schema.js';
import { CounterRandom, Purpose } from '../../common/random.js';
import { BatchAssembler, type Draws } from '../../worker/data/batch-assembler.js';
import { openDataset, type Dataset } from '../../worker/data/dataset.js';
import { DataFolder, cifarBatch, experimentOn, idxSplit, type Files } from '../bad-input/data-files.js';

const folders: DataFolder[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) folder.remove();
});

interface Setting {
  experiment: Experiment;
  dataset: Dataset;
  assembler: BatchAssembler;
}

async function setUp(files: Files, data: object, rest: Partial<ExperimentInput> = {}): Promise<Setting> {
  const folder = new DataFolder(files);
  folders.push(folder);
  const input = { path: folder.path, ...data } as ExperimentInput['data'];
  const experiment = defineExperiment(experimentOn(input, rest));
  const dataset = await openDataset(experiment);
  return { experiment, dataset, assembler: new BatchAssembler(dataset, experiment) };
}

/** Images of height x width with one channel, each pixel another value. */
async function grey(height: number, width: number, rest: Partial<ExperimentInput> = {}): Promise<Setting> {
  const files = { ...idxSplit('train', { count: 6, height, width }), ...idxSplit('t10k', { count: 3, height, width }) };
  return await setUp(files, { source: 'idx' }, rest);
}

function pixelOf({ dataset }: Setting, row: number, feature: number): number {
  const { buffer } = dataset.memory;
  return new Uint8Array(buffer, dataset.storePointer)[row * dataset.features + feature]!;
}

/** What the kernel must give for sample `row` with these draws, one pixel after another. */
function expected(setting: Setting, row: number, draw: { flip: boolean; dx: number; dy: number }, mean: Float32Array) {
  const [height, width, channels] = setting.dataset.shape as [number, number, number];
  const scales = setting.experiment.preprocess.flatMap((entry) => ('scale' in entry ? [entry.scale] : []));
  const scale = scales.reduce((product, value) => product * value, 1);
  const values: number[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const sourceY = y + draw.dy;
      const sourceX = (draw.flip ? width - 1 - x : x) + draw.dx;
      const inside = sourceY >= 0 && sourceY < height && sourceX >= 0 && sourceX < width;
      for (let c = 0; c < channels; c++) {
        const feature = (sourceY * width + sourceX) * channels + c;
        const value = inside ? Math.fround(pixelOf(setting, row, feature) / 255) : 0;
        values.push(inside ? Math.fround(Math.fround(value - mean[feature]!) * Math.fround(scale)) : 0);
      }
    }
  }
  return values;
}

/** As the documentation says: one word for the flip, then one for each shift. */
function drawOf(draws: Draws, sample: number, padding: number) {
  const random = new CounterRandom(draws.seed, Purpose.augment, draws.step, draws.microBatch, sample);
  const flip = random.integer(2) === 1;
  const dx = random.integer(2 * padding + 1) - padding;
  const dy = random.integer(2 * padding + 1) - padding;
  return { flip, dx, dy };
}

describe('a batch', () => {
  it('holds bytes as byte / 255 and the labels, in the order asked for', async () => {
    const { assembler } = await grey(2, 2);
    const batch = assembler.assemble('train', [5, 0], null, 0);
    expect(batch.count).toBe(2);
    expect([...batch.inputs]).toEqual([20, 21, 22, 23, 0, 1, 2, 3].map((byte) => Math.fround(byte / 255)));
    expect([...batch.labels]).toEqual([2, 0]);
  });

  it('of one split is not that of another', async () => {
    const { assembler } = await grey(2, 2);
    // Test sample 2 has the label 2 and begins with pixel 8.
    const batch = assembler.assemble('test', [2], null, 0);
    expect(batch.inputs[0]).toBe(Math.fround(8 / 255));
    expect([...batch.labels]).toEqual([2]);
  });

  it('may be short, and stays until its slot is used again', async () => {
    const { assembler } = await grey(2, 2);
    const first = assembler.assemble('train', [1, 2, 3], null, 0);
    const kept = [...first.inputs];
    for (let slot = 1; slot < assembler.slots; slot++) assembler.assemble('train', [0, 4, 5, 1], null, slot);
    expect([...first.inputs]).toEqual(kept);
    assembler.assemble('train', [0], null, 0);
    expect([...first.inputs]).not.toEqual(kept);
  });

  it('lies in shared memory, 64-byte aligned', async () => {
    const { assembler } = await grey(3, 5);
    const { inputs } = assembler.assemble('train', [0], null, 1);
    expect(inputs.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(inputs.byteOffset % 64).toBe(0);
  });

  it('of more than a micro-batch, or of a sample that is not there, is a mistake of the caller', async () => {
    const { assembler } = await grey(2, 2);
    expect(() => assembler.assemble('train', [0, 1, 2, 3, 4], null, 0)).toThrow('5 samples, a micro-batch has 4');
    expect(() => assembler.assemble('train', [6], null, 0)).toThrow('sample 6 of 6 in train');
    expect(() => assembler.assemble('train', [0], null, 9)).toThrow('slot 9 of 4');
  });
});

describe('preprocessing', () => {
  it('subtracts the mean image, then scales', async () => {
    const setting = await grey(3, 3, { preprocess: [{ subtractMean: 'image' }, { scale: 4 }] });
    const mean = Float32Array.from({ length: 9 }, (_, feature) => feature / 10);
    setting.assembler.setPreprocess(mean);
    const batch = setting.assembler.assemble('train', [2], null, 0);
    expect([...batch.inputs]).toEqual(expected(setting, 2, { flip: false, dx: 0, dy: 0 }, mean));
  });

  it('subtracts the mean of each channel at every pixel', async () => {
    const files = { 'data_batch_1.bin': cifarBatch([0, 1]), 'test_batch.bin': cifarBatch([0]) };
    const preprocess = [{ subtractMean: 'channel' as const }];
    const { assembler } = await setUp(files, { source: 'cifar10' }, { preprocess });
    // Channel c has the mean c / 4 over its pixels, though each pixel's own differs.
    const mean = Float32Array.from(
      { length: 3072 },
      (_, i) => (i % 3) / 4 + (Math.floor(i / 3) % 2 === 0 ? 0.5 : -0.5),
    );
    assembler.setPreprocess(mean);
    const { inputs } = assembler.assemble('train', [1], null, 0);
    const wanted = [10, 11, 12].map((byte, channel) => Math.fround(Math.fround(byte / 255) - channel / 4));
    expect([...inputs.subarray(0, 3)]).toEqual(wanted);
    expect([...inputs.subarray(3069)]).toEqual(wanted);
  });

  it('does without a mean until there is one, and where none is asked for', async () => {
    const { assembler } = await grey(2, 2);
    assembler.setPreprocess(new Float32Array(4).fill(0.5));
    expect(assembler.assemble('train', [0], null, 0).inputs[1]).toBe(Math.fround(1 / 255));
  });
});

describe('augmentation', () => {
  const rest = {
    preprocess: [{ subtractMean: 'image' as const }, { scale: 2 }],
    augment: [{ flip: 'horizontal' as const }, { crop: { padding: 2 } }],
  };
  const ids = [0, 1, 2, 3];

  /** Rows that are no multiple of four floats, and ones that are, with one channel and three. */
  it.each([
    [3, 5, 1],
    [4, 8, 1],
    [32, 32, 3],
  ])('of %i x %i x %i is the same as pixel by pixel, for 40 draws', async (height, width, channels) => {
    const cifar = { 'data_batch_1.bin': cifarBatch([0, 1, 2, 3]), 'test_batch.bin': cifarBatch([0]) };
    const setting = channels === 3 ? await setUp(cifar, { source: 'cifar10' }, rest) : await grey(height, width, rest);
    const mean = Float32Array.from({ length: height * width * channels }, (_, i) => (i % 7) / 16);
    setting.assembler.setPreprocess(mean);
    let flipped = 0;
    for (let step = 0; step < 10; step++) {
      const draws = { seed: 3, step, microBatch: 5 };
      const batch = setting.assembler.assemble('train', ids, draws, step % 4);
      const samples = ids.map((row) => {
        const draw = drawOf(draws, row, 2);
        flipped += Number(draw.flip);
        return expected(setting, row, draw, mean);
      });
      expect(batch.inputs).toEqual(Float32Array.from(samples.flat()));
    }
    // 40 fair coins: outside [8, 32] once in ten thousand seeds.
    expect(flipped).toBeGreaterThan(8);
    expect(flipped).toBeLessThan(32);
  });

  it('depends on seed, step, micro-batch and position, and on nothing that was assembled before', async () => {
    const { assembler } = await grey(8, 8, rest);
    const at = (draws: Draws) => [...assembler.assemble('train', ids, draws, 0).inputs];
    const first = at({ seed: 1, step: 2, microBatch: 3 });
    expect(at({ seed: 9, step: 2, microBatch: 3 })).not.toEqual(first);
    expect(at({ seed: 1, step: 9, microBatch: 3 })).not.toEqual(first);
    expect(at({ seed: 1, step: 2, microBatch: 9 })).not.toEqual(first);
    expect(at({ seed: 1, step: 2, microBatch: 3 })).toEqual(first);
  });

  it('is left out without draws', async () => {
    const { assembler } = await grey(2, 2, { augment: [{ flip: 'horizontal' }] });
    expect([...assembler.assemble('train', [0], null, 0).inputs]).toEqual(
      [0, 1, 2, 3].map((b) => Math.fround(b / 255)),
    );
  });

  it('does not draw what is not asked for: a crop alone uses the first words for its shifts', async () => {
    const setting = await grey(5, 5, { augment: [{ crop: { padding: 1 } }] });
    const draws = { seed: 4, step: 0, microBatch: 0 };
    const random = new CounterRandom(4, Purpose.augment, 0, 0, 0);
    const [dx, dy] = [random.integer(3) - 1, random.integer(3) - 1];
    const { inputs } = setting.assembler.assemble('train', [0], draws, 0);
    expect([...inputs]).toEqual(expected(setting, 0, { flip: false, dx, dy }, new Float32Array(25)));
  });
});

describe('statistics', () => {
  it('sum each feature of the samples, exactly for bytes', async () => {
    const { assembler } = await grey(3, 3);
    // Pixel f of sample s is 9 s + f; over the samples 1, 2 and 5 that is 72 + 3 f.
    const sums = Array.from({ length: 9 }, (_, f) => Math.fround((72 + 3 * f) / 255));
    expect([...assembler.statistics([1, 2, 5])]).toEqual(sums);
  });

  it('sum floats in float64 and round once', async () => {
    const rows = [1e8, 1, -1e8, 2].map((value) => `${value},0.1,0.2,0.3,0.4,k${value}`);
    const text = `a,b,c,d,e,kind\n${rows.join('\n')}\n`;
    const folder = new DataFolder({ 'table.csv': text });
    folders.push(folder);
    const experiment = defineExperiment(experimentOn({ source: 'csv', path: `${folder.path}/table.csv` }));
    const assembler = new BatchAssembler(await openDataset(experiment), experiment);
    const four = (value: number) => Math.fround(4 * Math.fround(value));
    // In float32, 1e8 + 1 would lose the 1.
    expect([...assembler.statistics([0, 1, 2, 3])]).toEqual([3, four(0.1), four(0.2), four(0.3), four(0.4)]);
  });

  it('do not disturb a batch that waits', async () => {
    const { assembler } = await grey(2, 2);
    const batches = [0, 1, 2, 3].map((slot) => assembler.assemble('train', [slot], null, slot));
    const kept = batches.map(({ inputs }) => [...inputs]);
    assembler.statistics([4, 5]);
    expect(batches.map(({ inputs }) => [...inputs])).toEqual(kept);
  });
});
