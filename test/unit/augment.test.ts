/** What augmentation draws for a sample, what it makes of it, and that both are a function of seed, step and place alone. */
import { afterEach, describe, expect, it } from 'vitest';
import { defineExperiment } from '../../common/experiment/load.js';
import type { ExperimentInput } from '../../common/experiment/schema.js';
import { CounterRandom, Purpose } from '../../common/random.js';
import { drawCutout, drawErased } from '../../worker/data/augment/erased-box.js';
import { drawMap } from '../../worker/data/augment/geometry.js';
import { drawMixing, mixLabels } from '../../worker/data/augment/mixing.js';
import { principalComponents } from '../../worker/data/augment/principal-components.js';
import { BatchAssembler, type Draws } from '../../worker/data/batch-assembler.js';
import { openDataset } from '../../worker/data/dataset.js';
import { DataFolder, experimentOn } from '../bad-input/data-files.js';

const folders: DataFolder[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) folder.remove();
});

type Augment = NonNullable<ExperimentInput['augment']>;

const everything: Augment = [
  { flip: 'horizontal' },
  { crop: { padding: 2 } },
  { resizedCrop: { area: [0.3, 1] } },
  { rotate: { degrees: 20 } },
  { translate: { fraction: 0.1 } },
  { brightness: { factor: 0.4 } },
  { contrast: { factor: 0.4 } },
  { saturation: { factor: 0.4 } },
  { lighting: {} },
  { erase: { probability: 0.7 } },
  { cutout: { size: 3 } },
  { mixup: {} },
];

const features = 90;

/** Eight pictures of 6 x 5 in three channels, of three classes; all are trained on. */
async function pictures(
  augment: Augment,
  rest: Partial<ExperimentInput> = {},
  shape = [6, 5, 3],
): Promise<BatchAssembler> {
  const random = new CounterRandom(231, Purpose.test);
  const rows = Array.from({ length: 8 }, (_, row) => {
    const values = Array.from({ length: features }, () => (0.1 + 0.8 * random.uniform()).toFixed(3));
    return [...values, `kind${row % 3}`].join(',');
  });
  const folder = new DataFolder({ 'pictures.csv': `${rows.join('\n')}\n` });
  folders.push(folder);
  const data = { source: 'csv' as const, path: `${folder.path}/pictures.csv`, header: false, shape };
  const train = { epochs: 1, batchSize: 8, microBatchSize: 8 };
  const experiment = defineExperiment(experimentOn(data as never, { augment, train, ...rest }));
  return new BatchAssembler(await openDataset(experiment), experiment);
}

const ids = [0, 1, 2, 3, 4, 5, 6, 7];
const draws: Draws = { seed: 5, step: 3, microBatch: 2 };

function inputsOf(assembler: BatchAssembler, of: Draws | null, samples = ids): Float32Array {
  return assembler.assemble('train', samples, of, 0).inputs.slice();
}

/** A sample's statistics as training has them: of all rows. */
function measured(assembler: BatchAssembler): Float32Array {
  return assembler.statistics(ids).map((sum) => sum / ids.length);
}

describe('the bits of an augmented batch', () => {
  it('are the same whoever assembles it, whenever, in whichever slot', async () => {
    const [one, other] = [await pictures(everything), await pictures(everything)];
    for (const assembler of [one, other]) assembler.setPreprocess(measured(one));
    const first = one.assemble('train', ids, draws, 0);
    const kept = { ...first, inputs: first.inputs.slice() };
    for (let step = 0; step < 5; step++) other.assemble('train', [7, 1, 3], { ...draws, step }, step % 4);
    const again = other.assemble('train', ids, draws, 3);
    expect(again.inputs).toEqual(kept.inputs);
    expect([again.labels, again.mixed]).toEqual([kept.labels, kept.mixed]);
  });

  it('are others for another seed, step or micro-batch', async () => {
    const assembler = await pictures(everything);
    const first = inputsOf(assembler, draws);
    for (const of of [
      { ...draws, seed: 6 },
      { ...draws, step: 4 },
      { ...draws, microBatch: 3 },
    ]) {
      expect(inputsOf(assembler, of)).not.toEqual(first);
    }
  });

  it('of a sample do not depend on those behind it, as in the short batch at the end of an epoch', async () => {
    const assembler = await pictures(everything.filter((entry) => !('mixup' in entry)));
    const whole = inputsOf(assembler, draws);
    expect(inputsOf(assembler, draws, [0, 1, 2])).toEqual(whole.subarray(0, 3 * features));
  });

  it('are those of the samples without draws, in evaluation', async () => {
    const plain = await pictures([]);
    expect(inputsOf(await pictures(everything), null)).toEqual(inputsOf(plain, null));
  });

  it('are those of flip and crop alone where lighting, which has no components yet, adds nothing', async () => {
    const moves: Augment = [{ flip: 'horizontal' }, { crop: { padding: 3 } }];
    const rest = { preprocess: [{ subtractMean: 'image' as const }, { scale: 3 }] };
    const direct = await pictures(moves, rest);
    const staged = await pictures([...moves, { lighting: {} }], rest);
    for (const assembler of [direct, staged]) assembler.setPreprocess(measured(direct));
    // A shifted 0 may come as -0 from between pixels.
    expect(inputsOf(staged, draws).map((value) => value + 0)).toEqual(
      inputsOf(direct, draws).map((value) => value + 0),
    );
  });
});

describe('each augmentation has words of its own', () => {
  it.each(everything.slice(2, 5))('%j is drawn the same whatever else is there', async (entry) => {
    const box: Augment = [entry, { erase: { probability: 1 } }];
    const [alone, beside] = [inputsOf(await pictures([entry]), draws), inputsOf(await pictures(box), draws)];
    const changed = beside.filter((value, index) => value !== 0 && value !== alone[index]);
    expect(changed).toHaveLength(0);
    expect(beside).not.toEqual(alone);
  });
});

describe('colours', () => {
  it('by a brightness are each value times a factor within its range, one for each sample', async () => {
    const assembler = await pictures([{ brightness: { factor: 0.3 } }]);
    const [before, after] = [inputsOf(assembler, null), inputsOf(assembler, draws)];
    const factors = new Set<number>();
    for (const sample of ids) {
      const ratios = Array.from({ length: features }, (_, at) => sample * features + at).map(
        (at) => after[at]! / before[at]!,
      );
      expect(Math.max(...ratios) - Math.min(...ratios)).toBeLessThan(1e-6);
      expect(Math.abs(ratios[0]! - 1)).toBeLessThanOrEqual(0.3);
      factors.add(ratios[0]!);
    }
    expect(factors.size).toBe(8);
  });

  it('by a contrast keep the mean grey of a picture, by a saturation that of every pixel', async () => {
    const greyOf = (pixel: Float32Array) => 0.299 * pixel[0]! + 0.587 * pixel[1]! + 0.114 * pixel[2]!;
    const greys = (inputs: Float32Array) =>
      Array.from({ length: inputs.length / 3 }, (_, at) => greyOf(inputs.subarray(3 * at, 3 * at + 3)));
    const saturated = await pictures([{ saturation: { factor: 0.9 } }]);
    const [plain, colourful] = [greys(inputsOf(saturated, null)), greys(inputsOf(saturated, draws))];
    expect(colourful).toEqual(plain.map((grey) => expect.closeTo(grey, 5) as number));
    const contrasted = greys(inputsOf(await pictures([{ contrast: { factor: 0.9 } }]), draws));
    const meanOf = (all: number[], sample: number) =>
      all.slice(30 * sample, 30 * sample + 30).reduce((sum, grey) => sum + grey, 0) / 30;
    for (const sample of ids) expect(meanOf(contrasted, sample)).toBeCloseTo(meanOf(plain, sample), 5);
    expect(contrasted).not.toEqual(plain);
  });

  it('by lighting get one colour more at every pixel, along the components of the training split', async () => {
    const assembler = await pictures([{ lighting: { deviation: 5 } }]);
    const statistics = measured(assembler);
    expect(statistics).toHaveLength(features + 6);
    assembler.setPreprocess(statistics);
    const [before, after] = [inputsOf(assembler, null), inputsOf(assembler, draws)];
    const components = principalComponents(statistics.subarray(0, features), statistics.subarray(features));
    const random = new CounterRandom(draws.seed, Purpose.augment, draws.step, draws.microBatch, 4);
    random.seek(148);
    const offset = [0, 0, 0];
    for (const { variance, colour } of components) {
      const size = 5 * random.normal() * variance;
      for (const [channel, part] of colour.entries()) offset[channel]! += size * part;
    }
    for (let at = 0; at < features; at++) {
      expect(after[4 * features + at]! - before[4 * features + at]!).toBeCloseTo(offset[at % 3]!, 5);
    }
  });

  it('come before preprocessing, so that the mean is subtracted as it is', async () => {
    const bright: Augment = [{ brightness: { factor: 0.3 } }];
    const [plain, centred] = [
      await pictures(bright),
      await pictures(bright, { preprocess: [{ subtractMean: 'image' }, { scale: 2 }] }),
    ];
    const mean = measured(plain);
    centred.setPreprocess(mean);
    const wanted = Array.from(inputsOf(plain, draws), (value, at) => 2 * (value - mean[at % features]!));
    expect([...inputsOf(centred, draws)]).toEqual(wanted.map((value) => expect.closeTo(value, 5) as number));
  });

  it('of one channel are its values times a factor and moved, with their mean kept by contrast', async () => {
    const assembler = await pictures([{ contrast: { factor: 0.5 } }], {}, [6, 15, 1]);
    const [before, after] = [inputsOf(assembler, null), inputsOf(assembler, draws)];
    const [plain, changed] = [before, after].map((all) => Array.from(all.subarray(0, features)));
    expect(mean(changed!)).toBeCloseTo(mean(plain!), 5);
    const factor = (changed![0]! - changed![1]!) / (plain![0]! - plain![1]!);
    const wanted = plain!.map((value) => factor * value + (1 - factor) * mean(plain!));
    expect(changed).toEqual(wanted.map((value) => expect.closeTo(value, 4) as number));
  });
});

/** `count` draws of one kind, one for each sample of as many micro-batches. */
function drawn<Value>(count: number, draw: (random: CounterRandom) => Value): Value[] {
  return Array.from({ length: count }, (_, index) => draw(new CounterRandom(231, Purpose.augment, index)));
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const size = { height: 40, width: 60 };

describe('a random box', () => {
  it('has an area that is uniform in its range, and lies within the picture', () => {
    const crop = { area: [0.2, 0.8] as [number, number], aspect: [1, 1.5] as [number, number] };
    const maps = drawn(2000, (random) => drawMap({ resizedCrop: crop }, random, size));
    const areas = maps.map(([a, , , , e]) => a * e);
    // Uniform on [0.2, 0.8] has the deviation 0.6 / √12, its mean of 2000 a standard error of 0.0039.
    expect(Math.abs(mean(areas) - 0.5)).toBeLessThan(0.016);
    for (const [a, b, c, d, e, f] of maps) {
      expect([b, d]).toEqual([0, 0]);
      // The edges of the picture, half a pixel beyond its outermost middles, lie within the source's.
      expect(c - 0.5 * a).toBeGreaterThanOrEqual(-0.5 - 1e-9);
      expect(f - 0.5 * e).toBeGreaterThanOrEqual(-0.5 - 1e-9);
      expect(a * 59.5 + c).toBeLessThanOrEqual(59.5 + 1e-9);
      expect(e * 39.5 + f).toBeLessThanOrEqual(39.5 + 1e-9);
      const aspect = (a * 60) / (e * 40);
      expect(aspect).toBeGreaterThanOrEqual(1 - 1e-9);
      expect(aspect).toBeLessThanOrEqual(1.5 + 1e-9);
    }
  });

  it('is the largest in the middle where no draw fits', () => {
    const crop = { area: [1, 1] as [number, number], aspect: [4, 4] as [number, number] };
    const [map] = drawn(1, (random) => drawMap({ resizedCrop: crop }, random, size));
    // 60 x 15 of 60 x 40, from 12.5 on.
    expect(map).toEqual([1, 0, 0, 0, 0.375, 12.5 + 0.1875 - 0.5]);
  });

  it('is erased with the probability asked for, within the picture, with the area asked for', () => {
    const erase = { probability: 0.4, area: [0.1, 0.3] as [number, number], aspect: [0.5, 2] as [number, number] };
    const boxes = drawn(2000, (random) => drawErased(erase, random, size));
    const erased = boxes.filter(([top, , bottom]) => bottom > top);
    // Four standard errors of 2000 draws: 4 √(0.4 · 0.6 / 2000) = 0.044.
    expect(Math.abs(erased.length / 2000 - 0.4)).toBeLessThan(0.044);
    const areas = erased.map(([top, left, bottom, right]) => ((bottom - top) * (right - left)) / 2400);
    // 4 · 0.2 / √12 / √800 = 0.0082.
    expect(Math.abs(mean(areas) - 0.2)).toBeLessThan(0.0082);
    for (const [top, left, bottom, right] of boxes) {
      expect(Math.min(top, left, 40 - bottom, 60 - right)).toBeGreaterThanOrEqual(0);
    }
  });
});

describe('rotation and translation', () => {
  it('turn by at most so many degrees either way, evenly', () => {
    const angles = drawn(2000, (random) => drawMap({ rotate: { degrees: 30 } }, random, size)).map(
      ([a, , , d]) => (Math.atan2(d, a) * 180) / Math.PI,
    );
    expect(Math.max(...angles.map(Math.abs))).toBeLessThanOrEqual(30 + 1e-9);
    // Uniform on ±30: deviation 17.3, four standard errors of 2000 are 1.55; its mean distance is 15, ± 0.77.
    expect(Math.abs(mean(angles))).toBeLessThan(1.55);
    expect(Math.abs(mean(angles.map(Math.abs)) - 15)).toBeLessThan(0.77);
  });

  it('shift by at most a part of each side, and by whole pixels too where there is a crop', () => {
    const maps = drawn(500, (random) => drawMap({ crop: { padding: 3 }, translate: { fraction: 0.1 } }, random, size));
    expect(Math.max(...maps.map(([, , x]) => Math.abs(x)))).toBeLessThanOrEqual(9);
    expect(Math.max(...maps.map(([, , x]) => Math.abs(x)))).toBeGreaterThan(7.5);
    expect(Math.max(...maps.map((map) => Math.abs(map[5])))).toBeLessThanOrEqual(7);
  });
});

it('a cutout has its middle anywhere in the picture, and hangs over where that is near the edge', () => {
  const boxes = drawn(4000, (random) => drawCutout({ size: 8 }, random, { height: 10, width: 12 }));
  const corners = new Set(boxes.map(([top, left]) => `${top},${left}`));
  // Middles 0 to 4 all have their top at 0, and 5 to 9 at 1 to 5.
  expect(new Set(boxes.map(([top]) => top))).toEqual(new Set([0, 1, 2, 3, 4, 5]));
  expect(corners.size).toBe(6 * 8);
  expect(Math.max(...boxes.map(([top, , bottom]) => bottom - top))).toBe(8);
  expect(Math.min(...boxes.map(([top, , bottom]) => bottom - top))).toBe(4);
});

it('what is cut out or comes in from outside is the mean, which preprocessing makes 0', async () => {
  const preprocess = [{ subtractMean: 'image' as const }];
  const assembler = await pictures([{ cutout: { size: 4 } }], { preprocess });
  assembler.setPreprocess(measured(assembler));
  const [before, after] = [inputsOf(assembler, null), inputsOf(assembler, draws)];
  const changed = Array.from(after.keys()).filter((at) => after[at] !== before[at]);
  expect(changed.length).toBeGreaterThan(8 * 4 * 3 - 1);
  expect(changed.every((at) => after[at] === 0)).toBe(true);
});

describe('mixup', () => {
  it('adds to each sample its partner in the parts that it says, and gives both labels', async () => {
    const assembler = await pictures([{ mixup: { alpha: 1 } }]);
    const plain = inputsOf(assembler, null);
    const { inputs, labels, mixed } = assembler.assemble('train', ids, draws, 1);
    const { partners, parts } = drawMixing(1, draws, 8);
    for (const sample of ids) {
      const [part, partner] = [parts[sample]!, partners[sample]!];
      for (let at = 0; at < features; at++) {
        const own = Math.fround(part * plain[sample * features + at]!);
        const other = Math.fround(Math.fround(1 - part) * plain[partner * features + at]!);
        expect(inputs[sample * features + at]).toBe(Math.fround(own + other));
      }
      const [more, less] = part >= 0.5 ? [sample, partner] : [partner, sample];
      expect([labels[sample], mixed?.labels[sample]]).toEqual([more % 3, less % 3]);
      expect(mixed?.shares[sample]).toBeCloseTo(Math.max(part, 1 - part), 6);
    }
  });

  it('lets every sample be the partner of exactly one', () => {
    for (let step = 0; step < 20; step++) {
      const { partners } = drawMixing(0.2, { ...draws, step }, 16);
      expect([...partners].toSorted((left, right) => left - right)).toEqual(Array.from({ length: 16 }, (_, at) => at));
    }
  });

  it('leaves a sample that is alone in its micro-batch as it is', async () => {
    const assembler = await pictures([{ mixup: { alpha: 1 } }]);
    const { inputs, labels, mixed } = assembler.assemble('train', [4], draws, 0);
    const alone = [...inputs];
    const plain = [...inputsOf(assembler, null, [4])];
    expect(alone).toEqual(plain.map((value) => expect.closeTo(value, 6) as number));
    expect([labels[0], mixed?.labels[0]]).toEqual([1, 1]);
  });

  it('is the sum of both losses with their own weights', () => {
    // 0.25 · 2 · CE(0) + 0.75 · 4 · CE(1) = 3.5 (1/7 CE(0) + 6/7 CE(1)); and the other way about.
    const mixing = { partners: Uint32Array.of(1, 0), parts: Float32Array.of(0.25, 0.5) };
    const mixed = mixLabels(Int32Array.of(0, 1), Float32Array.of(2, 4), mixing);
    expect([...mixed.labels]).toEqual([1, 1]);
    expect([...mixed.others]).toEqual([0, 0]);
    expect(mixed.shares[0]).toBeCloseTo(6 / 7, 6);
    // 0.5 · 4 CE(1) + 0.5 · 2 CE(0) = 3 (2/3 CE(1) + 1/3 CE(0))
    expect(mixed.shares[1]).toBeCloseTo(2 / 3, 6);
    expect([...(mixed.weights ?? [])]).toEqual([3.5, 3]);
  });
});
