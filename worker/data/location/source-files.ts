/** Which files of a folder a source reads, so that a note beside them is not taken for data. */
import { idxNames } from '../sources/idx.js';

/** One of these names, the first that is there. */
export interface WantedName {
  names: string[];
  optional: boolean;
}

const picture = /\.(jpe?g|png|webp|gif|tiff?)$/i;
const cifarBatches = [
  'data_batch_1.bin',
  'data_batch_2.bin',
  'data_batch_3.bin',
  'data_batch_4.bin',
  'data_batch_5.bin',
];
const cifarNames = 'batches.meta.txt';

/** What a folder of the source holds, where that is known without looking; undefined where files have any names. */
export function namesIn(source: string): WantedName[] | undefined {
  const needed = (...names: string[]) => ({ names, optional: false });
  if (source === 'idx') return idxNames().map((names) => needed(...names));
  if (source !== 'cifar10') return undefined;
  return [...[...cifarBatches, 'test_batch.bin'].map((name) => needed(name)), { names: [cifarNames], optional: true }];
}

/** Whether the source reads a file of this name, relative to its folder. */
export function belongs(source: string, name: string): boolean {
  if (/(^|\/)\./.test(name)) return false;
  if (source === 'idx') return idxNames().some((names) => names.includes(name));
  if (source === 'cifar10') return /^(data_batch_\d+|test_batch)\.bin$/.test(name) || name === cifarNames;
  return source === 'images' ? picture.test(name) : true;
}
