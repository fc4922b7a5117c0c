/** Pictures in a folder per class, under train/ and test/ or in one folder; names in byte-wise order. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PolyakError } from '../../../common/errors.js';
import type { ImagesData } from '../../../common/experiment/schema.js';
import { decodeAllCached } from '../picture-cache.js';
import { sizeOfPicture, type Picture } from '../picture.js';
import type { RawData, RawSplit } from '../raw-data.js';
import { requireFolder } from '../read-file.js';
import { sampleBytesMax, type SampleStore } from '../sample-store.js';

const pictures = /\.(jpe?g|png|webp|gif|tiff?)$/i;

/** Samples are [height, width, 3]: grey is repeated, transparency dropped. Errors: `data`, naming the picture. */
export async function readImages(data: ImagesData, store: SampleStore, options: DecodedFrom = {}): Promise<RawData> {
  const inside = await foldersIn(data.path);
  const separate = inside.includes('train') && inside.includes('test');
  if (separate && data.test !== undefined) {
    const given = JSON.stringify(data.test);
    throw new PolyakError('usage', `data.test: ${given} is given, but ${data.path} has a folder test/ of its own`);
  }
  const trainFolder = separate ? join(data.path, 'train') : data.path;
  const classes = await foldersIn(trainFolder);
  if (classes.length < 2) {
    const found = `${classes.length} class folder${classes.length === 1 ? '' : 's'}`;
    throw new PolyakError('data', `${trainFolder}: has ${found}, at least two are needed`);
  }
  const size = data.size ?? (await sizeOfPicture((await picturesOf(trainFolder, classes[0] ?? ''))[0] ?? ''));
  const read = async (folder: string, key?: string) =>
    await readSplit(folder, { key, classes, size, data, store, ...options });
  const testFolder = separate ? join(data.path, 'test') : data.test;
  return {
    shape: [...size, 3],
    classes,
    train: await read(trainFolder),
    validation: typeof data.validation === 'string' ? await read(data.validation, 'data.validation') : null,
    test: typeof testFolder === 'string' ? await read(testFolder, 'data.test') : null,
  };
}

interface DecodedFrom {
  signal?: AbortSignal;
  /** Of the pictures, by path, as far as they are known. */
  sha256s?: ReadonlyMap<string, string>;
}

interface ReadOptions extends DecodedFrom {
  key: string | undefined;
  classes: string[];
  size: [number, number];
  data: ImagesData;
  store: SampleStore;
}

async function readSplit(folder: string, options: ReadOptions): Promise<RawSplit> {
  const { key, classes, size, data, store, signal, sha256s } = options;
  const present = await foldersIn(folder, key);
  const unknown = present.find((name) => !classes.includes(name));
  if (unknown !== undefined) throw new PolyakError('data', `${folder}: class '${unknown}' has no training pictures`);
  const files: Picture[] = [];
  for (const [label, name] of classes.entries()) {
    if (!present.includes(name)) continue;
    for (const path of await picturesOf(folder, name)) files.push({ path, label });
  }
  if (files.length === 0) throw new PolyakError('data', `${folder}: has no class folders`);
  const bytes = files.length * size[0] * size[1] * 3;
  if (bytes > sampleBytesMax) {
    const found = `${files.length} pictures of ${size.join('x')} take ${bytes} bytes, the most is ${sampleBytesMax}`;
    throw new PolyakError('data', `${folder}: ${found}; set a smaller data.size`);
  }
  const samples = store.reserve(bytes);
  await decodeAllCached(files, size, samples, { resize: data.size !== undefined, signal, sha256s });
  return { count: files.length, samples, labels: Int32Array.from(files, ({ label }) => label) };
}

async function foldersIn(path: string, key?: string): Promise<string[]> {
  await requireFolder(path, key);
  const names = (await readdir(path)).filter((name) => !name.startsWith('.'));
  const kinds = await Promise.all(names.map(async (name) => await stat(join(path, name))));
  return byteWise(names.filter((_, index) => kinds[index]?.isDirectory()));
}

async function picturesOf(folder: string, name: string): Promise<string[]> {
  const path = join(folder, name);
  const names = (await readdir(path)).filter((file) => pictures.test(file));
  if (names.length === 0) throw new PolyakError('data', `${path}: has no pictures (jpg, png, webp, gif, tiff)`);
  return byteWise(names).map((file) => join(path, file));
}

function byteWise(names: string[]): string[] {
  return names.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
}
