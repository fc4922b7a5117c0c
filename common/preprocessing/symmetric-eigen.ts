/**
 * Eigenvalues and eigenvectors of a symmetric matrix in float64: Householder's tridiagonal form, then the QL method with
 * implicit shifts (tred2 and tql2 of EISPACK, as in JAMA; Martin, Reinsch and Wilkinson 1968, Bowdler et al. 1968). It
 * uses additions, multiplications, divisions and roots alone, so the bits are the same on every machine.
 */

export interface Eigen {
  /** From the largest. */
  values: Float64Array;
  /** Row k is the unit eigenvector of value k; its component of largest size, the first of such, is positive. */
  vectors: Float64Array[];
}

/** Rows of the matrix, of which the upper triangle is read; they are overwritten. */
export function symmetricEigen(rows: Float64Array[]): Eigen {
  const n = rows.length;
  // Row k of `vectors` becomes an eigenvector: the transpose of JAMA's V, since rows lie in one piece.
  const vectors = rows;
  const values = new Float64Array(n);
  const beside = new Float64Array(n);
  tridiagonalise(vectors, values, beside);
  iterate(vectors, values, beside);
  const order = [...values.keys()].toSorted((left, right) => values[right]! - values[left]! || left - right);
  return {
    values: Float64Array.from(order, (at) => values[at]!),
    vectors: order.map((at) => withSign(vectors[at]!)),
  };
}

/** Afterwards the matrix is Qᵀ T Q with the rows of Q in v; T has the diagonal d, and e below it, from 1 on. */
function tridiagonalise(v: Float64Array[], d: Float64Array, e: Float64Array): void {
  const n = d.length;
  for (let j = 0; j < n; j += 1) d[j] = v[j]![n - 1]!;
  for (let i = n - 1; i > 0; i -= 1) {
    let scale = 0;
    let h = 0;
    for (let k = 0; k < i; k += 1) scale += Math.abs(d[k]!);
    if (scale === 0) {
      e[i] = d[i - 1]!;
      for (let j = 0; j < i; j += 1) {
        d[j] = v[j]![i - 1]!;
        v[j]![i] = 0;
        v[i]![j] = 0;
      }
    } else {
      for (let k = 0; k < i; k += 1) {
        d[k]! /= scale;
        h += d[k]! * d[k]!;
      }
      let f = d[i - 1]!;
      let g = f > 0 ? -Math.sqrt(h) : Math.sqrt(h);
      e[i] = scale * g;
      h -= f * g;
      d[i - 1] = f - g;
      e.fill(0, 0, i);
      for (let j = 0; j < i; j += 1) {
        f = d[j]!;
        v[i]![j] = f;
        const row = v[j]!;
        g = e[j]! + row[j]! * f;
        for (let k = j + 1; k < i; k += 1) {
          g += row[k]! * d[k]!;
          e[k]! += row[k]! * f;
        }
        e[j] = g;
      }
      f = 0;
      for (let j = 0; j < i; j += 1) {
        e[j]! /= h;
        f += e[j]! * d[j]!;
      }
      const hh = f / (h + h);
      for (let j = 0; j < i; j += 1) e[j]! -= hh * d[j]!;
      for (let j = 0; j < i; j += 1) {
        f = d[j]!;
        g = e[j]!;
        const row = v[j]!;
        for (let k = j; k < i; k += 1) row[k]! -= f * e[k]! + g * d[k]!;
        d[j] = row[i - 1]!;
        row[i] = 0;
      }
    }
    d[i] = h;
  }
  accumulate(v, d);
  for (let j = 0; j < n; j += 1) {
    d[j] = v[j]![n - 1]!;
    v[j]![n - 1] = 0;
  }
  v[n - 1]![n - 1] = 1;
  e[0] = 0;
}

/** The product of the reflections. */
function accumulate(v: Float64Array[], d: Float64Array): void {
  const n = d.length;
  for (let i = 0; i < n - 1; i += 1) {
    v[i]![n - 1] = v[i]![i]!;
    v[i]![i] = 1;
    const h = d[i + 1]!;
    const next = v[i + 1]!;
    if (h !== 0) {
      for (let k = 0; k <= i; k += 1) d[k] = next[k]! / h;
      for (let j = 0; j <= i; j += 1) {
        const row = v[j]!;
        let g = 0;
        for (let k = 0; k <= i; k += 1) g += next[k]! * row[k]!;
        for (let k = 0; k <= i; k += 1) row[k]! -= g * d[k]!;
      }
    }
    for (let k = 0; k <= i; k += 1) next[k] = 0;
  }
}

const sweepsMax = 200;
const epsilon = 2 ** -52;

/** QL with implicit shifts; rotates the rows of v along. */
function iterate(v: Float64Array[], d: Float64Array, e: Float64Array): void {
  const n = d.length;
  e.copyWithin(0, 1);
  e[n - 1] = 0;
  let f = 0;
  let largest = 0;
  for (let l = 0; l < n; l += 1) {
    largest = Math.max(largest, Math.abs(d[l]!) + Math.abs(e[l]!));
    let m = l;
    while (m < n - 1 && Math.abs(e[m]!) > epsilon * largest) m += 1;
    const sweeps = m > l ? sweepsMax : 0;
    for (let sweep = 0; sweep < sweeps; sweep += 1) {
      f += shift(d, e, l);
      rotate(v, d, e, l, m);
      if (Math.abs(e[l]!) <= epsilon * largest) break;
    }
    d[l]! += f;
    e[l] = 0;
  }
}

/** The implicit shift of the values from l on; answers with it. */
function shift(d: Float64Array, e: Float64Array, l: number): number {
  const g = d[l]!;
  const p = (d[l + 1]! - g) / (2 * e[l]!);
  const r = p < 0 ? -hypotenuse(p, 1) : hypotenuse(p, 1);
  d[l] = e[l]! / (p + r);
  d[l + 1] = e[l]! * (p + r);
  const h = g - d[l];
  for (let i = l + 2; i < d.length; i += 1) d[i]! -= h;
  return h;
}

function rotate(v: Float64Array[], d: Float64Array, e: Float64Array, l: number, m: number): void {
  const [below, after] = [e[l + 1]!, d[l + 1]!];
  let p = d[m]!;
  let [c, c2, c3, s, s2] = [1, 1, 1, 0, 0];
  for (let i = m - 1; i >= l; i -= 1) {
    c3 = c2;
    c2 = c;
    s2 = s;
    const g = c * e[i]!;
    const h = c * p;
    const r = hypotenuse(p, e[i]!);
    e[i + 1] = s * r;
    s = e[i]! / r;
    c = p / r;
    p = c * d[i]! - s * g;
    d[i + 1] = h + s * (c * g + s * d[i]!);
    const [first, second] = [v[i]!, v[i + 1]!];
    for (let k = 0; k < first.length; k += 1) {
      const other = second[k]!;
      second[k] = s * first[k]! + c * other;
      first[k] = c * first[k]! - s * other;
    }
  }
  p = (-s * s2 * c3 * below * e[l]!) / after;
  e[l] = s * p;
  d[l] = c * p;
}

/** Without overflow, and unlike Math.hypot of the same bits in every engine. */
function hypotenuse(left: number, right: number): number {
  const [a, b] = [Math.abs(left), Math.abs(right)];
  const [larger, smaller] = a > b ? [a, b] : [b, a];
  if (larger === 0) return 0;
  const ratio = smaller / larger;
  return larger * Math.sqrt(1 + ratio * ratio);
}

function withSign(vector: Float64Array): Float64Array {
  let largest = 0;
  for (const each of vector) if (Math.abs(each) > Math.abs(largest) * (1 + 1e-12)) largest = each;
  return largest < 0 ? vector.map((each) => -each) : vector;
}
