/** Data sets of noise in the real file formats, for what only depends on shapes: images in a temporary folder. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CounterRandom, Purpose } from '../common/random.js';

const cifarRecordBytes = 1 + 32 * 32 * 3;

/** A folder of cifar10 batches: 32x32x3, ten classes. */
export function syntheticCifar10(trainCount: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'polyak-bench-'));
  for (const [name, count] of [
    ['data_batch_1.bin', trainCount],
    ['test_batch.bin', 10],
  ] as const) {
    const bytes = noise(count * cifarRecordBytes);
    for (let record = 0; record < count; record += 1) bytes[record * cifarRecordBytes] = record % 10;
    writeFileSync(join(folder, name), bytes);
  }
  return folder;
}

/** A folder of idx files: 28x28, ten classes. */
export function syntheticIdx(trainCount: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'polyak-bench-'));
  for (const [prefix, count] of [
    ['train', trainCount],
    ['t10k', 10],
  ] as const) {
    const labels = Uint8Array.from({ length: count }, (_, sample) => sample % 10);
    writeFileSync(
      join(folder, `${prefix}-images-idx3-ubyte`),
      Buffer.concat([header([0x803, count, 28, 28]), noise(count * 784)]),
    );
    writeFileSync(join(folder, `${prefix}-labels-idx1-ubyte`), Buffer.concat([header([0x801, count]), labels]));
  }
  return folder;
}

function header(words: number[]): Buffer {
  const bytes = Buffer.alloc(words.length * 4);
  for (const [index, word] of words.entries()) bytes.writeUInt32BE(word, index * 4);
  return bytes;
}

function noise(length: number): Buffer {
  const random = new CounterRandom(231, Purpose.split);
  const words = Uint32Array.from({ length: Math.ceil(length / 4) }, () => random.uint32());
  return Buffer.from(words.buffer, 0, length);
}
