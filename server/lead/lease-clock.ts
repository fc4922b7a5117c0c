/** When a lease is overdue: max(1 s, 3 x median per micro-batch x size), two minutes before that is known, doubled at each re-issue. */
const samplesMax = 64;
const deadlineMsMin = 1000;
const slack = 3;
const stepsMeasuredMin = 2;
/** A first step may have much to load and to compile; yet nothing is waited for without end. */
const unmeasuredMs = 120_000;

export class LeaseClock {
  private readonly secondsPerLeaf: number[] = [];
  private readonly steps = new Set<number>();

  measured(secondsPerLeaf: number, step: number): void {
    if (secondsPerLeaf <= 0) return;
    if (this.steps.size < stepsMeasuredMin) this.steps.add(step);
    this.secondsPerLeaf.push(secondsPerLeaf);
    if (this.secondsPerLeaf.length > samplesMax) this.secondsPerLeaf.shift();
  }

  deadlineMs(leaves: number, attempt: number): number {
    return this.firstDeadlineMs(leaves) * 2 ** attempt;
  }

  private firstDeadlineMs(leaves: number): number {
    if (this.steps.size < stepsMeasuredMin) return unmeasuredMs;
    const sorted = this.secondsPerLeaf.toSorted((left, right) => left - right);
    const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
    return Math.max(deadlineMsMin, slack * 1000 * median * leaves);
  }
}
