/** Floats of files as float32: of eight, sixteen and thirty-two bits, little-endian, whatever the alignment. */

/** Bytes of a value, of every type that safetensors knows. */
export const widths: Readonly<Record<string, number>> = {
  ...{ F64: 8, I64: 8, U64: 8, F32: 4, I32: 4, U32: 4, F16: 2, BF16: 2, I16: 2, U16: 2 },
  ...{ I8: 1, U8: 1, BOOL: 1, F8_E4M3: 1, F8_E5M2: 1, F8_E8M0: 1 },
};

const readers = {
  F32: (bytes: Buffer, at: number) => bytes.readFloatLE(4 * at),
  F16: (bytes: Buffer, at: number) => fromFloat16(bytes.readUInt16LE(2 * at)),
  BF16: (bytes: Buffer, at: number) => fromBits(bytes.readUInt16LE(2 * at) << 16),
} as const;
export type FloatType = keyof typeof readers;

export function isFloatType(type: string): type is FloatType {
  return Object.hasOwn(readers, type);
}

export function floatsOf(bytes: Buffer, type: FloatType): Float32Array {
  const read = readers[type];
  return Float32Array.from({ length: bytes.length / (widths[type] ?? 1) }, (_, at) => read(bytes, at));
}

const bits = new DataView(new ArrayBuffer(4));

function fromBits(pattern: number): number {
  bits.setInt32(0, pattern);
  return bits.getFloat32(0);
}

/** IEEE 754's binary16, exactly: 2^-24 is the smallest step below 2^-14. */
function fromFloat16(half: number): number {
  const sign = (half & 0x8000) === 0 ? 1 : -1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
