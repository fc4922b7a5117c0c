/** The seconds in which at least one of several things was under way. */
export class BusyClock {
  private underWay = 0;
  private since = 0;
  private past = 0;

  /** So far. */
  get seconds(): number {
    return this.past + (this.underWay > 0 ? (performance.now() - this.since) / 1000 : 0);
  }

  /** Of one stream: what is under way on it ends with it. */
  open(): BusySource {
    return new BusySource((by) => this.change(by));
  }

  private change(by: number): void {
    const before = this.underWay;
    this.underWay += by;
    if (before === 0 && by > 0) this.since = performance.now();
    else if (before > 0 && this.underWay === 0) this.past += (performance.now() - this.since) / 1000;
  }
}

export class BusySource {
  private underWay = 0;
  private closed = false;

  constructor(private readonly change: (by: number) => void) {}

  begin(): void {
    if (this.closed) return;
    this.underWay += 1;
    this.change(1);
  }

  end(): void {
    if (this.closed) return;
    this.underWay -= 1;
    this.change(-1);
  }

  /** Nobody will say what ends any more. */
  close(): void {
    this.closed = true;
    this.change(-this.underWay);
    this.underWay = 0;
  }
}
