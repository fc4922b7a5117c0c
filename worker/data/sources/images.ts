/** Pictures in a folder per class, under train/ and test/ or in one folder; names in byte-wise order. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { PolyakError } from '../../../common/errors.js';
import type { Experiment } from '../../../common/experiment/schema.js';
import type { RawData, RawSplit } from '../raw-data.js';

const pictures = /\.(jpe?g|png|webp|gif|tiff?)$/i;
const decodersAtOnce = 8;

export async function readImages(data: Experiment['data']): Promise<RawData> {
  const entries = await folders(data.path);
  const separate = entries.includes('train') && entries.includes('test');
  const trainFolder = separate ? join(data.path, 'train') : data.path;
  const classes = await folders(trainFolder);
  if (classes.length < 2)
    throw new PolyakError('data', `${trainFolder}: has ${classes.length} class folders, at least two are needed`);
  const size = data.size ?? (await sizeOf(trainFolder, classes[0] ?? ''));
  const train = await readSplit(trainFolder, classes, size, data.size !== undefined);
  const test = separate ? await readSplit(join(data.path, 'test'), classes, size, data.size !== undefined) : null;
  return { shape: [...size, 3], classes, train, test };
}

async function folders(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => {
    throw new PolyakError('data', `data.path: '${path}' does not exist, or is no folder`);
  });
  return byteWise(
    entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name),
  );
}

async function picturesOf(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => pictures.test(name));
  if (names.length === 0) throw new PolyakError('data', `${folder}: has no pictures (jpg, png, webp, gif, tiff)`);
  return byteWise(names);
}

function byteWise(names: string[]): string[] {
  return names.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
}

async function sizeOf(folder: string, name: string): Promise<[number, number]> {
  const [first] = await picturesOf(join(folder, name));
  const { height, width } = await decodable(join(folder, name, first ?? ''), async (image) => await image.metadata());
  return [height, width];
}

async function readSplit(
  folder: string,
  classes: string[],
  size: [number, number],
  resize: boolean,
): Promise<RawSplit> {
  const present = await folders(folder);
  const unknown = present.find((name) => !classes.includes(name));
  if (unknown !== undefined) throw new PolyakError('data', `${folder}: class '${unknown}' has no training pictures`);
  const files: { path: string; label: number }[] = [];
  for (const [label, name] of classes.entries()) {
    if (!present.includes(name)) continue;
    for (const picture of await picturesOf(join(folder, name)))
      files.push({ path: join(folder, name, picture), label });
  }
  const [height, width] = size;
  const features = height * width * 3;
  const samples = new Uint8Array(files.length * features);
  let next = 0;
  const decodeSome = async () => {
    for (let row = next++; row < files.length; row = next++) {
      const path = files[row]?.path ?? '';
      const raw = await decodable(path, async (image) => {
        const sized = resize ? image.resize(width, height, { fit: 'fill' }) : image;
        return await sized.toColourspace('srgb').removeAlpha().raw().toBuffer({ resolveWithObject: true });
      });
      const { info, data } = raw;
      if (info.height !== height || info.width !== width) {
        const found = `${info.height}x${info.width}, the first picture ${height}x${width}`;
        throw new PolyakError('data', `${path}: is ${found}; set data.size to resize all`);
      }
      const pixels =
        info.channels === 1
          ? Buffer.from(Uint8Array.from({ length: features }, (_, i) => data[Math.floor(i / 3)] ?? 0))
          : data;
      samples.set(pixels, row * features);
    }
  };
  await Promise.all(Array.from({ length: decodersAtOnce }, decodeSome));
  return { count: files.length, samples, labels: Int32Array.from(files.map(({ label }) => label)) };
}

async function decodable<Value>(path: string, use: (image: Sharp) => Promise<Value>): Promise<Value> {
  try {
    return await use(sharp(path, { failOn: 'error' }));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new PolyakError('data', `${path}: cannot be decoded: ${why}`, { cause: error });
  }
}
