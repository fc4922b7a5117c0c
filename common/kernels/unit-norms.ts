/**
 * Max-norm, in plain JavaScript: the norms of the incoming weights of units, and their limit (Srivastava et al., "Dropout",
 * 2014, section 5.1; Keras's `MaxNorm`). A kernel's last axis counts its units, so that float i of it is of unit i mod units.
 */

/** Of a stretch of a kernel that begins with its float `first`: the sum of squares of each unit's floats, in their order. */
export function unitSquares(memory: WebAssembly.Memory, p: number, n: number, first: number, units: number): number[] {
  const floats = new Float32Array(memory.buffer, p, n);
  const sums = Array.from({ length: units }, () => 0);
  let unit = first % units;
  for (let i = 0; i < n; i++) {
    sums[unit]! += floats[i]! ** 2;
    unit = unit + 1 === units ? 0 : unit + 1;
  }
  return sums;
}

/** Multiplies the floats of each unit by its factor. */
export function scaleUnits(
  memory: WebAssembly.Memory,
  p: number,
  n: number,
  first: number,
  factors: readonly number[],
): void {
  const floats = new Float32Array(memory.buffer, p, n);
  for (let i = 0; i < n; i++) {
    const factor = factors[(first + i) % factors.length]!;
    if (factor !== 1) floats[i]! *= factor;
  }
}

/** What takes each unit's norm down to the limit: limit / norm in float32 where the norm is above it, else 1. */
export function unitFactors(squares: readonly number[], limit: number): number[] {
  return squares.map((square) => {
    const norm = Math.sqrt(square);
    return norm > limit ? Math.fround(limit / norm) : 1;
  });
}
