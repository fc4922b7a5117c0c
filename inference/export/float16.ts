/** IEEE 754's binary16: one bit of sign, five of exponent, ten of fraction. Node 20 has no Float16Array. */
import { PolyakError } from '../../common/errors.js';

const float16Max = 65504;

/** Rounded to the nearest, ties to even. `name` is for messages. Errors: `usage` for what is larger than 65504. */
export function toFloat16(values: Float32Array, name: string): Uint16Array {
  const large = values.find((value) => !(Math.abs(value) <= float16Max));
  if (large !== undefined) {
    throw new PolyakError('usage', `--quantise float16: ${name} has a ${large}, a half has at most ${float16Max}`);
  }
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(bits, halfOf);
}

function halfOf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 127 + 15;
  const fraction = bits & 0x7fffff;
  if (exponent <= -11) return sign;
  // Below 2^-14 a half has no leading 1 of its own: it moves down into the fraction.
  const shift = exponent <= 0 ? 14 - exponent : 13;
  const whole = exponent <= 0 ? fraction | 0x800000 : fraction | (exponent << 23);
  const kept = whole >>> shift;
  const rest = whole & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  const up = rest > half || (rest === half && (kept & 1) === 1) ? 1 : 0;
  // What rounds up over the fraction's end is the next exponent, as it should be.
  return sign | (kept + up);
}
