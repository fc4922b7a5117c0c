/**
 * A data set in shared memory: the rows of its training, validation and test splits. Samples stay as they are on disk;
 * the assembler reads them from there by row.
 */
import { createHash } from 'node:crypto';
import { PolyakError } from '../../common/errors.js';
import { targetOf } from '../../common/experiment/losses.js';
import { nameOf } from '../../common/experiment/named-option.js';
import type { Experiment } from '../../common/experiment/schema.js';
import { IndexPermutation } from '../../common/index-permutation.js';
import { Purpose } from '../../common/random.js';
import { Pace } from './pace.js';
import type { RawData, RawSplit } from './raw-data.js';
import { SampleStore } from './sample-store.js';
import { readCifar10 } from './sources/cifar10.js';
import { readCsv } from './sources/csv.js';
import { readIdx } from './sources/idx.js';
import { readImages } from './sources/images.js';

export type SplitName = 'train' | 'validation' | 'test';

export interface DatasetSplit {
  count: number;
  /** Rows of the store, by position in the split. */
  rows: Uint32Array;
}

const sliceBytes = 2 ** 22;

export class Dataset {
  readonly features: number;
  constructor(
    readonly shape: number[],
    /** Names by class index; null for regression. */
    readonly classes: string[] | null,
    /** Values that the model puts out for a sample: one for each class, or 1. */
    readonly outputs: number,
    readonly splits: Record<SplitName, DatasetSplit>,
    /** Bytes or floats of all samples from `storePointer` on, and room behind for the assembler. */
    readonly memory: WebAssembly.Memory,
    readonly bytesPerValue: 1 | 4,
    readonly labels: Int32Array | Float32Array,
    /** Where the assembler's part of the memory begins. */
    readonly freeFrom: number,
    /** SHA-256 over shape, samples and labels. */
    readonly fingerprint: string,
  ) {
    this.features = shape.reduce((product, size) => product * size, 1);
  }

  get storePointer(): number {
    return SampleStore.start;
  }
}

/** Errors: `data`, naming the file and place; `usage` when experiment and data do not fit each other. */
export async function openDataset(experiment: Experiment, options: { signal?: AbortSignal } = {}): Promise<Dataset> {
  const samples = new SampleStore();
  const raw = await readSource(experiment.data, samples, options.signal);
  const outputs = outputsOf(experiment, raw);
  checkAugmentation(experiment, raw.shape);
  const splits = await cutSplits(experiment, raw);
  const { labels, fingerprint } = await store(raw, samples);
  const { memory, freeFrom } = samples;
  const bytesPerValue = raw.train.samples instanceof Uint8Array ? 1 : 4;
  return new Dataset(raw.shape, raw.classes, outputs, splits, memory, bytesPerValue, labels, freeFrom, fingerprint);
}

async function readSource(data: Experiment['data'], samples: SampleStore, signal?: AbortSignal): Promise<RawData> {
  switch (data.source) {
    case 'idx':
      return await readIdx(data.path);
    case 'cifar10':
      return await readCifar10(data.path, samples);
    case 'images':
      return await readImages(data, samples, signal);
    case 'csv':
      return await readCsv(data);
  }
}

/** Does the loss suit the labels? Errors: `usage`. */
function outputsOf({ loss }: Experiment, { classes }: RawData): number {
  const binary = targetOf(loss) === 'twoClasses';
  if (binary && classes?.length !== 2) {
    const found = classes ? `${classes.length} classes` : 'numbers to predict';
    throw new PolyakError('usage', `loss: ${nameOf(loss)} is for two classes, the data have ${found}`);
  }
  return binary || !classes ? 1 : classes.length;
}

/** Errors: `usage`. */
function checkAugmentation({ augment }: Experiment, shape: number[]): void {
  for (const [index, entry] of augment.entries()) {
    const name = `augment[${index}].${Object.keys(entry)[0] ?? ''}`;
    const shown = JSON.stringify(shape);
    if (shape.length !== 3) {
      throw new PolyakError('usage', `${name}: is for images [height, width, channels], a sample is ${shown}`);
    }
    const side = Math.min(shape[0] ?? 0, shape[1] ?? 0);
    if ('crop' in entry && entry.crop.padding >= side) {
      const given = `${name}.padding: ${entry.crop.padding}`;
      throw new PolyakError('usage', `${given} could move the whole image away, a sample is ${shown}`);
    }
  }
}

/** What has no file of its own is held out of the training samples by seed: the test split first, then validation. */
async function cutSplits({ seed, data }: Experiment, raw: RawData): Promise<Record<SplitName, DatasetSplit>> {
  const asked = { test: 'test' in data ? (data.test ?? 0) : 0, validation: data.validation };
  const all = raw.train.count;
  const testCount = raw.test ? 0 : heldCount('data.test', asked.test, all);
  const validationCount = raw.validation ? 0 : heldCount('data.validation', asked.validation, all);
  const heldOut = testCount + validationCount;
  if (heldOut >= all) {
    const both = `${validationCount} for validation and ${testCount} for test`;
    throw new PolyakError('data', `data: ${both} leave nothing of ${all} samples to train on`);
  }
  const order = new IndexPermutation(seed, Purpose.split, 0, all);
  const pace = new Pace();
  const held = async (from: number, to: number) => {
    const rows = new Uint32Array(to - from);
    for (let i = 0; i < rows.length; i++) {
      rows[i] = order.at(from + i);
      if (i % 1024 === 0 && pace.due()) await pace.breathe();
    }
    return splitOf(rows);
  };
  const ownFrom = all + (raw.validation?.count ?? 0);
  return {
    train: await held(heldOut, all),
    validation: raw.validation ? rowsFrom(all, raw.validation.count) : await held(testCount, heldOut),
    test: raw.test ? rowsFrom(ownFrom, raw.test.count) : await held(0, testCount),
  };
}

function splitOf(rows: Uint32Array): DatasetSplit {
  return { count: rows.length, rows: rows.toSorted() };
}

function rowsFrom(first: number, count: number): DatasetSplit {
  return splitOf(Uint32Array.from({ length: count }, (_, index) => first + index));
}

/** A count, or a fraction of what there is; paths are not counted here. */
function heldCount(name: string, value: number | string, available: number): number {
  if (typeof value === 'string') return 0;
  const count = value < 1 ? Math.round(value * available) : value;
  if (count > available) {
    throw new PolyakError('data', `${name}: ${count} is more than the ${available} samples there are`);
  }
  return count;
}

/** The samples in the order train, validation, test, and a hash over all, in slices. */
async function store(
  raw: RawData,
  to: SampleStore,
): Promise<{ labels: Int32Array | Float32Array; fingerprint: string }> {
  const parts = [raw.train, raw.validation, raw.test].filter((part): part is RawSplit => part !== null);
  const hash = createHash('sha256').update(JSON.stringify({ shape: raw.shape, classes: raw.classes }));
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const labels = raw.classes ? new Int32Array(count) : new Float32Array(count);
  const pace = new Pace();
  let row = 0;
  for (const part of parts) {
    const bytes = bytesOf(part.samples);
    const stored = to.holds(bytes) ? bytes : to.reserve(bytes.length);
    for (let from = 0; from < bytes.length; from += sliceBytes) {
      const slice = bytes.subarray(from, from + sliceBytes);
      if (stored !== bytes) stored.set(slice, from);
      hash.update(slice);
      if (pace.due()) await pace.breathe();
    }
    labels.set(part.labels, row);
    hash.update(bytesOf(part.labels));
    row += part.count;
  }
  return { labels, fingerprint: hash.digest('hex') };
}

function bytesOf(array: Uint8Array | Int32Array | Float32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
