/** How much of a stretch of time somebody was busy. */

export class BusyShare {
  private busyMs = 0;
  private busySince: number | undefined;
  private stretchSince: number;

  constructor(private readonly now: () => number = () => performance.now()) {
    this.stretchSince = now();
  }

  begin(): void {
    this.busySince ??= this.now();
  }

  end(): void {
    if (this.busySince === undefined) return;
    this.busyMs += this.now() - this.busySince;
    this.busySince = undefined;
  }

  /** Since it was asked last, from 0 to 1. */
  take(): number {
    const now = this.now();
    if (this.busySince !== undefined) {
      this.busyMs += now - this.busySince;
      this.busySince = now;
    }
    const share = now > this.stretchSince ? this.busyMs / (now - this.stretchSince) : 0;
    this.busyMs = 0;
    this.stretchSince = now;
    return Math.min(1, share);
  }
}
