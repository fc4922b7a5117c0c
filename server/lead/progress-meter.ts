/** How fast a trial goes, for the live view: a moving average, told twice a second at most. */
const tellEveryMs = 500;
const memory = 0.9;

export class ProgressMeter {
  private readonly startedAt = performance.now();
  private lastStepAt = this.startedAt;
  private lastToldAt = 0;
  private images = 0;
  private secondsPerStep = 0;
  private stepsLeft = 0;

  /** Counts a step; answers whether it is time to tell. */
  step(images: number, stepsLeft: number): boolean {
    const now = performance.now();
    const seconds = (now - this.lastStepAt) / 1000;
    this.secondsPerStep = this.secondsPerStep === 0 ? seconds : memory * this.secondsPerStep + (1 - memory) * seconds;
    this.lastStepAt = now;
    this.images += images;
    this.stepsLeft = stepsLeft;
    if (now - this.lastToldAt < tellEveryMs && stepsLeft > 0) return false;
    this.lastToldAt = now;
    return true;
  }

  get imagesPerSecond(): number {
    const seconds = (this.lastStepAt - this.startedAt) / 1000;
    return seconds > 0 ? Math.round(this.images / seconds) : 0;
  }

  get secondsLeft(): number {
    return Math.round(this.stepsLeft * this.secondsPerStep);
  }
}
