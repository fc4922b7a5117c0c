/**
 * Linear combinations and inner products of float32 vectors in float64, for what is done a few times in a step of a full
 * batch, where it costs little beside the gradient. Plain JavaScript: every operation and its order is given by the language.
 */

const blockFloats = 2048;

/** out = sum of coefficient times vector, added in their order in float64 and rounded once; `out` may be one of them. */
export function combine(
  memory: WebAssembly.Memory,
  out: number,
  terms: readonly (readonly [coefficient: number, vector: number])[],
  n: number,
): void {
  const sums = new Float64Array(Math.min(n, blockFloats));
  for (let from = 0; from < n; from += blockFloats) {
    const length = Math.min(blockFloats, n - from);
    const floats = (pointer: number) => new Float32Array(memory.buffer, pointer + 4 * from, length);
    sums.fill(0);
    for (const [coefficient, vector] of terms) {
      const values = floats(vector);
      for (let i = 0; i < length; i++) sums[i]! += coefficient * values[i]!;
    }
    floats(out).set(sums.subarray(0, length));
  }
}

/** The sum of products, from the first to the last. */
export function dot(memory: WebAssembly.Memory, left: number, right: number, n: number): number {
  const [lefts, rights] = [new Float32Array(memory.buffer, left, n), new Float32Array(memory.buffer, right, n)];
  let sum = 0;
  for (let i = 0; i < n; i++) sum += lefts[i]! * rights[i]!;
  return sum;
}

/** A copy of the floats. */
export function copyOf(memory: WebAssembly.Memory, pointer: number, n: number): Float32Array {
  return Float32Array.from(new Float32Array(memory.buffer, pointer, n));
}

export function overwrite(memory: WebAssembly.Memory, pointer: number, values: Float32Array): void {
  new Float32Array(memory.buffer, pointer, values.length).set(values);
}
