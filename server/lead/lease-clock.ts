/** When a lease is overdue: max(1 s, 3 x median per micro-batch x size), doubled at each re-issue. */
const samplesMax = 64;
const deadlineMsMin = 1000;
const slack = 3;
const stepsMeasuredMin = 2;

export class LeaseClock {
  private readonly secondsPerLeaf: number[] = [];
  private readonly steps = new Set<number>();

  measured(secondsPerLeaf: number, step: number): void {
    if (secondsPerLeaf <= 0) return;
    if (this.steps.size < stepsMeasuredMin) this.steps.add(step);
    this.secondsPerLeaf.push(secondsPerLeaf);
    if (this.secondsPerLeaf.length > samplesMax) this.secondsPerLeaf.shift();
  }

  /** Undefined until two steps are measured. */
  deadlineMs(leaves: number, attempt: number): number | undefined {
    if (this.steps.size < stepsMeasuredMin) return undefined;
    const sorted = this.secondsPerLeaf.toSorted((left, right) => left - right);
    const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
    return Math.max(deadlineMsMin, slack * 1000 * median * leaves) * 2 ** attempt;
  }
}
