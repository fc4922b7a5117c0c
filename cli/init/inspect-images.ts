/** A folder of pictures for each class, perhaps within `train` and `test`. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { PolyakError } from '../../common/errors.js';
import type { Found } from './inspect.js';

const picture = /\.(jpe?g|png|webp|gif|tiff?)$/i;
/** Of so many pictures the size is looked at. */
const sampledMax = 64;
const sideMax = 64;

/** Names of the folders that hold pictures: directly, or within `train`. */
export function classFolders(folder: string): string[] {
  const within = trainFolder(folder);
  return readdirSync(within, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && readdirSync(join(within, entry.name)).some((name) => picture.test(name)))
    .map(({ name }) => name)
    .toSorted();
}

/** Errors: `data` for one class alone, or a picture that cannot be read. */
export async function inspectImages(path: string): Promise<Found> {
  const within = trainFolder(path);
  const classes = classFolders(path);
  if (classes.length < 2) {
    throw new PolyakError(
      'data',
      `'${within}' has pictures of one class only, '${classes[0]}'; at least two are needed`,
    );
  }
  const files = classes.flatMap((name) =>
    readdirSync(join(within, name))
      .filter((file) => picture.test(file))
      .map((file) => join(within, name, file)),
  );
  const sizes = await sizesOf(files);
  const { height, width, mixed } = commonSize(sizes);
  const hasTest = within !== path && existsSync(join(path, 'test'));
  const sizeComment = mixed
    ? 'pictures have several sizes; all are resized to this height and width'
    : 'all are resized to this height and width';
  const size: Found['options'] =
    mixed || height !== sizes[0]?.height || width !== sizes[0]?.width
      ? [['size', `[${height}, ${width}]`, sizeComment]]
      : [];
  const test: Found['options'] = hasTest ? [] : [['test', '0.1', 'held out to be measured at the end']];
  return {
    ...{ source: 'images', path, shape: [height, width, 3], count: files.length, classes: classes.length, scale: 4 },
    summary: `found ${files.length} pictures in ${classes.length} class folders (${some(classes)})`,
    options: [...size, ['validation', '0.1', 'held out of the training pictures: a fraction or a count'], ...test],
    hasTest: true,
  };
}

function trainFolder(folder: string): string {
  const train = join(folder, 'train');
  return existsSync(train) ? train : folder;
}

async function sizesOf(files: string[]): Promise<{ height: number; width: number }[]> {
  const every = Math.max(1, Math.floor(files.length / sampledMax));
  const sizes = [];
  for (const file of files.filter((_, index) => index % every === 0)) {
    try {
      const { height, width } = await sharp(file).metadata();
      sizes.push({ height, width });
    } catch (error) {
      throw new PolyakError('data', `${file}: is no picture: ${(error as Error).message}`, { cause: error });
    }
  }
  return sizes;
}

/** The median, at most 64 on the longer side: small enough to begin with. */
function commonSize(sizes: { height: number; width: number }[]): { height: number; width: number; mixed: boolean } {
  const median = (values: number[]) =>
    values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 1;
  const height = median(sizes.map((size) => size.height));
  const width = median(sizes.map((size) => size.width));
  const mixed = sizes.some((size) => size.height !== height || size.width !== width);
  const shrink = Math.min(1, sideMax / Math.max(height, width));
  const scaled = (side: number) => Math.max(4, Math.round((side * shrink) / 4) * 4);
  return shrink < 1 || mixed ? { height: scaled(height), width: scaled(width), mixed } : { height, width, mixed };
}

function some(names: string[]): string {
  return names.length <= 5 ? names.join(', ') : `${names.slice(0, 4).join(', ')}, …`;
}
