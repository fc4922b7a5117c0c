/** `polyak predict` on pictures, tables and arrays. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExperimentInput } from '../../common/experiment/schema.js';
import { png, type Files } from '../bad-input/data-files.js';
import { binary, binaryData, regression, regressionData } from './experiments.js';
import { polyak } from './polyak.js';
import { python } from './python.js';
import { drawSamples, ScratchRun, table } from './scratch-run.js';

const [height, width] = [6, 5];

const pictures: Omit<ExperimentInput, 'name'> = {
  data: { source: 'images', path: '.', test: 4 },
  preprocess: [{ subtractMean: 'image' }],
  model: ['flatten', { dense: { units: 2 } }],
  loss: 'softmaxCrossEntropy',
  optimizer: { adam: { learningRate: 0.02 } },
  train: { epochs: 12, batchSize: 4, microBatchSize: 4 },
};

/** Greens and reds, each of its own shade. */
async function colours(): Promise<Files> {
  const shades = [140, 160, 180, 200, 220, 240];
  const of = async (name: string, background: (shade: number) => string) =>
    await Promise.all(
      shades.map(async (shade) => [`${name}/${shade}.png`, await png(width, height, background(shade))] as const),
    );
  const green = await of('green', (shade) => `rgb(0, ${shade}, 20)`);
  const red = await of('red', (shade) => `rgb(${shade}, 0, 20)`);
  return Object.fromEntries([...green, ...red]);
}

interface Probable {
  class: string;
  probability: number;
}

function topOf(line: Record<string, unknown> | undefined): Probable[] {
  return line?.['top'] as Probable[];
}

describe('pictures', () => {
  let scratch: ScratchRun;
  const inData = (name: string) => join(scratch.data.path, name);
  beforeAll(async () => {
    scratch = await ScratchRun.train(pictures, await colours());
  });
  afterAll(() => scratch.remove());

  it('are told apart, also when they are of another size', async () => {
    writeFileSync(inData('large.jpg'), await sharp(await png(50, 60, 'rgb(190, 0, 20)')).jpeg().toBuffer()); // prettier-ignore
    const { status, lines } = polyak('predict', scratch.process.folder, inData('green/160.png'), inData('large.jpg'));
    expect(lines.map((line) => line['class'])).toEqual(['green', 'red']);
    expect(topOf(lines[0]).map(({ class: name }) => name)).toEqual(['green', 'red']);
    expect(topOf(lines[0]).reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5);
    expect(status).toBe(0);
  });

  it('are the same as an array of their pixels, as bytes or as parts of 1', () => {
    const pixels = Array.from({ length: height * width }, () => [0, 160, 20]).flat();
    const shape = JSON.stringify([1, height, width, 3]);
    python('write_npy.py', inData('bytes.npy'), 'u1', shape, JSON.stringify(pixels));
    python('write_npy.py', inData('parts.npy'), 'f4', shape, JSON.stringify(pixels.map((value) => value / 255)));
    const files = ['green/160.png', 'bytes.npy', 'parts.npy'].map(inData);
    const { lines } = polyak('predict', scratch.process.folder, ...files);
    const [picture, bytes, parts] = lines.map((line) => topOf(line).map(({ probability }) => probability));
    expect(bytes).toEqual(picture);
    expect(parts?.[0]).toBeCloseTo(picture?.[0] ?? 0, 6);
  });

  it('that are none are named, the others predicted, and the exit code says so', () => {
    writeFileSync(inData('torn.png'), 'no picture');
    const files = [inData('torn.png'), inData('red/200.png')];
    const { status, lines, stderr } = polyak('predict', scratch.process.folder, ...files);
    expect(status).toBe(3);
    expect(stderr).toContain(inData('torn.png'));
    expect(lines.map(({ event }) => event)).toEqual(['failed', 'predicted']);
  });
});

describe('numbers', () => {
  it('of a table are predicted with and without the label, as an array of them is', async () => {
    const scratch = await ScratchRun.train(regression, { 'table.csv': table(regressionData) });
    try {
      const { features } = regressionData;
      const samples = drawSamples(20, regressionData);
      const rows = Array.from({ length: 20 }, (_, row) => samples.subarray(row * features, (row + 1) * features));
      const header = ['f0', 'f1', 'f2', 'f3'].join(',');
      const files = ['bare.csv', 'labelled.csv', 'array.npy'].map((name) => join(scratch.data.path, name));
      const [bare = '', labelled = '', array = ''] = files;
      writeFileSync(bare, [header, ...rows.map((row) => row.join(','))].join('\n'));
      writeFileSync(labelled, [`${header},label`, ...rows.map((row) => `${row.join(',')},9`), ''].join('\n'));
      python('write_npy.py', array, 'f4', JSON.stringify([20, features]), JSON.stringify([...samples]));
      const expected = await scratch.run.predict(samples);
      for (const file of files) {
        const { status, lines } = polyak('predict', scratch.process.folder, file);
        expect(lines.map(({ index }) => index)).toEqual(rows.map((_, index) => index));
        expect(Float32Array.from(lines, ({ value }) => Number(value))).toEqual(expected);
        expect(status).toBe(0);
      }
    } finally {
      scratch.remove();
    }
  });

  it('of two classes have a probability for both, and bytes are refused because their scale is unknown', async () => {
    const scratch = await ScratchRun.train(binary, { 'table.csv': table(binaryData) });
    try {
      const path = join(scratch.data.path, 'bytes.npy');
      python('write_npy.py', path, 'u1', '[1, 5]', '[1, 2, 3, 4, 5]');
      const { status, lines, stderr } = polyak(
        'predict',
        scratch.process.folder,
        path,
        join(scratch.data.path, 'table.csv'),
      );
      expect(status).toBe(3);
      expect(stderr).toContain('is uint8, but the model was trained on the numbers of a csv');
      const predicted = lines.filter(({ event }) => event === 'predicted');
      expect(predicted.length).toBe(240);
      const sums = predicted.map((line) => topOf(line).reduce((sum, { probability }) => sum + probability, 0));
      for (const sum of sums) expect(sum).toBeCloseTo(1, 6);
    } finally {
      scratch.remove();
    }
  });
});
