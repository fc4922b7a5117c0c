/** What a data source gives: samples and labels as they are on disk, before any is held out by seed. */

export interface RawSplit {
  count: number;
  /** count * features values, in the store or still outside; bytes are read as byte / 255. */
  samples: Uint8Array | Float32Array;
  /** Class indices, or numbers to predict. */
  labels: Int32Array | Float32Array;
}

export interface RawData {
  /** Of one sample: [height, width, channels] or [features]. */
  shape: number[];
  /** Names by class index; null for regression. */
  classes: string[] | null;
  train: RawSplit;
  /** Where files of their own hold them; null where they are held out of `train`. */
  validation: RawSplit | null;
  test: RawSplit | null;
}
