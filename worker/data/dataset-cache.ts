/**
 * The data sets that this process has open, for the trials of a sweep to share: opened once, whoever asks at the same
 * time, and kept for the next trial when nobody uses them. A file that has changed makes another data set.
 */
import { createHash } from 'node:crypto';
import type { Experiment } from '../../common/experiment/schema.js';
import { openLocated, type Dataset, type OpenOptions } from './dataset.js';
import { listingSha256 } from './location/data-files.js';
import { locateData } from './location/locate.js';

export interface DatasetCacheOptions {
  /** Of what is kept though nobody uses it. */
  bytesMax: number;
  /** Called whenever a data set is read. */
  reading?: () => void;
}

export interface SharedDataset {
  dataset: Dataset;
  /** To be called once. */
  release: () => void;
}

interface Entry {
  key: string;
  dataset: Promise<Dataset>;
  /** 0 until it is open. */
  bytes: number;
  users: number;
  /** Nobody waits for it any more. */
  abandoned: AbortController;
}

const keptMax = 2;

export class DatasetCache {
  /** The one used last at the end. */
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly options: DatasetCacheOptions) {}

  /** Errors: as of openDataset; what has failed is tried anew by the next who asks. */
  async open(experiment: Experiment, options: OpenOptions = {}): Promise<SharedDataset> {
    const located = await locateData(experiment.data, options);
    const key = keyOf(experiment, listingSha256(located.files));
    const known = this.entries.get(key);
    const entry = known ?? this.begin(key, (signal) => openLocated(experiment, located, { ...options, signal }));
    this.entries.delete(key);
    this.entries.set(key, entry);
    entry.users += 1;
    try {
      const dataset = await unlessAborted(entry.dataset, options.signal);
      return { dataset, release: () => this.leave(entry) };
    } catch (error) {
      this.leave(entry);
      throw error;
    } finally {
      await located.release();
    }
  }

  private begin(key: string, read: (signal: AbortSignal) => Promise<Dataset>): Entry {
    const abandoned = new AbortController();
    this.options.reading?.();
    const entry: Entry = { key, dataset: read(abandoned.signal), bytes: 0, users: 0, abandoned };
    entry.dataset.then(
      ({ memory }) => (entry.bytes = memory.buffer.byteLength),
      () => this.forget(entry),
    );
    return entry;
  }

  private leave(entry: Entry): void {
    entry.users -= 1;
    if (entry.users === 0 && entry.bytes === 0) {
      entry.abandoned.abort();
      this.forget(entry);
    }
    this.evict();
  }

  /** Those that are used stay, since they are in memory anyway. */
  private evict(): void {
    const all = [...this.entries.values()];
    let bytes = all.reduce((sum, entry) => sum + entry.bytes, 0);
    for (const entry of all) {
      if (this.entries.size <= keptMax && bytes <= this.options.bytesMax) return;
      if (entry.users > 0) continue;
      bytes -= entry.bytes;
      this.forget(entry);
    }
  }

  private forget(entry: Entry): void {
    if (this.entries.get(entry.key) === entry) this.entries.delete(entry.key);
  }
}

/** Of everything that a data set depends on, and of the experiment's checks that opening it makes. */
function keyOf({ data, seed, loss, augment, train, module }: Experiment, listing: string): string {
  const parts = { data, seed, loss, augment, classWeights: train.classWeights, module, listing };
  return createHash('sha256').update(canonical(parts)).digest('hex');
}

/** JSON with the members of objects in the order of their names. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
    const entries = Object.entries(member);
    return Object.fromEntries(entries.toSorted(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0)));
  });
}

async function unlessAborted<Value>(work: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (!signal) return await work;
  signal.throwIfAborted();
  let abort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
