/**
 * The principal components of the colours of the training split, from sums that every worker has bit for bit; by
 * operations that IEEE 754 rounds exactly, so that they are the same on every engine.
 */

/** The largest variance first; each component's largest number is positive, its length 1. */
export interface PrincipalComponent {
  variance: number;
  colour: readonly [number, number, number];
}

type Matrix = number[][];

/** Of each pair of channels: where its product lies among the six. */
const pairs = [
  [0, 0],
  [0, 1],
  [0, 2],
  [1, 1],
  [1, 2],
  [2, 2],
] as const;

export const productCount = pairs.length;

/** Covariances are E[x y] - E[x] E[y]: from the mean of each feature and the six means of products r r, r g, r b, g g, g b, b b. */
export function principalComponents(mean: Float32Array, products: Float32Array): PrincipalComponent[] {
  const means = [0, 0, 0];
  for (const [index, value] of mean.entries()) means[index % 3]! += value;
  const pixels = mean.length / 3;
  const covariances: Matrix = [0, 1, 2].map(() => [0, 0, 0]);
  for (const [index, [row, column]] of pairs.entries()) {
    const covariance = products[index]! - (means[row]! / pixels) * (means[column]! / pixels);
    covariances[row]![column] = covariance;
    covariances[column]![row] = covariance;
  }
  return eigenvectors(covariances);
}

/** By Jacobi's rotations, which make a pair's covariance 0 in turn until all are (Golub and Van Loan, algorithm 8.4.1). */
function eigenvectors(matrix: Matrix): PrincipalComponent[] {
  const vectors: Matrix = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ];
  for (let sweep = 0; sweep < 30; sweep++) {
    for (const [p, q] of pairs) if (p !== q && matrix[p]![q] !== 0) rotate(matrix, vectors, p, q);
  }
  return [0, 1, 2]
    .map((index) => ({
      // What rounding leaves below 0 of a colour that never changes.
      variance: Math.max(0, matrix[index]![index]!),
      colour: pointedUp([vectors[0]![index]!, vectors[1]![index]!, vectors[2]![index]!]),
    }))
    .toSorted((left, right) => right.variance - left.variance);
}

function rotate(matrix: Matrix, vectors: Matrix, p: number, q: number): void {
  const tau = (matrix[q]![q]! - matrix[p]![p]!) / (2 * matrix[p]![q]!);
  const tangent = (tau >= 0 ? 1 : -1) / (Math.abs(tau) + Math.sqrt(1 + tau * tau));
  const cosine = 1 / Math.sqrt(1 + tangent * tangent);
  const sine = tangent * cosine;
  for (const row of [...matrix, ...vectors]) {
    const [first, second] = [row[p]!, row[q]!];
    row[p] = cosine * first - sine * second;
    row[q] = sine * first + cosine * second;
  }
  for (let column = 0; column < 3; column++) {
    const [first, second] = [matrix[p]![column]!, matrix[q]![column]!];
    matrix[p]![column] = cosine * first - sine * second;
    matrix[q]![column] = sine * first + cosine * second;
  }
  matrix[p]![q] = 0;
  matrix[q]![p] = 0;
}

function pointedUp(vector: [number, number, number]): [number, number, number] {
  const largest = vector.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
  return largest < 0 ? [-vector[0], -vector[1], -vector[2]] : vector;
}
