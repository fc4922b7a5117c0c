/** CIFAR-10's binary batches: data_batch_1.bin to 5 and test_batch.bin, a label byte and 3,072 bytes of planes each. */
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PolyakError } from '../../../common/errors.js';
import { Pace } from '../pace.js';
import type { RawData, RawSplit } from '../raw-data.js';
import { readDataFile, requireFolder } from '../read-file.js';
import type { SampleStore } from '../sample-store.js';

const side = 32;
const plane = side * side;
const sampleBytes = 3 * plane;
const recordBytes = 1 + sampleBytes;
const classCount = 10;
const trainBatch = /^data_batch_(\d+)\.bin$/;

/** Errors: `data`, naming the file and record. */
export async function readCifar10(folder: string, store: SampleStore): Promise<RawData> {
  const train = await trainFiles(folder);
  const namesFile = join(folder, 'batches.meta.txt');
  const listed = existsSync(namesFile) ? (await readFile(namesFile, 'utf8')).split('\n').filter(Boolean) : [];
  return {
    shape: [side, side, 3],
    classes: Array.from({ length: classCount }, (_, index) => listed[index] ?? String(index)),
    train: await readBatches(
      train.map((name) => join(folder, name)),
      store,
    ),
    validation: null,
    test: await readBatches([join(folder, 'test_batch.bin')], store),
  };
}

/** data_batch_1.bin and on, without a gap. */
async function trainFiles(folder: string): Promise<string[]> {
  await requireFolder(folder);
  const names = await readdir(folder);
  const numbers = names.flatMap((name) => trainBatch.exec(name)?.[1] ?? []).map(Number);
  const last = Math.max(1, ...numbers);
  const wanted = Array.from({ length: last }, (_, index) => `data_batch_${index + 1}.bin`);
  const missing = [...wanted, 'test_batch.bin'].find((name) => !names.includes(name));
  if (missing === undefined) return wanted;
  const python = names.includes('data_batch_1')
    ? '; what is there is the Python version, the binary one is needed'
    : '';
  throw new PolyakError('data', `data.path: '${folder}' has no ${missing}${python}`);
}

async function readBatches(paths: string[], store: SampleStore): Promise<RawSplit> {
  const labels: number[] = [];
  const pace = new Pace();
  let samples: Uint8Array | undefined;
  for (const path of paths) {
    const bytes = await readDataFile(path);
    if (bytes.length === 0 || bytes.length % recordBytes !== 0) {
      throw new PolyakError('data', `${path}: has ${bytes.length} bytes, no multiple of a record's ${recordBytes}`);
    }
    const records = bytes.length / recordBytes;
    const batch = store.reserve(records * sampleBytes);
    for (let record = 0; record < records; record++) {
      const offset = record * recordBytes;
      const label = bytes[offset] ?? 0;
      if (label >= classCount) {
        throw new PolyakError('data', `${path}: record ${record} has label ${label}, labels are 0 to 9`);
      }
      labels.push(label);
      interleave(bytes, offset + 1, batch, record * sampleBytes);
      if (pace.due()) await pace.breathe();
    }
    samples = store.view((samples ?? batch).byteOffset, labels.length * sampleBytes);
  }
  return { count: labels.length, samples: samples ?? new Uint8Array(0), labels: Int32Array.from(labels) };
}

/** Three planes to pixels of three bytes. */
function interleave(source: Uint8Array, from: number, target: Uint8Array, to: number): void {
  for (let pixel = 0; pixel < plane; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      target[to + pixel * 3 + channel] = source[from + channel * plane + pixel] ?? 0;
    }
  }
}
