/** The IDX files of MNIST and its kin: train-images, train-labels, t10k-images, t10k-labels; plain or gz. */
import { PolyakError } from '../../../common/errors.js';
import type { RawData, RawSplit } from '../raw-data.js';
import { findFile, readPromisedFile } from '../read-file.js';

const imagesMagic = 0x803;
const labelsMagic = 0x801;
const imagesHeaderBytes = 16;
const labelsHeaderBytes = 8;

/** Errors: `data`, naming the file and what in it is wrong. */
export async function readIdx(folder: string): Promise<RawData> {
  const train = await readSplit(folder, 'train');
  const test = await readSplit(folder, 't10k');
  if (train.shape.join() !== test.shape.join()) {
    const found = `training images are ${sizeText(train.shape)}, test images ${sizeText(test.shape)}`;
    throw new PolyakError('data', `${folder}: ${found}`);
  }
  const { labels } = train.split;
  if (labels.every((label) => label === labels[0])) {
    const found = `every label is ${labels[0] ?? 0}`;
    throw new PolyakError('data', `${train.labelsPath}: ${found}, at least two classes are needed`);
  }
  const classes = largest(labels) + 1;
  const strange = test.split.labels.findIndex((label) => label >= classes);
  if (strange >= 0) {
    const label = test.split.labels[strange] ?? 0;
    const known = `the training labels are 0 to ${classes - 1}`;
    throw new PolyakError('data', `${test.labelsPath}: label ${strange} is ${label}, ${known}`);
  }
  return {
    shape: train.shape,
    classes: Array.from({ length: classes }, (_, index) => String(index)),
    train: train.split,
    validation: null,
    test: test.split,
  };
}

interface IdxSplit {
  split: RawSplit;
  shape: number[];
  labelsPath: string;
}

async function readSplit(folder: string, prefix: string): Promise<IdxSplit> {
  const imagesPath = await findFile(folder, namesOf(prefix, 'images', 3));
  const labelsPath = await findFile(folder, namesOf(prefix, 'labels', 1));
  const images = await readPromisedFile(imagesPath, (beginning) => {
    const count = header(beginning, imagesPath, imagesMagic, imagesHeaderBytes);
    const [height, width] = [beginning.readUInt32BE(8), beginning.readUInt32BE(12)];
    if (height === 0 || width === 0) throw new PolyakError('data', `${imagesPath}: its images are ${height}x${width}`);
    return imagesHeaderBytes + count * height * width;
  });
  const labels = await readPromisedFile(
    labelsPath,
    (beginning) => labelsHeaderBytes + header(beginning, labelsPath, labelsMagic, labelsHeaderBytes),
  );
  const count = images.readUInt32BE(4);
  const labelCount = labels.readUInt32BE(4);
  if (count !== labelCount) {
    throw new PolyakError('data', `${imagesPath}: has ${count} images, ${labelsPath} has ${labelCount} labels`);
  }
  if (count === 0) throw new PolyakError('data', `${imagesPath}: has no images`);
  const samples = images.subarray(imagesHeaderBytes);
  return {
    split: { count, samples, labels: Int32Array.from(labels.subarray(labelsHeaderBytes)) },
    shape: [images.readUInt32BE(8), images.readUInt32BE(12), 1],
    labelsPath,
  };
}

/** The four files, each by the names that it may have. */
export function idxNames(): string[][] {
  return ['train', 't10k'].flatMap((prefix) => [namesOf(prefix, 'images', 3), namesOf(prefix, 'labels', 1)]);
}

function namesOf(prefix: string, kind: string, dimensions: number): string[] {
  return ['', '.gz'].flatMap((end) => [
    `${prefix}-${kind}-idx${dimensions}-ubyte${end}`,
    `${prefix}-${kind}.idx${dimensions}-ubyte${end}`,
  ]);
}

/** The count that the header says. */
function header(bytes: Buffer, path: string, magic: number, headerBytes: number): number {
  if (bytes.length < headerBytes) {
    throw new PolyakError('data', `${path}: has ${bytes.length} bytes, an IDX header has ${headerBytes}`);
  }
  const found = bytes.readUInt32BE(0);
  if (found !== magic) {
    const wanted = `an IDX file of ${magic === imagesMagic ? 'images' : 'labels'} with 0x${magic.toString(16)}`;
    throw new PolyakError('data', `${path}: begins with 0x${found.toString(16)}, ${wanted}`);
  }
  return bytes.readUInt32BE(4);
}

function sizeText(shape: number[]): string {
  return shape.slice(0, 2).join('x');
}

function largest(labels: ArrayLike<number>): number {
  let most = 0;
  for (let index = 0; index < labels.length; index++) most = Math.max(most, labels[index] ?? 0);
  return most;
}
