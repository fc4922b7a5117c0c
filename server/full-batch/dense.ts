/** Vectors and symmetric matrices in float64, for the methods that keep a number for every pair of weights. */
import { setImmediate } from 'node:timers/promises';

export function dot(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < left.length; i++) sum += left[i]! * right[i]!;
  return sum;
}

export function normOf(vector: Float64Array): number {
  return Math.sqrt(dot(vector, vector));
}

/** left + factor right */
export function sumOf(left: Float64Array, factor: number, right: Float64Array): Float64Array {
  return left.map((value, i) => value + factor * right[i]!);
}

/** For the checkpoint's JSON. */
export function encoded({ buffer, byteOffset, byteLength }: Float64Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

export function decoded(text: string): Float64Array {
  return new Float64Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer);
}

/** Of a matrix as rows in one array. */
export function timesVector(matrix: Float64Array, vector: Float64Array): Float64Array {
  const n = vector.length;
  return vector.map((_, row) => dot(matrix.subarray(row * n, (row + 1) * n), vector));
}

/** What one factorisation may take before others get their turn. */
const operationsMax = 5e6;

/**
 * The lower triangle L with L Lᵀ = matrix + shift I, row by row; undefined where that is not positive definite. `matrix` is
 * symmetric.
 */
export async function cholesky(matrix: Float64Array, n: number, shift: number): Promise<Float64Array | undefined> {
  const lower = new Float64Array(n * n);
  let operations = 0;
  for (let row = 0; row < n; row++) {
    const left = lower.subarray(row * n, row * n + row + 1);
    for (let column = 0; column < row; column++) {
      const above = lower.subarray(column * n, column * n + column + 1);
      left[column] = (matrix[row * n + column]! - dot(above.subarray(0, column), left)) / above[column]!;
    }
    const rest = matrix[row * n + row]! + shift - dot(left.subarray(0, row), left);
    if (!(rest > 0)) return undefined;
    left[row] = Math.sqrt(rest);
    operations += row * row;
    if (operations < operationsMax) continue;
    operations = 0;
    // The lead has heartbeats to answer.
    await setImmediate();
  }
  return lower;
}

/** x with L Lᵀ x = right. */
export function solve(lower: Float64Array, right: Float64Array): Float64Array {
  const n = right.length;
  const x = right.slice();
  for (let row = 0; row < n; row++) {
    for (let column = 0; column < row; column++) x[row]! -= lower[row * n + column]! * x[column]!;
    x[row]! /= lower[row * n + row]!;
  }
  for (let row = n - 1; row >= 0; row--) {
    x[row]! /= lower[row * n + row]!;
    for (let column = 0; column < row; column++) x[column]! -= lower[row * n + column]! * x[row]!;
  }
  return x;
}
