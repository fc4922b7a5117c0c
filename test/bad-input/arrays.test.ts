/** NumPy's arrays that are wrong, alone and in archives, each with the exact message that the user gets. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { checkAll, type Case } from './data-cases.js';
import { npyBytes, npyFile, npyFloats, npzFile } from './npy-files.js';

const x = npyFloats([3, 2], [1, 2, 3, 4, 5, 6]);
const y = npyBytes([3], [0, 1, 1]);
const golden = readFileSync(join(packageRoot(), 'test/golden/arrays.npz'));

function npy(files: { x?: Buffer; y?: Buffer; w?: Buffer }, message: string, more: Partial<Case> = {}): () => Case {
  const all = { 'x.npy': files.x ?? x, 'y.npy': files.y ?? y, ...(files.w && { 'w.npy': files.w }) };
  const weights = files.w ? { sampleWeight: '@/w.npy' } : {};
  const data = { path: '@/x.npy', label: '@/y.npy', ...weights, ...more.data };
  return () => ({ files: all, message, ...more, data });
}

describe('npy: refused is', () => {
  checkAll('npy', {
    'a file that does not exist': npy({}, "data.path: '@/z.npy' does not exist", { data: { path: '@/z.npy' } }),
    'another file': npy(
      { x: Buffer.from('1,2,3\n4,5,6\n7,8,9\n') },
      '@/x.npy: is no .npy file, it does not begin with its magic number',
    ),
    'Python objects': npy(
      { x: npyFile('|O', [3, 2], []) },
      "@/x.npy: its values are '|O', Python objects (pickle); bool, int8 to int64, uint8 to uint64, float16, float32 and float64 are read",
    ),
    'a header that promises more than there is': npy(
      { x: npyFile('<f4', [1000, 1000], [1, 2, 3]) },
      '@/x.npy: has 79 bytes, its header promises 4000076',
    ),
    'more memory than there is': npy(
      { x: npyFile('<f8', [99_999, 99_999], []) },
      '@/x.npy: its header promises 79998400086 bytes, the most is 2147483647',
    ),
    'one number a sample without a dimension for it': npy(
      { x: npyFloats([3], [1, 2, 3]) },
      '@/x.npy: has shape [3]; samples lie as [count, …] in 2 to 4 dimensions',
    ),
    'five dimensions': npy(
      { x: npyBytes([3, 1, 1, 1, 1], [1, 2, 3]) },
      '@/x.npy: has shape [3, 1, 1, 1, 1]; samples lie as [count, …] in 2 to 4 dimensions',
    ),
    'no samples': npy({ x: npyFloats([0, 2], []) }, '@/x.npy: has shape [0, 2], which is empty'),
    'more samples than labels': npy({ y: npyBytes([2], [0, 1]) }, '@/x.npy: has 3 samples, @/y.npy has 2 labels'),
    'what is not finite': npy(
      { x: npyFloats([3, 2], [1, 2, 3, 4, Number.NaN, 6]) },
      '@/x.npy: sample 2 has a NaN, a finite float32 belongs there',
    ),
    'a double beyond float32': npy(
      { x: npyFile('<f8', [3, 1], new Uint8Array(Float64Array.of(1, 1e39, 2).buffer)) },
      '@/x.npy: sample 1 has a Infinity, a finite float32 belongs there',
    ),
    'one-hot labels': npy(
      { y: npyBytes([3, 2], [0, 1, 1, 0, 1, 0]) },
      '@/y.npy: has shape [3, 2], class numbers lie as [count]; of one-hot labels numpy.argmax(y, axis=1) makes them',
    ),
    'classes that are floats': npy(
      { y: npyFloats([3], [0, 1, 1]) },
      "@/y.npy: is float32, classes are whole numbers; set data.regression: true, or save classes as y.astype('int64')",
    ),
    'one class alone': npy(
      { y: npyBytes([3], [7, 7, 7]) },
      '@/y.npy: every label is 7, at least two classes are needed',
    ),
    'numbers to predict of three dimensions': npy(
      { y: npyFloats([3, 1, 1], [1, 2, 3]) },
      '@/y.npy: has shape [3, 1, 1]; numbers to predict lie as [count] or [count, outputs]',
      { data: { regression: true }, rest: { loss: 'meanSquaredError' } },
    ),
    'a shape that does not fit': npy({}, 'data.shape: [3] has 3 values, a sample of @/x.npy has 2', {
      data: { shape: [3] },
    }),
    'weights of another number': npy({ w: npyFloats([2], [1, 1]) }, '@/w.npy: has shape [2], @/x.npy has 3 samples'),
    'a weight below 0': npy({ w: npyFloats([3], [1, -2, 1]) }, '@/w.npy: sample 1 has -2, a weight is at least 0'),
    'a test array of another shape': () => ({
      files: { 'x.npy': x, 'y.npy': y, 't.npy': npyFloats([1, 3], [1, 2, 3]), 'l.npy': npyBytes([1], [0]) },
      data: { path: '@/x.npy', label: '@/y.npy', test: { path: '@/t.npy', label: '@/l.npy' } },
      message: '@/t.npy: has shape [1, 3], @/x.npy [3, 2]; samples must be of one shape',
    }),
    'a test array of bytes where training has floats': () => ({
      files: { 'x.npy': x, 'y.npy': y, 't.npy': npyBytes([1, 2], [1, 2]), 'l.npy': npyBytes([1], [0]) },
      data: { path: '@/x.npy', label: '@/y.npy', test: { path: '@/t.npy', label: '@/l.npy' } },
      message: '@/t.npy: is uint8, @/x.npy float32; uint8 is read as byte / 255, so that both must be it or none',
    }),
    'a label that training does not have': () => ({
      files: { 'x.npy': x, 'y.npy': y, 't.npy': npyFloats([1, 2], [1, 2]), 'l.npy': npyBytes([1], [9]) },
      data: { path: '@/x.npy', label: '@/y.npy', test: { path: '@/t.npy', label: '@/l.npy' } },
      message: '@/l.npy: label 0 is 9, which does not occur in the training data',
    }),
  });
});

function npz(file: Buffer, message: string, data: Record<string, unknown> = {}): () => Case {
  return () => ({ files: { 'a.npz': file }, data: { path: '@/a.npz', ...data }, message });
}

/** With the bytes at the place of a number of the archive's only or last entry changed. */
function changed(file: Buffer, at: number, byte: number): Buffer {
  const copy = Buffer.from(file);
  copy[at < 0 ? copy.length + at : at] = byte;
  return copy;
}

describe('npz: refused is', () => {
  const whole = npzFile({ x_train: x, y_train: y });
  const directoryAt = whole.readUInt32LE(whole.length - 6);
  checkAll('npz', {
    'a file that does not exist': npz(whole, "data.path: '@/b.npz' does not exist, or cannot be read", {
      path: '@/b.npz',
    }),
    'a folder': npz(whole, "data.path: '@' is a folder, a file belongs there", { path: '@' }),
    'another file': npz(
      Buffer.from('PK and no more'),
      '@/a.npz: is no .npz file, or its end is missing: it has no directory of a zip archive',
    ),
    'an archive cut at the end': npz(
      whole.subarray(0, -30),
      '@/a.npz: is no .npz file, or its end is missing: it has no directory of a zip archive',
    ),
    'an archive cut at the beginning': npz(
      whole.subarray(20),
      '@/a.npz: is torn, its directory ends after 0 of 2 arrays',
    ),
    'an array that is not there': npz(whole, "data.inputs: 'images' is no array of @/a.npz; it has x_train, y_train", {
      inputs: 'images',
    }),
    'a test array that is not there': npz(
      whole,
      "data.test.inputs: 'x_test' is no array of @/a.npz; it has x_train, y_train",
      { test: { inputs: 'x_test', label: 'y_test' } },
    ),
    'a changed value': npz(
      changed(whole, directoryAt - 1, 9),
      '@/a.npz[y_train]: is torn, its checksum is not that of its values',
    ),
    'a directory that points elsewhere': npz(
      changed(whole, directoryAt + 42, 3),
      '@/a.npz[x_train]: is torn, the archive has no such entry where its directory says',
    ),
    'an encrypted array': npz(changed(whole, directoryAt + 8, 1), '@/a.npz[x_train]: is encrypted'),
    'an array packed by another method': npz(
      changed(whole, directoryAt + 10, 12),
      '@/a.npz[x_train]: is packed by method 12; stored and deflated arrays are read',
    ),
    'a directory that promises more than the archive has': npz(
      changed(changed(whole, directoryAt + 22, 1), directoryAt + 26, 1),
      '@/a.npz[x_train]: is torn, the archive has 383 bytes, 4137 are needed',
    ),
    'a directory that promises another size than the array': npz(
      changed(whole, directoryAt + 26, 1),
      '@/a.npz[x_train]: has 65630 bytes, its header promises 94',
    ),
    'more arrays promised than there are': npz(
      changed(whole, -12, 3),
      '@/a.npz: is torn, its directory ends after 2 of 3 arrays',
    ),
    'Python objects of NumPy itself': npz(
      golden,
      "@/a.npz[objects]: its values are '|O', Python objects (pickle); bool, int8 to int64, uint8 to uint64, float16, float32 and float64 are read",
      { inputs: 'objects' },
    ),
    'text of NumPy itself': npz(
      golden,
      "@/a.npz[text]: its values are '<U2', text; bool, int8 to int64, uint8 to uint64, float16, float32 and float64 are read",
      { inputs: 'text' },
    ),
    'complex numbers of NumPy itself': npz(
      golden,
      "@/a.npz[complex]: its values are '<c16'; bool, int8 to int64, uint8 to uint64, float16, float32 and float64 are read",
      { inputs: 'complex' },
    ),
    "Fortran's order": npz(golden, '@/a.npz[fortran]: is in Fortran order; write it with numpy.ascontiguousarray', {
      inputs: 'fortran',
    }),
  });
});
