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
import type { SplitName } from '../../common/split-name.js';
import { checkAugmentation } from './augment/check-augmentation.js';
import type { Encoding } from './encoding.js';
import { foldOf, isFold } from './fold.js';
import { groupFiles, listingSha256, type DataFileGroup } from './location/data-files.js';
import { locateData, type LocatedData, type LocateOptions } from './location/locate.js';
import { Pace } from './pace.js';
import type { RawData, RawSplit } from './raw-data.js';
import { SampleStore } from './sample-store.js';
import { sampleWeights } from './sample-weights.js';
import { readCifar10 } from './sources/cifar10.js';
import { readCsv } from './sources/csv.js';
import { readIdx } from './sources/idx.js';
import { readImages } from './sources/images.js';
import { readNpy } from './sources/npy.js';
import { readNpz } from './sources/npz.js';

export type { SplitName };

export interface DatasetSplit {
  count: number;
  /** Rows of the store, by position in the split. */
  rows: Uint32Array;
}

/** The files of a data set, for the proof that another worker has the same. */
export interface DataFiles {
  /** Over names, sizes and hashes of all. */
  sha256: string;
  groups: DataFileGroup[];
}

const sliceBytes = 2 ** 22;
const pageBytes = 65_536;

export class Dataset {
  readonly features: number;
  /** One behind the other, from `freeFrom` on. */
  private readonly areas: { from: number; pages: number; isFree: boolean }[] = [];

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
    /** By row; where numbers are predicted, so many as there are outputs. */
    readonly labels: Int32Array | Float32Array,
    /** Where the assemblers' part of the memory begins. */
    readonly freeFrom: number,
    /** SHA-256 over shape, samples, labels and their weights. */
    readonly fingerprint: string,
    /** How files became samples; null where shape and classes say it all. */
    readonly encoding: Encoding | null = null,
    /** What each training sample counts in the loss, by row, 1 on average; null where all count the same. */
    readonly weights: Float32Array | null = null,
    /** What it was read from. */
    readonly files: DataFiles = { sha256: '', groups: [] },
  ) {
    this.features = shape.reduce((product, size) => product * size, 1);
  }

  /** Labels of one sample. */
  get labelsPerSample(): number {
    return this.classes ? 1 : this.outputs;
  }

  /**
   * Room in the memory behind the samples, so that trials may share the data set; the content is arbitrary. Answers with
   * the byte offset, which begins a page.
   */
  reserve(bytes: number): number {
    const pages = Math.ceil(bytes / pageBytes);
    const fitting = this.areas
      .filter((area) => area.isFree && area.pages >= pages)
      .toSorted((left, right) => left.pages - right.pages)[0];
    if (fitting) {
      fitting.isFree = false;
      return fitting.from;
    }
    const last = this.areas.at(-1);
    const from = last ? last.from + last.pages * pageBytes : this.freeFrom;
    const missing = Math.ceil((from + pages * pageBytes - this.memory.buffer.byteLength) / pageBytes);
    if (missing > 0) this.memory.grow(missing);
    this.areas.push({ from, pages, isFree: false });
    return from;
  }

  /** What was reserved is not used any more. */
  release(from: number): void {
    const area = this.areas.find((candidate) => candidate.from === from);
    if (area) area.isFree = true;
    while (this.areas.at(-1)?.isFree) this.areas.pop();
  }

  get storePointer(): number {
    return SampleStore.start;
  }
}

export interface OpenOptions extends LocateOptions {
  /** What a run has recorded, whose categories and fills are used instead of those of the data. */
  encoding?: Encoding | null;
  /** What the data source of the experiment's module gives. */
  readModule?: () => Promise<RawData>;
}

/**
 * Remote data are brought into the cache of this machine first. Errors: `data`, naming the file and place, `unreachable`
 * when the server of the data is; `usage` when experiment and data do not fit each other.
 */
export async function openDataset(experiment: Experiment, options: OpenOptions = {}): Promise<Dataset> {
  const located = await locateData(experiment.data, options);
  try {
    return await openLocated(experiment, located, options);
  } finally {
    await located.release();
  }
}

/** As openDataset, of data that lie on this machine. */
export async function openLocated(
  experiment: Experiment,
  located: LocatedData,
  options: OpenOptions,
): Promise<Dataset> {
  const samples = new SampleStore();
  const raw = await readSource(located, samples, options);
  const outputs = outputsOf(experiment, raw);
  checkAugmentation(experiment, raw.shape);
  const splits = await cutSplits(experiment, raw);
  const trainRows = splits.train.rows;
  const encoding = (await raw.complete?.(trainRows)) ?? null;
  const { labels, fingerprint } = await store(raw, samples);
  const ofSamples = raw.train.weights ?? null;
  const weights = sampleWeights(experiment, { classes: raw.classes, labels, weights: ofSamples, trainRows });
  const { memory, freeFrom } = samples;
  const bytesPerValue = raw.train.samples instanceof Uint8Array ? 1 : 4;
  const files = { sha256: listingSha256(located.files), groups: groupFiles(located.files) };
  return new Dataset(
    ...([raw.shape, raw.classes, outputs, splits, memory, bytesPerValue, labels, freeFrom, fingerprint] as const),
    ...([encoding, weights, files] as const),
  );
}

async function readSource(
  { data, sha256s }: LocatedData,
  samples: SampleStore,
  { signal, encoding, readModule }: OpenOptions,
): Promise<RawData> {
  switch (data.source) {
    case 'idx':
      return await readIdx(data.path);
    case 'cifar10':
      return await readCifar10(data.path, samples);
    case 'images':
      return await readImages(data, samples, { signal, sha256s });
    case 'csv':
      return await readCsv(data, encoding ?? undefined);
    case 'npy':
      return await readNpy(data, samples);
    case 'npz':
      return await readNpz(data, samples);
    case 'module':
      if (!readModule) throw new Error('the data come from a module that was not loaded');
      return await readModule();
  }
}

/** Does the loss suit the labels? Errors: `usage`. */
function outputsOf({ loss }: Experiment, { classes, outputs = 1 }: RawData): number {
  const binary = targetOf(loss) === 'twoClasses';
  if (binary && classes?.length !== 2) {
    const found = classes ? `${classes.length} classes` : 'numbers to predict';
    throw new PolyakError('usage', `loss: ${nameOf(loss)} is for two classes, the data have ${found}`);
  }
  // Of the built-in sources the experiment file says which kind they are.
  if (loss === 'softmaxCrossEntropy' && !classes) {
    throw new PolyakError('usage', `loss: softmaxCrossEntropy is for classes, the data have numbers to predict`);
  }
  if (loss === 'meanSquaredError' && classes) {
    const found = `the data have ${classes.length} classes`;
    throw new PolyakError('usage', `loss: meanSquaredError is for numbers to predict, ${found}`);
  }
  if (!classes) return outputs;
  return binary ? 1 : classes.length;
}

/**
 * What has no file of its own is held out of the training samples by seed: the test split first, then validation, in the order
 * of a permutation.
 */
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
  const order = new IndexPermutation(data.seed ?? seed, Purpose.split, 0, all);
  const pace = new Pace();
  const rowsAt = async (from: number, to: number) => {
    const rows = new Uint32Array(to - from);
    for (let i = 0; i < rows.length; i++) {
      rows[i] = order.at(from + i);
      if (i % 1024 === 0 && pace.due()) await pace.breathe();
    }
    return rows;
  };
  const ownFrom = all + (raw.validation?.count ?? 0);
  const test = raw.test ? rowsFrom(ownFrom, raw.test.count) : splitOf(await rowsAt(0, testCount));
  if (isFold(asked.validation)) {
    const { training, validation } = foldOf(asked.validation, await rowsAt(testCount, all), raw);
    return { train: splitOf(training), validation: splitOf(validation), test };
  }
  return {
    train: splitOf(await rowsAt(heldOut, all)),
    validation: raw.validation ? rowsFrom(all, raw.validation.count) : splitOf(await rowsAt(testCount, heldOut)),
    test,
  };
}

function splitOf(rows: Uint32Array): DatasetSplit {
  return { count: rows.length, rows: rows.toSorted() };
}

function rowsFrom(first: number, count: number): DatasetSplit {
  return splitOf(Uint32Array.from({ length: count }, (_, index) => first + index));
}

/** A count, or a fraction of what there is; what has files or arrays of its own is not counted here. */
function heldCount(name: string, value: number | string | object, available: number): number {
  if (typeof value !== 'number') return 0;
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
  const labels = raw.classes ? new Int32Array(count) : new Float32Array(count * (raw.outputs ?? 1));
  const pace = new Pace();
  let labelsAt = 0;
  for (const part of parts) {
    const bytes = bytesOf(part.samples);
    const stored = to.holds(bytes) ? bytes : to.reserve(bytes.length);
    for (let from = 0; from < bytes.length; from += sliceBytes) {
      const slice = bytes.subarray(from, from + sliceBytes);
      if (stored !== bytes) stored.set(slice, from);
      hash.update(slice);
      if (pace.due()) await pace.breathe();
    }
    labels.set(part.labels, labelsAt);
    hash.update(bytesOf(part.labels));
    labelsAt += part.labels.length;
  }
  if (raw.train.weights) hash.update(bytesOf(raw.train.weights));
  return { labels, fingerprint: hash.digest('hex') };
}

function bytesOf(array: Uint8Array | Int32Array | Float32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
