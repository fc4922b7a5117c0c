/**
 * NumPy's .npy format, versions 1 and 2: a magic number, a header that is a Python dictionary, and the values. Of its many
 * types booleans, integers and floats, little- or big-endian, in C order.
 */
import { PolyakError } from './errors.js';

/** In C order. Numbers of 64 bits are exact up to 2^53; float16 are its bits. */
export type NpyValues =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

export interface NpyArray {
  shape: number[];
  /** NumPy's name, such as `float64`. */
  type: string;
  values: NpyValues;
}

interface NpyType {
  name: string;
  of: new (buffer: ArrayBuffer, byteOffset: number, length: number) => NpyValues;
  bytes: number;
}

const types: Record<string, NpyType> = {
  b1: { name: 'bool', of: Uint8Array, bytes: 1 },
  u1: { name: 'uint8', of: Uint8Array, bytes: 1 },
  i1: { name: 'int8', of: Int8Array, bytes: 1 },
  u2: { name: 'uint16', of: Uint16Array, bytes: 2 },
  i2: { name: 'int16', of: Int16Array, bytes: 2 },
  u4: { name: 'uint32', of: Uint32Array, bytes: 4 },
  i4: { name: 'int32', of: Int32Array, bytes: 4 },
  u8: { name: 'uint64', of: BigUint64Array, bytes: 8 },
  i8: { name: 'int64', of: BigInt64Array, bytes: 8 },
  f2: { name: 'float16', of: Uint16Array, bytes: 2 },
  f4: { name: 'float32', of: Float32Array, bytes: 4 },
  f8: { name: 'float64', of: Float64Array, bytes: 8 },
};
const typesText = 'bool, int8 to int64, uint8 to uint64, float16, float32 and float64 are read';

const magic = Buffer.from('\x93NUMPY', 'latin1');
const headerBytesMax = 1 << 16;
const dimensionsMax = 32;

const header =
  /^\{\s*'descr'\s*:\s*'(?<descr>[^']*)'\s*,\s*'fortran_order'\s*:\s*(?<fortran>True|False)\s*,\s*'shape'\s*:\s*\((?<shape>[\d,\s]*)\)\s*,?\s*\}\s*$/;

interface Described {
  shape: number[];
  type: NpyType;
  isBigEndian: boolean;
  /** Where the values begin. */
  start: number;
  valueBytes: number;
}

/** `path` is for messages. Errors: `data`, saying what is wrong. */
export function decodeNpy(bytes: Buffer, path: string): NpyArray {
  const { shape, type, isBigEndian, start, valueBytes } = describe(bytes, path);
  const found = bytes.length - start;
  if (found !== valueBytes) {
    const wanted = `its shape [${shape.join(', ')}] ${valueBytes}`;
    throw new PolyakError('data', `${path}: has ${found} bytes of values, ${wanted}`);
  }
  const values = Buffer.alloc(valueBytes);
  bytes.copy(values, 0, start);
  if (isBigEndian) swap(values, type.bytes);
  const of = new type.of(values.buffer, values.byteOffset, valueBytes / type.bytes);
  return { shape, type: type.name, values: of };
}

/** The bytes of the whole file, as its first ones promise. Errors: `data`. */
export function promisedNpyBytes(beginning: Buffer, path: string): number {
  const { start, valueBytes } = describe(beginning, path);
  return start + valueBytes;
}

function describe(bytes: Buffer, path: string): Described {
  const { text, end } = headerOf(bytes, path);
  const groups = header.exec(text)?.groups;
  if (!groups)
    throw new PolyakError('data', `${path}: its header is not as NumPy writes it: ${text.trim().slice(0, 100)}`);
  const { descr = '', fortran, shape: dimensions = '' } = groups;
  const code = descr.slice(1);
  const type = Object.hasOwn(types, code) && '<>|='.includes(descr.charAt(0)) ? types[code] : undefined;
  if (!type) throw new PolyakError('data', `${path}: its values are '${descr}'${strangeType(descr)}; ${typesText}`);
  if (fortran === 'True') {
    throw new PolyakError('data', `${path}: is in Fortran order; write it with numpy.ascontiguousarray`);
  }
  const shape = (dimensions.match(/\d+/g) ?? []).map(Number);
  if (shape.length > dimensionsMax) throw new PolyakError('data', `${path}: has ${shape.length} dimensions`);
  const valueBytes = shape.reduce((product, size) => product * size, type.bytes);
  return { shape, type, isBigEndian: descr.startsWith('>'), start: end, valueBytes };
}

/** Objects are Python's pickle, which can run anything when it is read. */
function strangeType(descr: string): string {
  if (descr.endsWith('O')) return ', Python objects (pickle)';
  return /^.[US]\d/.test(descr) ? ', text' : '';
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

function swap(values: Buffer, bytesPerValue: number): void {
  if (bytesPerValue === 2) values.swap16();
  if (bytesPerValue === 4) values.swap32();
  if (bytesPerValue === 8) values.swap64();
}

/** Rounds values [from, to) to float32, from the beginning of `out`. */
export function writeFloats({ values, type }: NpyArray, from: number, to: number, out: Float32Array): void {
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
    for (let index = from; index < to; index++) out[index - from] = Number(values[index] ?? 0n);
  } else if (type === 'float16') {
    for (let index = from; index < to; index++) out[index - from] = fromFloat16(values[index] ?? 0);
  } else {
    out.set(values.subarray(from, to));
  }
}

/** IEEE 754's binary16: one bit of sign, five of exponent, ten of fraction. */
function fromFloat16(bits: number): number {
  const exponent = (bits >> 10) & 0x1f;
  const fraction = (bits & 0x3ff) / 1024;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15));
}
