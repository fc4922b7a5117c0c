/** CIFAR-10's binary batches: data_batch_1.bin to 5 and test_batch.bin, a label byte and 3,072 bytes of planes each. */
import { readdir, readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PolyakError } from '../../../common/errors.js';
import { readDataFile } from '../read-file.js';
import type { RawData, RawSplit } from '../raw-data.js';

const side = 32;
const plane = side * side;
const recordBytes = 1 + 3 * plane;
const classCount = 10;

export async function readCifar10(folder: string): Promise<RawData> {
  const names = await readdir(folder).catch(() => {
    throw new PolyakError('data', `data.path: '${folder}' does not exist, or is no folder`);
  });
  const train = names.filter((name) => /^data_batch_\d+\.bin$/.test(name)).toSorted();
  if (train.length === 0) throw new PolyakError('data', `data.path: '${folder}' has no data_batch_1.bin`);
  if (!names.includes('test_batch.bin')) throw new PolyakError('data', `data.path: '${folder}' has no test_batch.bin`);
  const namesFile = join(folder, 'batches.meta.txt');
  const listed = existsSync(namesFile) ? (await readFile(namesFile, 'utf8')).split('\n').filter(Boolean) : [];
  return {
    shape: [side, side, 3],
    classes: Array.from({ length: classCount }, (_, index) => listed[index] ?? String(index)),
    train: await readBatches(train.map((name) => join(folder, name))),
    test: await readBatches([join(folder, 'test_batch.bin')]),
  };
}

async function readBatches(paths: string[]): Promise<RawSplit> {
  const files = await Promise.all(paths.map(async (path) => ({ path, bytes: await readDataFile(path) })));
  for (const { path, bytes } of files) {
    if (bytes.length === 0 || bytes.length % recordBytes !== 0) {
      throw new PolyakError('data', `${path}: has ${bytes.length} bytes, no multiple of a record's ${recordBytes}`);
    }
  }
  const count = files.reduce((sum, { bytes }) => sum + bytes.length / recordBytes, 0);
  const samples = new Uint8Array(count * 3 * plane);
  const labels = new Int32Array(count);
  let row = 0;
  for (const { path, bytes } of files) {
    for (let offset = 0; offset < bytes.length; offset += recordBytes, row++) {
      const label = bytes[offset] ?? 0;
      if (label >= classCount) {
        throw new PolyakError('data', `${path}: record ${offset / recordBytes} has label ${label}, labels are 0 to 9`);
      }
      labels[row] = label;
      interleave(bytes, offset + 1, samples, row * 3 * plane);
    }
  }
  return { count, samples, labels };
}

/** Three planes to pixels of three bytes. */
function interleave(source: Uint8Array, from: number, target: Uint8Array, to: number): void {
  for (let pixel = 0; pixel < plane; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      target[to + pixel * 3 + channel] = source[from + channel * plane + pixel] ?? 0;
    }
  }
}
