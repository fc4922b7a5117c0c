/** NumPy arrays in files of their own, plain or gz: inputs, labels, and perhaps weights. */
import type { NpyData } from '../../../common/experiment/array-schema.js';
import { decodeNpy, promisedNpyBytes } from '../../../common/npy.js';
import type { RawData } from '../raw-data.js';
import { readPromisedFile } from '../read-file.js';
import type { SampleStore } from '../sample-store.js';
import { arraysToRaw, type ArraySplit, type NamedArray } from './arrays.js';

/** Errors: `data`, naming the file and what in it is wrong. */
export async function readNpy(data: NpyData, store: SampleStore): Promise<RawData> {
  const other = async (split: NpyData['validation'] | undefined): Promise<ArraySplit | null> =>
    typeof split === 'object' && 'path' in split
      ? { inputs: await read(split.path), labels: await read(split.label) }
      : null;
  const train: ArraySplit = { inputs: await read(data.path), labels: await read(data.label) };
  if (data.sampleWeight !== undefined) train.weights = await read(data.sampleWeight);
  const [validation, test] = [await other(data.validation), await other(data.test)];
  return await arraysToRaw({ train, validation, test }, data, store);
}

async function read(path: string): Promise<NamedArray> {
  const bytes = await readPromisedFile(path, (beginning) => promisedNpyBytes(beginning, path));
  return { name: path, ...decodeNpy(bytes, path) };
}
