/**
 * NumPy's .npy format, versions 1 and 2: a magic number, a header that is a Python dictionary, and the values. Of its many
 * types only float32 and uint8 in C order, and little-endian.
 */
import { PolyakError } from './errors.js';

export interface NpyArray {
  shape: number[];
  /** In C order. */
  values: Float32Array | Uint8Array;
}

const magic = Buffer.from('\x93NUMPY', 'latin1');
const headerBytesMax = 1 << 16;
const dimensionsMax = 32;

const header =
  /^\{\s*'descr'\s*:\s*'(?<descr>[^']*)'\s*,\s*'fortran_order'\s*:\s*(?<fortran>True|False)\s*,\s*'shape'\s*:\s*\((?<shape>[\d,\s]*)\)\s*,?\s*\}\s*$/;

/** `path` is for messages. Errors: `data`, saying what is wrong. */
export function decodeNpy(bytes: Buffer, path: string): NpyArray {
  const { text, end } = headerOf(bytes, path);
  const groups = header.exec(text)?.groups;
  if (!groups)
    throw new PolyakError('data', `${path}: its header is not as NumPy writes it: ${text.trim().slice(0, 100)}`);
  const { descr = '', fortran, shape: dimensions = '' } = groups;
  if (descr !== '<f4' && descr !== '|u1') {
    throw new PolyakError('data', `${path}: its values are '${descr}'; '<f4' (float32) and '|u1' (uint8) are read`);
  }
  if (fortran === 'True') {
    throw new PolyakError('data', `${path}: is in Fortran order; write it with numpy.ascontiguousarray`);
  }
  const shape = (dimensions.match(/\d+/g) ?? []).map(Number);
  if (shape.length > dimensionsMax) throw new PolyakError('data', `${path}: has ${shape.length} dimensions`);
  const expected = shape.reduce((product, size) => product * size, descr === '<f4' ? 4 : 1);
  const found = bytes.length - end;
  if (found !== expected) {
    throw new PolyakError('data', `${path}: has ${found} bytes of values, its shape [${shape.join(', ')}] ${expected}`);
  }
  const values = Uint8Array.from(bytes.subarray(end));
  return { shape, values: descr === '<f4' ? new Float32Array(values.buffer) : values };
}

function headerOf(bytes: Buffer, path: string): { text: string; end: number } {
  if (bytes.length < 12 || !bytes.subarray(0, magic.length).equals(magic)) {
    throw new PolyakError('data', `${path}: is no .npy file, it does not begin with its magic number`);
  }
  const version = bytes[magic.length];
  if (version !== 1 && version !== 2) {
    throw new PolyakError('data', `${path}: is version ${version} of the format; 1 and 2 are read`);
  }
  const start = version === 1 ? 10 : 12;
  const length = version === 1 ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8);
  if (length > headerBytesMax || start + length > bytes.length) {
    throw new PolyakError('data', `${path}: is torn, its header would have ${length} bytes`);
  }
  return { text: bytes.toString('latin1', start, start + length), end: start + length };
}
