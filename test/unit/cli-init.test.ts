/** `polyak init`: what it finds in a folder, and that the file it writes is one that trains. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { npyBytes, npzFile } from '../bad-input/npy-files.js';

const bin = join(packageRoot(), 'bin/polyak.js');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'polyak-init-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function polyak(...args: string[]) {
  return spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', cwd: folder });
}

/** What `validate` says of the file that `init` wrote. */
function outline(file: string) {
  const { status, stdout, stderr } = polyak('validate', file, '--json');
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return JSON.parse(stdout) as Record<string, unknown>;
}

function row(index: number, label: string | number): string {
  return `${index % 7},${(index * 3) % 5},${label}`;
}

describe('the file that init writes fits', () => {
  it('a csv without a header, whose last column is a class', () => {
    copyFileSync(join(packageRoot(), 'examples/data/digits.csv.gz'), join(folder, 'digits.csv.gz'));
    const { status, stdout } = polyak('init', 'digits.csv.gz');
    expect(stdout).toMatch(/found digits\.csv\.gz: 1797 rows of 64 features, 10 classes/);
    expect(status).toBe(0);
    expect(outline('digits.yaml')).toMatchObject({
      experiment: { loss: 'softmaxCrossEntropy', data: { source: 'csv', header: false } },
      data: { shape: [64], classes: 10 },
    });
  });

  it('a csv with a header, whose label stands where it likes', () => {
    const rows = Array.from({ length: 60 }, (_, index) => `${['a', 'b', 'c'][index % 3]},${index % 7},${index % 5}`);
    writeFileSync(join(folder, 'train.csv'), ['Species,x,y2', ...rows, ''].join('\n'));
    expect(polyak('init', '.', '--out', 'new.yaml').status).toBe(0);
    expect(outline('new.yaml')).toMatchObject({
      experiment: { data: { label: 'Species' } },
      data: { shape: [2], classes: 3 },
    });
  });

  it('a csv of numbers to predict', () => {
    const rows = Array.from({ length: 60 }, (_, index) => row(index, index / 8));
    writeFileSync(join(folder, 'prices.csv'), ['rooms,age,price', ...rows, ''].join('\n'));
    expect(polyak('init', 'prices.csv').stdout).toMatch(/numbers to predict/);
    expect(outline('prices.yaml')).toMatchObject({
      experiment: { loss: 'meanSquaredError', data: { regression: true } },
      data: { classes: null },
    });
  });

  it('a csv with categories, text, and rows without a value', () => {
    const rows = Array.from({ length: 120 }, (_, index) => {
      const [colour, age] = [['red', 'green', '?'][index % 3], index % 5 === 0 ? 'NA' : index % 9];
      return `name ${index},${colour},${age},${index % 2 === 0 ? 'yes' : 'no'}`;
    });
    writeFileSync(join(folder, 'people.csv'), ['name,colour,age,class', ...rows, ''].join('\n'));
    expect(polyak('init', 'people.csv').stdout).toMatch(/120 rows of 3 features, 2 classes/);
    expect(outline('people.yaml')).toMatchObject({
      experiment: {
        data: {
          columns: { name: 'ignore', colour: 'category' },
          missing: { colour: 'mostFrequent', age: 'median' },
        },
      },
      data: { shape: [3], classes: 2 },
    });
  });

  it("an npz with the names of Keras's", () => {
    const images = (count: number) =>
      npyBytes(
        [count, 8, 8],
        Array.from({ length: count * 64 }, (_, at) => at % 256),
      );
    const labels = (count: number) =>
      npyBytes(
        [count],
        Array.from({ length: count }, (_, at) => at % 3),
      );
    const arrays = { x_train: images(30), y_train: labels(30), x_test: images(6), y_test: labels(6) };
    writeFileSync(join(folder, 'small.npz'), npzFile(arrays));
    expect(polyak('init', 'small.npz').stdout).toMatch(/found small\.npz: 30 samples of 8 x 8 x 1, 3 classes/);
    expect(outline('small.yaml')).toMatchObject({ data: { shape: [8, 8, 1], classes: 3, train: 27, test: 6 } });
  });

  it('a folder of pictures for each class', async () => {
    for (const [index, name] of ['red', 'blue'].entries()) {
      mkdirSync(join(folder, 'colours', name), { recursive: true });
      for (let picture = 0; picture < 20; picture++) {
        const background = { r: 200 * (1 - index), g: picture, b: 200 * index };
        const image = sharp({ create: { width: 12, height: 16, channels: 3, background } });
        await image.png().toFile(join(folder, 'colours', name, `${picture}.png`));
      }
    }
    expect(polyak('init', 'colours').stdout).toMatch(/found 40 pictures in 2 class folders \(blue, red\)/);
    expect(outline('colours.yaml')).toMatchObject({
      experiment: { data: { source: 'images' } },
      data: { shape: [16, 12, 3], classes: 2 },
    });
  });

  it("idx files such as MNIST's", () => {
    mkdirSync(join(folder, 'tiny'));
    for (const split of ['train', 't10k']) {
      const images = Buffer.alloc(16 + 20 * 64, 9);
      for (const [index, value] of [0x0803, 20, 8, 8].entries()) images.writeUInt32BE(value, index * 4);
      const labels = Buffer.from([0, 0, 8, 1, 0, 0, 0, 20, ...Array.from({ length: 20 }, (_, index) => index % 4)]);
      writeFileSync(join(folder, 'tiny', `${split}-images-idx3-ubyte`), images);
      writeFileSync(join(folder, 'tiny', `${split}-labels-idx1-ubyte`), labels);
    }
    expect(polyak('init', 'tiny').stdout).toMatch(/20 training pictures of 8 x 8, 4 classes/);
    expect(outline('tiny.yaml')).toMatchObject({ data: { shape: [8, 8, 1], classes: 4 } });
  });
});

describe('init', () => {
  it('overwrites nothing', () => {
    writeFileSync(join(folder, 'a.csv'), Array.from({ length: 30 }, (_, index) => row(index, index % 2)).join('\n'));
    writeFileSync(join(folder, 'a.yaml'), 'mine');
    const { status, stderr } = polyak('init', 'a.csv');
    expect(stderr).toMatch(/a\.yaml exists already and is left as it is; --out FILE names another/);
    expect(status).toBe(2);
    expect(readFileSync(join(folder, 'a.yaml'), 'utf8')).toBe('mine');
  });

  it('exits 3 and says what would be known, for a folder without data', () => {
    writeFileSync(join(folder, 'notes.txt'), '');
    const { status, stderr } = polyak('init');
    expect(stderr).toMatch(/'\.' holds notes\.txt: nothing in it is known as data; known are a folder of pictures/);
    expect(status).toBe(3);
    expect(polyak('init', 'nowhere').status).toBe(3);
  });
});
