/**
 * How a tensor's values are stored: as they are, as halves, or as bytes (value = scale * (byte - zeroPoint), one scale
 * for the tensor, in which 0 is exact). Vectors, such as biases and statistics, are small and stay as they are.
 */
import { PolyakError } from '../../common/errors.js';
import { toFloat16 } from './float16.js';

export const quantisations = ['float16', 'uint8'] as const;
export type Quantisation = (typeof quantisations)[number];

export type Stored =
  | { type: 'float32'; bytes: Uint8Array }
  | { type: 'float16'; bytes: Uint8Array }
  | { type: 'uint8'; bytes: Uint8Array; scale: number; zeroPoint: number };

export interface Tensor {
  name: string;
  shape: number[];
  values: Float32Array;
}

/** Errors: `usage` where a value cannot be stored like this. */
export function store({ name, shape, values }: Tensor, quantisation: Quantisation | undefined): Stored {
  if (quantisation === undefined || shape.length < 2) return { type: 'float32', bytes: bytesOf(values) };
  if (quantisation === 'float16') return { type: 'float16', bytes: bytesOf(toFloat16(values, name)) };
  return toUint8(values, name);
}

function toUint8(values: Float32Array, name: string): Stored {
  let [least, most] = [0, 0];
  for (const value of values) {
    if (!Number.isFinite(value)) throw new PolyakError('usage', `--quantise uint8: ${name} has a ${value}`);
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  const scale = Math.fround((most - least) / 255) || 1;
  const zeroPoint = clamp(Math.round(-least / scale));
  const bytes = Uint8Array.from(values, (value) => clamp(Math.round(value / scale) + zeroPoint));
  return { type: 'uint8', bytes, scale, zeroPoint };
}

function clamp(value: number): number {
  return Math.min(255, Math.max(0, value));
}

export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}
