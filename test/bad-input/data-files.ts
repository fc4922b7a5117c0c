/** Small data sets on disk for tests, in every format, whole or broken on purpose. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import type { ExperimentInput } from '../../common/experiment/schema.js';
import type { ExperimentInput as DefinedInput } from '../../common/experiment/typed-experiment.js';

/** Contents by path within a folder. */
export type Files = Record<string, Uint8Array | string>;

/** A folder that is removed with `remove()`. */
export class DataFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'polyak-data-'));

  constructor(files: Files) {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(this.path, name)), { recursive: true });
      writeFileSync(join(this.path, name), content);
    }
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Whole numbers of four bytes, high byte first, and then bytes. */
export function idx(words: number[], bytes: ArrayLike<number>): Buffer {
  const header = Buffer.alloc(4 * words.length);
  for (const [index, word] of words.entries()) header.writeUInt32BE(word, 4 * index);
  return Buffer.concat([header, Uint8Array.from(bytes)]);
}

export interface IdxOptions {
  count: number;
  labels?: number[];
  height?: number;
  width?: number;
}

/** One split; the pixels count on from 0, the labels go round 0, 1, 2. */
export function idxSplit(prefix: 'train' | 't10k', { count, labels, height = 2, width = 2 }: IdxOptions): Files {
  const pixels = Array.from({ length: count * height * width }, (_, index) => index % 256);
  const classes = labels ?? Array.from({ length: count }, (_, index) => index % 3);
  return {
    [`${prefix}-images-idx3-ubyte`]: idx([0x803, count, height, width], pixels),
    [`${prefix}-labels-idx1-ubyte`]: idx([0x801, classes.length], classes),
  };
}

/** Six training images of 2x2 and three for test. */
export function idxFiles(): Files {
  return { ...idxSplit('train', { count: 6 }), ...idxSplit('t10k', { count: 3 }) };
}

/** A batch with these labels; every pixel of record i is (10 i, 10 i + 1, 10 i + 2). */
export function cifarBatch(labels: number[]): Buffer {
  const records = labels.map((label, index) => {
    const planes = [0, 1, 2].map((channel) => Buffer.alloc(1024, 10 * index + channel));
    return Buffer.concat([Buffer.from([label]), ...planes]);
  });
  return Buffer.concat(records);
}

/** A PNG of one colour. */
export async function png(width: number, height: number, background: string): Promise<Buffer> {
  return await sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toBuffer();
}

/** An experiment that is right but for its data. */
export function experimentOn(data: ExperimentInput['data'], rest: Partial<ExperimentInput> = {}): DefinedInput {
  return {
    name: 'test',
    data,
    model: ['flatten', { dense: { units: 3 } }],
    loss: 'softmaxCrossEntropy',
    optimizer: { sgd: { learningRate: 0.1 } },
    train: { epochs: 1, batchSize: 4, microBatchSize: 4 },
    ...rest,
  } as DefinedInput;
}
