/** Random matrices with orthonormal rows or columns, by Gram-Schmidt in float64. */
import type { CounterRandom } from './random.js';

/**
 * A tensor seen as a matrix of (product of all dimensions but the last) by (the last) has orthonormal columns, or rows
 * where it is wider than high, times `gain`. The columns of a matrix of standard normal draws are orthogonalised one
 * after the other, which gives each orthogonal matrix the same probability
 * (Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning", 2014).
 */
export function orthogonalMatrix(shape: readonly number[], gain: number, random: CounterRandom): Float32Array {
  const width = shape.at(-1) ?? 1;
  const height = shape.slice(0, -1).reduce((product, size) => product * size, 1);
  const length = Math.max(height, width);
  const vectors: Float64Array[] = [];
  while (vectors.length < Math.min(height, width)) {
    const vector = Float64Array.from({ length }, () => random.normal());
    // Twice is enough to be orthogonal to the last bit (Giraud, Langou and Rozložník, 2005).
    removeComponents(vector, vectors);
    removeComponents(vector, vectors);
    scaleBy(vector, 1 / Math.sqrt(dot(vector, vector)));
    vectors.push(vector);
  }
  const columns = height >= width;
  return Float32Array.from({ length: height * width }, (_, i) => {
    const row = Math.floor(i / width);
    const column = i % width;
    return gain * (columns ? vectors[column]![row]! : vectors[row]![column]!);
  });
}

function removeComponents(vector: Float64Array, basis: readonly Float64Array[]): void {
  for (const unit of basis) {
    const component = dot(unit, vector);
    for (let i = 0; i < vector.length; i += 1) {
      vector[i]! -= component * unit[i]!;
    }
  }
}

function dot(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < left.length; i += 1) {
    sum += left[i]! * right[i]!;
  }
  return sum;
}

function scaleBy(vector: Float64Array, factor: number): void {
  for (let i = 0; i < vector.length; i += 1) {
    vector[i]! *= factor;
  }
}
