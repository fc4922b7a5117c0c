/** What a data source gives: samples and labels as they are on disk, before any is held out by seed. */
import type { Encoding } from './encoding.js';

export interface RawSplit {
  count: number;
  /** count * features values, in the store or still outside; bytes are read as byte / 255. */
  samples: Uint8Array | Float32Array;
  /** Class indices, or numbers to predict, [count, outputs]. */
  labels: Int32Array | Float32Array;
  /** What each sample counts in the loss, in any unit; only those of the training split do. */
  weights?: Float32Array | null;
}

export interface RawData {
  /** Of one sample: [height, width, channels] or [features]. */
  shape: number[];
  /** Names by class index; null for regression. */
  classes: string[] | null;
  /** Numbers to predict of each sample, 1 unless given. */
  outputs?: number;
  train: RawSplit;
  /** Where files of their own hold them; null where they are held out of `train`. */
  validation: RawSplit | null;
  test: RawSplit | null;
  /** Once it is known which rows of `train` are trained on: what is made of them alone, such as fills. */
  complete?: (trainRows: Uint32Array) => Promise<Encoding>;
}
