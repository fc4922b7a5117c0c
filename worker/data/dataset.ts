/**
 * A data set in shared memory: the rows of its training, validation and test splits. Samples stay as they are on disk;
 * the assembler reads them from there by row.
 */
import { createHash } from 'node:crypto';
import { PolyakError } from '../../common/errors.js';
import type { Experiment } from '../../common/experiment/schema.js';
import { IndexPermutation } from '../../common/index-permutation.js';
import { Purpose } from '../../common/random.js';
import type { RawData, RawSplit } from './raw-data.js';
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

const storeStart = 1024;
const pageBytes = 65_536;

export class Dataset {
  readonly features: number;
  /** Outputs of the model's last layer: classes, or 1. */
  readonly outputs: number;

  constructor(
    readonly shape: number[],
    readonly classes: string[] | null,
    readonly splits: Record<SplitName, DatasetSplit>,
    /** Bytes or floats of all samples from `storeStart` on, and room behind for the assembler. */
    readonly memory: WebAssembly.Memory,
    readonly bytesPerValue: 1 | 4,
    readonly labels: Int32Array | Float32Array,
    /** Where the assembler's part of the memory begins. */
    readonly freeFrom: number,
    /** SHA-256 over shape, samples and labels. */
    readonly fingerprint: string,
  ) {
    this.features = shape.reduce((product, size) => product * size, 1);
    this.outputs = classes && classes.length > 2 ? classes.length : classes ? classes.length : 1;
  }

  get storePointer(): number {
    return storeStart;
  }
}

/** Errors: `data`, naming the file and place; `usage` when the splits do not fit the data. */
export async function openDataset(experiment: Experiment): Promise<Dataset> {
  const raw = await readSource(experiment.data);
  const { seed, data } = experiment;
  const order = new IndexPermutation(seed, Purpose.split, 0, raw.train.count);
  const testCount = raw.test ? 0 : splitCount('data.test', data.test ?? 0, raw.train.count);
  const validationCount = splitCount('data.validation', data.validation, raw.train.count - testCount);
  const trainCount = raw.train.count - testCount - validationCount;
  if (trainCount <= 0) {
    const asked = `validation ${String(data.validation)} and test ${String(data.test ?? 0)}`;
    throw new PolyakError('data', `data: ${asked} leave nothing of ${raw.train.count} samples to train on`);
  }
  const held = (from: number, count: number) =>
    Uint32Array.from({ length: count }, (_, index) => order.at(from + index)).toSorted();
  const testRows = raw.test
    ? Uint32Array.from({ length: raw.test.count }, (_, index) => raw.train.count + index)
    : held(0, testCount);
  const splits = {
    test: { count: testRows.length, rows: testRows },
    validation: { count: validationCount, rows: held(testCount, validationCount) },
    train: { count: trainCount, rows: held(testCount + validationCount, trainCount) },
  };
  return store(raw, splits);
}

async function readSource(data: Experiment['data']): Promise<RawData> {
  if (data.source === 'idx') return await readIdx(data.path);
  if (data.source === 'cifar10') return await readCifar10(data.path);
  return data.source === 'csv' ? await readCsv(data) : await readImages(data);
}

function splitCount(name: string, value: number | string, available: number): number {
  if (typeof value === 'string')
    throw new PolyakError('usage', `${name}: a path is only known to source: csv, for data.test`);
  const count = value < 1 ? Math.round(value * available) : value;
  if (!Number.isInteger(count))
    throw new PolyakError('usage', `${name}: ${value} is neither a count nor a fraction below 1`);
  if (count > available)
    throw new PolyakError('data', `${name}: ${count} is more than the ${available} samples there are`);
  return count;
}

function store(raw: RawData, splits: Record<SplitName, DatasetSplit>): Dataset {
  const parts: RawSplit[] = raw.test ? [raw.train, raw.test] : [raw.train];
  const sampleBytes = parts.reduce((sum, { samples }) => sum + samples.byteLength, 0);
  const bytesPerValue = raw.train.samples instanceof Uint8Array ? 1 : 4;
  const freeFrom = Math.ceil((storeStart + sampleBytes) / pageBytes) * pageBytes;
  const memory = new WebAssembly.Memory({ initial: freeFrom / pageBytes, maximum: 65_536, shared: true });
  const bytes = new Uint8Array(memory.buffer);
  const hash = createHash('sha256').update(JSON.stringify({ shape: raw.shape, classes: raw.classes }));
  let at = storeStart;
  for (const { samples, labels } of parts) {
    const view = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
    bytes.set(view, at);
    at += view.length;
    hash.update(view).update(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength));
  }
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const labels = raw.classes ? new Int32Array(count) : new Float32Array(count);
  labels.set(raw.train.labels, 0);
  if (raw.test) labels.set(raw.test.labels, raw.train.count);
  return new Dataset(raw.shape, raw.classes, splits, memory, bytesPerValue, labels, freeFrom, hash.digest('hex'));
}
