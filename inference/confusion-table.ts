/** What was taken for what, class by class. It has an entry for each pair that occurs, not for each that could. */

/** Of one class. What would divide by 0 is null. */
export interface ClassReport {
  name: string;
  /** Samples of the class: its support. */
  count: number;
  /** Samples that were taken for the class. */
  predicted: number;
  /** Samples of the class that were taken for it. */
  right: number;
  /** Of those that were taken for the class, the part that is. */
  precision: number | null;
  /** Of those that are of the class, the part that was taken for it. */
  recall: number | null;
  /** Harmonic mean of both: 2 right / (count + predicted). */
  f1: number | null;
}

/** Samples of class `actual` that were taken for class `predicted`. */
export interface Confusion {
  actual: string;
  predicted: string;
  count: number;
}

export class ConfusionTable {
  private readonly pairs = new Map<number, number>();
  private readonly ofClass: Uint32Array;
  private readonly takenFor: Uint32Array;

  constructor(private readonly names: readonly string[]) {
    this.ofClass = new Uint32Array(names.length);
    this.takenFor = new Uint32Array(names.length);
  }

  add(actual: number, predicted: number): void {
    const key = actual * this.names.length + predicted;
    this.pairs.set(key, (this.pairs.get(key) ?? 0) + 1);
    this.ofClass[actual] = (this.ofClass[actual] ?? 0) + 1;
    this.takenFor[predicted] = (this.takenFor[predicted] ?? 0) + 1;
  }

  reports(): ClassReport[] {
    return this.names.map((name, index) => {
      const count = this.ofClass[index] ?? 0;
      const predicted = this.takenFor[index] ?? 0;
      const right = this.pairs.get(index * this.names.length + index) ?? 0;
      const [precision, recall] = [ratio(right, predicted), ratio(right, count)];
      return { name, count, predicted, right, precision, recall, f1: ratio(2 * right, count + predicted) };
    });
  }

  /** Wrong pairs, the most frequent first. */
  confusions(): Confusion[] {
    const classes = this.names.length;
    const nameOf = (index: number) => this.names[index] ?? '';
    return [...this.pairs]
      .map(([key, count]) => ({ row: Math.floor(key / classes), column: key % classes, count }))
      .filter(({ row, column }) => row !== column)
      .toSorted((left, right) => right.count - left.count || left.row - right.row || left.column - right.column)
      .map(({ row, column, count }) => ({ actual: nameOf(row), predicted: nameOf(column), count }));
  }
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
