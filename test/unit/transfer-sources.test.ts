/** Files of weights that were made elsewhere, whole and broken in every way: nothing in them is believed. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { fromTorch, torchShape } from '../../server/transfer/torch-layout.js';
import { openWeightSource, type WeightSource } from '../../server/transfer/weight-source.js';
import { DataFolder, type Files } from '../bad-input/data-files.js';

const folders: DataFolder[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) folder.remove();
});

async function opened(files: Files, name: string): Promise<WeightSource> {
  const folder = new DataFolder(files);
  folders.push(folder);
  return await openWeightSource({ from: join(folder.path, name), weights: 'last' });
}

function safetensors(header: unknown, data: Uint8Array, length?: bigint): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(length ?? BigInt(json.length));
  return Buffer.concat([size, json, data]);
}

const entry = (dtype: string, shape: number[], from: number, to: number) => ({
  dtype,
  shape,
  data_offsets: [from, to],
});

describe('a safetensors file', () => {
  it('gives floats of 32 and of 16 bits of both kinds, and lists what it cannot read', async () => {
    // 1.5, -2; halves: 1, -2, 2^-24, 65504; brain floats: 1, -3.140625; and a count of batches, which PyTorch writes.
    const data = Buffer.alloc(28);
    data.writeFloatLE(1.5, 0);
    data.writeFloatLE(-2, 4);
    for (const [index, half] of [0x3c00, 0xc000, 0x0001, 0x7bff].entries()) data.writeUInt16LE(half, 8 + 2 * index);
    for (const [index, brain] of [0x3f80, 0xc049].entries()) data.writeUInt16LE(brain, 16 + 2 * index);
    const header = {
      __metadata__: { format: 'pt' },
      a: entry('F32', [2, 1], 0, 8),
      b: entry('F16', [4], 8, 16),
      c: entry('BF16', [2], 16, 20),
      n: entry('I64', [], 20, 28),
    };
    const source = await opened({ 'w.safetensors': safetensors(header, data) }, 'w.safetensors');
    expect([...source.shapes]).toEqual([
      ['a', [2, 1]],
      ['b', [4]],
      ['c', [2]],
      ['n', []],
    ]);
    expect([...(await source.read('a'))]).toEqual([1.5, -2]);
    expect([...(await source.read('b'))]).toEqual([1, -2, 2 ** -24, 65504]);
    expect([...(await source.read('c'))]).toEqual([1, -3.140625]);
    await expect(source.read('n')).rejects.toThrow(/n is of type I64, not F32, F16 or BF16/);
    await source.close();
  });

  const two = { a: entry('F32', [1], 0, 4), b: entry('F32', [1], 4, 8) };
  it.each([
    ['is shorter than its length', Buffer.from([1, 2]), /has 2 bytes/],
    ['has a header that is longer than the file', safetensors(two, new Uint8Array(8), 1000n), /would have 1000 bytes/],
    ['has a header of 2^63 bytes', safetensors(two, new Uint8Array(8), 2n ** 63n), /the most is 16777216/],
    ['has no JSON for a header', safetensors('{"a":', new Uint8Array(8)), /no JSON/],
    ['has a list for a header', safetensors('[]', new Uint8Array(8)), /no JSON object/],
    ['has an entry without a place', safetensors({ a: { dtype: 'F32', shape: [1] } }, new Uint8Array(4)), /'a' in its/],
    ['has a negative place', safetensors({ a: entry('F32', [1], -4, 0) }, new Uint8Array(4)), /'a' in its header/],
    [
      'has a shape that its place is too short for',
      safetensors({ a: entry('F32', [2], 0, 4) }, new Uint8Array(4)),
      /has 8 bytes, its place \[0, 4\) 4/,
    ],
    [
      'has a shape beyond all numbers',
      safetensors({ a: entry('F32', [2 ** 40, 2 ** 40], 0, 4) }, new Uint8Array(4)),
      /its place/,
    ],
    ['has a type that there is not', safetensors({ a: entry('F31', [1], 0, 4) }, new Uint8Array(4)), /of type 'F31'/],
    [
      'has a type called as a method of objects',
      safetensors({ a: entry('toString', [1], 0, 4) }, new Uint8Array(4)),
      /'toString'/,
    ],
    [
      'has tensors over one another',
      safetensors({ ...two, b: entry('F32', [1], 2, 6) }, new Uint8Array(6)),
      /b begins at byte 2 .* ends at 4/,
    ],
    [
      'has a hole',
      safetensors({ ...two, b: entry('F32', [1], 8, 12) }, new Uint8Array(12)),
      /b begins at byte 8 .* ends at 4/,
    ],
    ['is torn', safetensors(two, new Uint8Array(6)), /is torn: b ends at byte 8 of the data, there are 6/],
    ['has bytes that no tensor has', safetensors(two, new Uint8Array(9)), /end at byte 8 of the data, there are 9/],
  ])('is refused with its reason where it %s', async (_, bytes, reason) => {
    await expect(opened({ 'w.safetensors': bytes }, 'w.safetensors')).rejects.toThrow(reason);
  });
});

const manifest = (weights: unknown[], paths = ['one.bin', 'two.bin']) =>
  JSON.stringify({ modelTopology: {}, weightsManifest: [{ paths, weights }] });

function floats(...values: number[]): Uint8Array {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeFloatLE(value, 4 * index);
  return bytes;
}

describe('the weights of a tfjs model', () => {
  const a = { name: 'd/kernel', shape: [3], dtype: 'float32' };
  const b = { name: 'd/bias', shape: [1], dtype: 'float32' };

  it('are read over the edge of two shards, and quantised ones are made floats', async () => {
    const all = Buffer.concat([floats(1, 2, 3), floats(4), Buffer.from([0, 255]), Buffer.from([0x00, 0x3c])]);
    const weights = [
      ...[a, b],
      { name: 'q', shape: [2], dtype: 'float32', quantization: { dtype: 'uint8', min: -1, scale: 0.5 } },
      { name: 'h', shape: [1], dtype: 'float32', quantization: { dtype: 'float16' } },
    ];
    const files = { 'model.json': manifest(weights), 'one.bin': all.subarray(0, 6), 'two.bin': all.subarray(6) };
    const source = await opened(files, 'model.json');
    expect([...(await source.read('d/kernel'))]).toEqual([1, 2, 3]);
    expect([...(await source.read('d/bias'))]).toEqual([4]);
    expect([...(await source.read('q'))]).toEqual([-1, 126.5]);
    expect([...(await source.read('h'))]).toEqual([1]);
    expect(await source.sha256()).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    ['a shard is elsewhere', { 'model.json': manifest([a], ['../one.bin']) }, /'..\/one.bin' is not in its own folder/],
    ['a shard is the folder above', { 'model.json': manifest([a], ['..']) }, /is not in its own folder/],
    ['a shard is not there', { 'model.json': manifest([a], ['one.bin']) }, /'one.bin' is not there/],
    ['a shard is torn', { 'model.json': manifest([a], ['one.bin']), 'one.bin': floats(1, 2) }, /is torn: d\/kernel/],
    [
      'a shard has more',
      { 'model.json': manifest([b], ['one.bin']), 'one.bin': floats(1, 2) },
      /end at byte 4, its shards have 8/,
    ],
    [
      'a weight is there twice',
      { 'model.json': manifest([b, b], ['one.bin']), 'one.bin': floats(1, 2) },
      /two weights 'd\/bias'/,
    ],
    ['it is a topology alone', { 'model.json': '{"class_name":"Sequential","config":{}}' }, /no weightsManifest/],
  ])('are refused with the reason where %s', async (_, files: Files, reason) => {
    await expect(opened(files, 'model.json')).rejects.toThrow(reason);
  });
});

describe('what is no source of weights', () => {
  it('is refused with what would be one', async () => {
    await expect(opened({ 'w.pth': 'x' }, 'w.pth')).rejects.toThrow(/a run's folder, a model.json, or a .safetensors/);
    await expect(opened({ 'w.pth': 'x' }, '.')).rejects.toThrow(/no folder of a run/);
    await expect(opened({}, 'nothing.safetensors')).rejects.toThrow(/does not exist/);
  });
});

describe('a hole punched into a file while it is read', () => {
  it('is an error and not zeros', async () => {
    const files = { 'w.safetensors': safetensors({ a: entry('F32', [4], 0, 16) }, floats(1, 2, 3, 4)) };
    const source = await opened(files, 'w.safetensors');
    const handle = await open(source.name, 'r+');
    await handle.truncate(20);
    await handle.close();
    await expect(source.read('a')).rejects.toThrow(/is torn, it ends before byte/);
    await source.close();
  });
});

describe("PyTorch's layout", () => {
  it('turns [out, in, row, column] into [row, column, in, out]', () => {
    // One row, two columns, 2 inputs, 3 outputs; the value says where it stands there: out, in, column.
    const shape = [1, 2, 2, 3];
    expect(torchShape('kernel', shape)).toEqual([3, 2, 1, 2]);
    const there = [0, 1, 2].flatMap((out) => [0, 1].flatMap((each) => [0, 1].map((at) => 100 * out + 10 * each + at)));
    const here = [0, 1].flatMap((at) => [0, 1].flatMap((each) => [0, 1, 2].map((out) => 100 * out + 10 * each + at)));
    expect([...fromTorch('kernel', shape, Float32Array.from(there))]).toEqual(here);
  });

  it('turns a depthwise [in × multiplier, 1, row, column] into [row, column, in, multiplier]', () => {
    const shape = [2, 1, 2, 2];
    expect(torchShape('depthwise_kernel', shape)).toEqual([4, 1, 2, 1]);
    // There: (input 0, copy 0) rows 0 and 1, (0, 1), (1, 0), (1, 1).
    const there = Float32Array.from([0, 1, 10, 11, 100, 101, 110, 111]);
    expect([...fromTorch('depthwise_kernel', shape, there)]).toEqual([0, 10, 100, 110, 1, 11, 101, 111]);
  });

  it('turns a dense [out, in] into [in, out], and leaves what is a vector', () => {
    expect([...fromTorch('kernel', [2, 3], Float32Array.from([1, 2, 3, 4, 5, 6]))]).toEqual([1, 3, 5, 2, 4, 6]);
    expect([...fromTorch('bias', [3], Float32Array.from([1, 2, 3]))]).toEqual([1, 2, 3]);
    expect(torchShape('alpha', [1, 1, 7])).toEqual([7]);
  });
});
