/** MNIST and its kin: the shape stands in the header of the pictures, the number of classes in the labels. */
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { PolyakError } from '../../common/errors.js';
import type { Found } from './inspect.js';

const labelsPattern = /^train-labels[-.]idx1-ubyte(\.gz)?$/;
const imagesPattern = /^train-images[-.]idx3-ubyte(\.gz)?$/;

export function isIdxFolder(folder: string): boolean {
  return fileOf(folder, imagesPattern) !== undefined;
}

/** Errors: `data` for a file that is torn. */
export async function inspectIdx(path: string): Promise<Found> {
  const images = await read(path, imagesPattern);
  const labels = await read(path, labelsPattern);
  const [count, height, width] = [4, 8, 12].map((offset) => images.readUInt32BE(offset));
  if (count === undefined || height === undefined || width === undefined) throw new Error('unreachable');
  const classes = labels.subarray(8).reduce((most, label) => Math.max(most, label), 0) + 1;
  return {
    ...{ source: 'idx', path, shape: [height, width, 1], count, classes, scale: 4, hasTest: true },
    summary: `found idx files: ${count} training pictures of ${height} x ${width}, ${classes} classes`,
    options: [['validation', '0.1', 'held out of the training pictures: a fraction or a count']],
  };
}

async function read(folder: string, pattern: RegExp): Promise<Buffer> {
  const name = fileOf(folder, pattern);
  if (name === undefined) throw new PolyakError('data', `'${folder}' has pictures, but no train-labels-idx1-ubyte`);
  const file = join(folder, name);
  try {
    const bytes = await readFile(file);
    const content = name.endsWith('.gz') ? gunzipSync(bytes, { maxOutputLength: 2 ** 31 - 1 }) : bytes;
    if (content.length >= 16) return content;
  } catch (error) {
    throw new PolyakError('data', `${file}: cannot be read: ${(error as Error).message}`, { cause: error });
  }
  throw new PolyakError('data', `${file}: is too short for an idx file`);
}

function fileOf(folder: string, pattern: RegExp): string | undefined {
  return readdirSync(folder).find((name) => pattern.test(name));
}
