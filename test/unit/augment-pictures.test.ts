/**
 * Colours of real pictures, against torchvision and NumPy: the cases of test/golden/augment-pictures.py; and the rectangles that
 * are erased, against torchvision's, for which no pictures are needed.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineExperiment } from '../../common/experiment/load.js';
import type { ExperimentInput } from '../../common/experiment/schema.js';
import { finishMeasuring } from '../../common/input-statistics.js';
import { augmentKernels } from '../../common/kernels/augment-kernels.js';
import { packageRoot } from '../../common/package-root.js';
import { CounterRandom, Purpose } from '../../common/random.js';
import { colourMatrix } from '../../worker/data/augment/colour.js';
import { drawErased } from '../../worker/data/augment/erased-box.js';
import { seekWords } from '../../worker/data/augment/words.js';
import { BatchAssembler } from '../../worker/data/batch-assembler.js';
import { openDataset } from '../../worker/data/dataset.js';
import { experimentOn } from '../bad-input/data-files.js';
import { missingData, realData } from '../real-data.js';

interface Golden {
  count: number;
  sha256: string;
  components: { variances: number[]; directions: number[][] };
  saturation: { places: [y: number, x: number][]; cases: { factor: number; expected: number[] }[] };
  erased: { size: number; drawn: number; cumulative: Record<'top' | 'left' | 'height' | 'width', number[]> };
}

const golden = JSON.parse(readFileSync(join(packageRoot(), 'test/golden/augment-pictures.json'), 'utf8')) as Golden;

const side = 32;
const features = side * side * 3;
const draws = { seed: 231, step: 5, microBatch: 1 };
const greyParts = [0.299, 0.587, 0.114];
const greyOf = (pixel: ArrayLike<number>) => greyParts.reduce((sum, part, channel) => sum + part * pixel[channel]!, 0);

const cifar = realData('cifar10');

describe.skipIf(cifar === undefined)(`colours of CIFAR-10's pictures (${missingData})`, () => {
  let folder: string;
  /** Of the pictures, in the order of their files. */
  let ids: number[];
  let plain: Float32Array;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'polyak-colours-'));
    const wanted = ['--wildcards', 'train/*/000[0-3].jpg', 'test/*/0000.jpg'];
    execFileSync('tar', ['-xzf', join(cifar!, 'cifar10-jpeg-full.tar.gz'), '-C', folder, ...wanted]);
    const { assembler, rows } = await open([]);
    ids = rows.map((_, row) => rows.indexOf(row));
    plain = assembler.assemble('train', ids, null, 0).inputs.slice();
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  async function open(augment: NonNullable<ExperimentInput['augment']>) {
    const train = { epochs: 1, batchSize: golden.count, microBatchSize: golden.count };
    const data = { source: 'images' as const, path: folder, validation: 0 };
    const experiment = defineExperiment(experimentOn(data as never, { augment, train, preprocess: [] }));
    const dataset = await openDataset(experiment);
    const rows = [...dataset.splits.train.rows];
    return { assembler: new BatchAssembler(dataset, experiment), rows, experiment };
  }

  /** Calls with each pixel before and after, by picture. */
  function eachPixel(after: Float32Array, look: (before: Float32Array, after: Float32Array, picture: number) => void) {
    expect(after.length).toBe(plain.length);
    for (let at = 0; at < plain.length; at += 3)
      look(plain.subarray(at, at + 3), after.subarray(at, at + 3), Math.floor(at / features));
  }

  it('are of pictures that are decoded as Pillow decodes them', () => {
    const bytes = Uint8Array.from(plain, (value) => Math.round(value * 255));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(golden.sha256);
  });

  it.each(golden.saturation.cases)("at saturation $factor are torchvision's", ({ factor, expected }) => {
    const memory = new WebAssembly.Memory({ initial: 16, maximum: 65_536, shared: true });
    const [samples, colours] = [65_536, 4096];
    new Float32Array(memory.buffer, samples, plain.length).set(plain);
    const matrices = ids.flatMap(() => colourMatrix({ gain: 1, saturation: factor, offset: [0, 0, 0] }));
    new Float32Array(memory.buffer, colours, matrices.length).set(matrices);
    augmentKernels(memory).recolour(samples, golden.count, side * side, colours, 0, 1);
    const after = new Float32Array(memory.buffer, samples, plain.length);
    const { places } = golden.saturation;
    for (const [index, wanted] of expected.entries()) {
      const [picture, place] = [Math.floor(index / (3 * places.length)), Math.floor(index / 3) % places.length];
      const [y, x] = places[place]!;
      // torchvision cuts off below 0 and above 1, and takes 0.2989 of red for grey, where Pillow and this take 0.299.
      const found = Math.min(1, Math.max(0, after[picture * features + (y * side + x) * 3 + (index % 3)]!));
      expect(Math.abs(found - wanted)).toBeLessThan(1e-4 * Math.abs(1 - factor) + 1e-6);
    }
    if (factor !== 0) return;
    let spread = 0;
    eachPixel(after, (_, pixel) => (spread = Math.max(spread, Math.max(...pixel) - Math.min(...pixel))));
    expect(spread).toBeLessThan(1e-6);
  });

  it('keep their luma under a random saturation, and have one factor of their distance from grey in a picture', async () => {
    const { assembler } = await open([{ saturation: { factor: 1 } }]);
    const factors = ids.map((_, index) => {
      const random = new CounterRandom(draws.seed, Purpose.augment, draws.step, draws.microBatch, index);
      return 2 * seekWords(random, 'saturation').uniform();
    });
    let worst = 0;
    eachPixel(assembler.assemble('train', ids, draws, 0).inputs, (before, after, picture) => {
      const grey = greyOf(before);
      worst = Math.max(worst, Math.abs(greyOf(after) - grey));
      for (const channel of [0, 1, 2]) {
        const wanted = grey + factors[picture]! * (before[channel]! - grey);
        worst = Math.max(worst, Math.abs(after[channel]! - wanted));
      }
    });
    expect(worst).toBeLessThan(1e-6);
    expect(Math.min(...factors)).toBeLessThan(0.2);
    expect(Math.max(...factors)).toBeGreaterThan(1.8);
  });

  it("get multiples of NumPy's eigenvectors by PCA lighting, one colour for all of a picture", async () => {
    const deviation = 0.3;
    const { assembler, experiment } = await open([{ lighting: { deviation } }]);
    const sums = assembler.statistics(ids);
    const measured = { shape: [side, side, 3], sums, samples: golden.count };
    assembler.setPreprocess((await finishMeasuring(experiment, measured)).vector);
    const { variances, directions } = golden.components;
    const lights = ids.map((_, index) => {
      const random = new CounterRandom(draws.seed, Purpose.augment, draws.step, draws.microBatch, index);
      seekWords(random, 'lighting');
      const sizes = variances.map((variance) => deviation * random.normal() * variance);
      return [0, 1, 2].map((channel) =>
        directions.reduce((sum, direction, component) => sum + sizes[component]! * direction[channel]!, 0),
      );
    });
    let worst = 0;
    eachPixel(assembler.assemble('train', ids, draws, 0).inputs, (before, after, picture) => {
      for (const channel of [0, 1, 2]) {
        const wanted = before[channel]! + lights[picture]![channel]!;
        worst = Math.max(worst, Math.abs(after[channel]! - wanted));
      }
    });
    expect(worst).toBeLessThan(2e-6);
    expect(Math.max(...lights.flat().map(Math.abs))).toBeGreaterThan(0.05);
  });
});

it("random erasing has rectangles that are distributed as torchvision's", () => {
  const { size, drawn, cumulative } = golden.erased;
  const names = ['top', 'left', 'height', 'width'] as const;
  const options = { probability: 1, area: [0.02, 0.33] as [number, number], aspect: [0.3, 3.3] as [number, number] };
  const below = new Map(names.map((name) => [name, Array.from({ length: size + 1 }, () => 0)]));
  for (let sample = 0; sample < drawn; sample++) {
    const random = new CounterRandom(231, Purpose.augment, 0, 0, sample);
    const [top, left, bottom, right] = drawErased(options, random, { height: size, width: size });
    const values = { top, left, height: bottom - top, width: right - left };
    for (const name of names) for (let at = values[name]; at <= size; at++) below.get(name)![at]! += 1;
  }
  // Kolmogorov and Smirnov's bound for one in a thousand seeds: 1.95 √(2 / n).
  const bound = 1.95 * Math.sqrt(2 / drawn);
  for (const name of names) {
    for (const [at, count] of below.get(name)!.entries()) {
      expect(Math.abs(count - cumulative[name][at]!) / drawn, `${name} of at most ${at}`).toBeLessThan(bound);
    }
  }
});
