/** What data lie in a folder, and how an experiment would name them. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PolyakError } from '../../common/errors.js';
import { inspectCsv } from './inspect-csv.js';
import { inspectIdx, isIdxFolder } from './inspect-idx.js';
import { classFolders, inspectImages } from './inspect-images.js';
import { inspectNpz } from './inspect-npz.js';

export interface Found {
  source: 'idx' | 'cifar10' | 'images' | 'csv' | 'npz';
  /** Folder or, for csv and npz, file. */
  path: string;
  /** One line of what was found. */
  summary: string;
  /** Of one sample. */
  shape: number[];
  /** Samples to train on; those of a test split of its own do not count. */
  count: number;
  /** 0 for regression. */
  classes: number;
  /** Keys of `data` besides source and path, each with a comment. */
  options: [key: string, value: string, comment: string][];
  /** Brings the inputs to about -1 to 1 after their mean is taken off. */
  scale: number;
  hasTest: boolean;
}

/** Errors: `data`, with what is there and what would be known. */
export async function inspect(path: string): Promise<Found> {
  if (!existsSync(path)) throw new PolyakError('data', `'${path}' does not exist (looked in ${resolve()})`);
  if (statSync(path).isFile()) {
    if (isCsv(path)) return await inspectCsv(path, undefined);
    if (path.endsWith('.npz')) return await inspectNpz(path);
    throw new PolyakError('data', `'${path}' is a file and neither csv nor npz; give the folder that holds the data`);
  }
  if (isIdxFolder(path)) return await inspectIdx(path);
  const names = readdirSync(path).toSorted();
  if (names.includes('data_batch_1.bin')) return cifar10(path, names);
  if (classFolders(path).length > 0) return await inspectImages(path);
  const tables = names.filter(isCsv);
  if (tables.length > 0) return await fromTables(path, tables);
  const archive = names.filter((name) => name.endsWith('.npz'));
  if (archive.length === 1) return await inspectNpz(join(path, archive[0]!));
  const some = names.slice(0, 8).join(', ');
  const there = names.length === 0 ? 'is empty' : `holds ${some}${names.length > 8 ? ', …' : ''}`;
  const known =
    "a folder of pictures for each class, idx files (train-images-idx3-ubyte.gz, …), cifar10's data_batch_1.bin, a csv, or one npz";
  throw new PolyakError('data', `'${path}' ${there}: nothing in it is known as data; known are ${known}`);
}

function isCsv(name: string): boolean {
  return /\.csv(\.gz)?$/.test(name);
}

/** One table, or one to train on with its test table. */
async function fromTables(folder: string, tables: string[]): Promise<Found> {
  const named = (stem: string) => tables.find((name) => name.replace(/\.csv(\.gz)?$/, '').toLowerCase() === stem);
  const train = tables.length === 1 ? tables[0] : named('train');
  if (train !== undefined) return await inspectCsv(join(folder, train), named('test'));
  const examples = tables.map((name) => join(folder, name)).join(', ');
  throw new PolyakError(
    'data',
    `'${folder}' has ${tables.length} tables and none is called train.csv: give one of ${examples}`,
  );
}

function cifar10(path: string, names: string[]): Found {
  const batches = names.filter((name) => /^data_batch_\d+\.bin$/.test(name));
  const bytes = batches.reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
  const count = Math.floor(bytes / 3073);
  return {
    ...{ source: 'cifar10', path, shape: [32, 32, 3], count, classes: 10, scale: 4 },
    summary: `found CIFAR-10's binary version: ${count} training pictures of 32 x 32`,
    options: [['validation', '0.1', 'held out of the training pictures: a fraction or a count']],
    hasTest: true,
  };
}
