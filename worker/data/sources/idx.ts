/** The IDX files of MNIST and its kin: train-images, train-labels, t10k-images, t10k-labels; plain or gz. */
import { PolyakError } from '../../../common/errors.js';
import { findFile, readDataFile } from '../read-file.js';
import type { RawData, RawSplit } from '../raw-data.js';

const imagesMagic = 0x803;
const labelsMagic = 0x801;

export async function readIdx(folder: string): Promise<RawData> {
  const train = await readSplit(folder, 'train');
  const test = await readSplit(folder, 't10k');
  if (train.shape.join() !== test.shape.join()) {
    throw new PolyakError(
      'data',
      `${folder}: training images are ${train.shape.join('x')}, test images ${test.shape.join('x')}`,
    );
  }
  const classes = Math.max(...[train, test].map(({ split }) => largest(split.labels))) + 1;
  return {
    shape: train.shape,
    classes: Array.from({ length: classes }, (_, index) => String(index)),
    train: train.split,
    test: test.split,
  };
}

async function readSplit(folder: string, prefix: string): Promise<{ split: RawSplit; shape: number[] }> {
  const names = (kind: string, dimensions: number) =>
    ['', '.gz'].flatMap((end) => [
      `${prefix}-${kind}-idx${dimensions}-ubyte${end}`,
      `${prefix}-${kind}.idx${dimensions}-ubyte${end}`,
    ]);
  const imagesPath = findFile(folder, names('images', 3));
  const labelsPath = findFile(folder, names('labels', 1));
  const images = await readDataFile(imagesPath);
  const labels = await readDataFile(labelsPath);
  const count = header(images, imagesPath, imagesMagic, 16);
  const height = images.readUInt32BE(8);
  const width = images.readUInt32BE(12);
  if (height === 0 || width === 0) throw new PolyakError('data', `${imagesPath}: its images are ${height}x${width}`);
  const labelCount = header(labels, labelsPath, labelsMagic, 8);
  size(images, imagesPath, 16 + count * height * width);
  size(labels, labelsPath, 8 + labelCount);
  if (count !== labelCount) {
    throw new PolyakError('data', `${imagesPath}: has ${count} images, ${labelsPath} has ${labelCount} labels`);
  }
  if (count === 0) throw new PolyakError('data', `${imagesPath}: has no images`);
  return {
    split: { count, samples: images.subarray(16), labels: Int32Array.from(labels.subarray(8)) },
    shape: [height, width, 1],
  };
}

function header(bytes: Buffer, path: string, magic: number, headerBytes: number): number {
  if (bytes.length < headerBytes)
    throw new PolyakError('data', `${path}: has ${bytes.length} bytes, an IDX header has ${headerBytes}`);
  const found = bytes.readUInt32BE(0);
  if (found !== magic) {
    throw new PolyakError(
      'data',
      `${path}: begins with 0x${found.toString(16)}, an IDX file of this kind with 0x${magic.toString(16)}`,
    );
  }
  return bytes.readUInt32BE(4);
}

function size(bytes: Buffer, path: string, expected: number): void {
  if (bytes.length !== expected) {
    throw new PolyakError('data', `${path}: has ${bytes.length} bytes, its header promises ${expected}`);
  }
}

export function largest(labels: ArrayLike<number>): number {
  let most = 0;
  for (let index = 0; index < labels.length; index++) most = Math.max(most, labels[index] ?? 0);
  return most;
}
