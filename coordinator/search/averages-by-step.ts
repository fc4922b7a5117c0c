/** For each step the running averages of all trials that were evaluated there, sorted, so that a median is looked up. */
export class AveragesByStep {
  private readonly sorted = new Map<number, number[]>();

  add(step: number, average: number): void {
    const averages = this.sorted.get(step) ?? [];
    this.sorted.set(step, averages);
    averages.splice(lowerBound(averages, average), 0, average);
  }

  /** Without `own`, which is one of them; of an even count the mean of the two in the middle. */
  medianOfOthers(step: number, own: number): { median: number; others: number } | undefined {
    const averages = this.sorted.get(step) ?? [];
    const others = averages.length - 1;
    if (others < 1) return undefined;
    const left = lowerBound(averages, own);
    const other = (index: number) => averages[index < left ? index : index + 1]!;
    const middle = others / 2;
    return { median: (other(Math.floor(middle - 0.5)) + other(Math.floor(middle))) / 2, others };
  }
}

/** How many of the sorted values are below. */
function lowerBound(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
