/**
 * A random forest for regression (Breiman, "Random forests", 2001) over columns of small whole numbers. It knows neither
 * parameters nor trials. It is our own because the package at hand splits neither categories nor at a useful speed: this one
 * looks at counts per bin instead of sorting, as gradient boosting libraries do.
 */
import type { CounterRandom } from '../../common/random.js';

export interface Column {
  /** By row: from 0 to bins - 1. */
  codes: Uint8Array;
  bins: number;
  /** A split is a threshold; else it is any set of bins. */
  isOrdered: boolean;
}

export interface TrainingTable {
  columns: readonly Column[];
  /** By row. */
  values: Float64Array;
}

type Node = { mean: number } | { column: number; isLeft: Uint8Array; left: Node; right: Node };

interface Split {
  column: number;
  isLeft: Uint8Array;
  score: number;
}

/** A leaf has so many rows or more, and at most about so many leaves are grown: more add time, and hardly knowledge. */
const leafRowsMin = 3;
const leavesMax = 100;

export type Forest = readonly Node[];

/** Every tree is grown on as many of `rows` as there are, drawn with replacement, with all columns at every split. */
export function growForest(table: TrainingTable, rows: Int32Array, trees: number, random: CounterRandom): Forest {
  const leafRows = Math.max(leafRowsMin, Math.ceil(rows.length / leavesMax));
  return Array.from({ length: trees }, () => growNode(table, resampled(rows, random), leafRows));
}

export function resampled(rows: Int32Array, random: CounterRandom): Int32Array {
  return rows.map(() => rows[random.integer(rows.length)]!);
}

/** The mean of the trees for a row, with the code of one column taken from another row. */
export function predict(forest: Forest, columns: readonly Column[], row: number, replaced = -1, from = row): number {
  let sum = 0;
  for (const tree of forest) {
    let node = tree;
    while ('left' in node) {
      const code = columns[node.column]!.codes[node.column === replaced ? from : row]!;
      node = node.isLeft[code] === 1 ? node.left : node.right;
    }
    sum += node.mean;
  }
  return sum / forest.length;
}

function growNode(table: TrainingTable, rows: Int32Array, leafRows: number): Node {
  let sum = 0;
  for (const row of rows) sum += table.values[row]!;
  const leaf = { mean: sum / rows.length };
  if (rows.length < 2 * leafRows) return leaf;
  const best = bestSplit(table, rows, sum, leafRows);
  // What rounding alone makes of equal values is no gain.
  const whole = sum ** 2 / rows.length;
  if (!best || best.score <= whole + 1e-12 * Math.abs(whole)) return leaf;
  const { column, isLeft } = best;
  const [left, right] = parted(rows, table.columns[column]!.codes, isLeft);
  return { column, isLeft, left: growNode(table, left, leafRows), right: growNode(table, right, leafRows) };
}

function parted(rows: Int32Array, codes: Uint8Array, isLeft: Uint8Array): [Int32Array, Int32Array] {
  const both = new Int32Array(rows.length);
  let [first, last] = [0, rows.length];
  for (const row of rows) {
    if (isLeft[codes[row]!] === 1) both[first++] = row;
    else both[--last] = row;
  }
  return [both.subarray(0, first), both.subarray(first)];
}

function bestSplit(table: TrainingTable, rows: Int32Array, sum: number, leafRows: number): Split | undefined {
  let best: Split | undefined;
  for (const [column, each] of table.columns.entries()) {
    const bins = filledBins(each, table.values, rows);
    const { score, cut } = bestCut(bins, rows.length, sum, leafRows);
    if (cut > 0 && (!best || score > best.score)) best = { column, score, isLeft: sideOf(each, bins.taken, cut) };
  }
  return best;
}

interface Bins {
  /** Those with rows in them, in the order in which they may be cut. */
  taken: number[];
  sums: Float64Array;
  counts: Int32Array;
}

/**
 * Categories are ordered by their means, which makes the best cut the best of all sets (Fisher, "On grouping for maximum
 * homogeneity", 1958).
 */
function filledBins({ codes, bins, isOrdered }: Column, values: Float64Array, rows: Int32Array): Bins {
  const sums = new Float64Array(bins);
  const counts = new Int32Array(bins);
  for (const row of rows) {
    const code = codes[row]!;
    sums[code]! += values[row]!;
    counts[code]! += 1;
  }
  const taken: number[] = [];
  for (let code = 0; code < bins; code += 1) if (counts[code]! > 0) taken.push(code);
  if (!isOrdered) taken.sort((left, right) => sums[left]! / counts[left]! - sums[right]! / counts[right]!);
  return { taken, sums, counts };
}

/** How many bins go left so that the squared error is least, which is the most of S_l^2 / n_l + S_r^2 / n_r; 0 for no cut. */
function bestCut({ taken, sums, counts }: Bins, rows: number, sum: number, leafRows: number) {
  let [score, cut, leftSum, leftCount] = [-Infinity, 0, 0, 0];
  for (let position = 0; position < taken.length - 1; position += 1) {
    leftSum += sums[taken[position]!]!;
    leftCount += counts[taken[position]!]!;
    const rightCount = rows - leftCount;
    if (leftCount < leafRows || rightCount < leafRows) continue;
    const here = (leftSum * leftSum) / leftCount + (sum - leftSum) ** 2 / rightCount;
    if (here > score) [score, cut] = [here, position + 1];
  }
  return { score, cut };
}

/** A bin between the two at the cut that no row was in goes with the lower; a category that none was in goes right. */
function sideOf({ bins, isOrdered }: Column, taken: readonly number[], cut: number): Uint8Array {
  const left = new Set(taken.slice(0, cut));
  return Uint8Array.from({ length: bins }, (_, code) => Number(isOrdered ? code < taken[cut]! : left.has(code)));
}
