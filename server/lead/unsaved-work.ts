/** What a trial has computed and no checkpoint has: how much, and how old the oldest of it is. */
export class UnsavedWork {
  private samples = 0;
  /** By `performance.now()`. */
  private since = 0;

  /** The age of the oldest step; 0 where all are in a checkpoint. */
  get seconds(): number {
    return this.samples > 0 ? (performance.now() - this.since) / 1000 : 0;
  }

  /** Samples of those steps. */
  get images(): number {
    return this.samples;
  }

  /** A step of so many samples has been taken. */
  add(images: number): void {
    if (this.samples === 0) this.since = performance.now();
    this.samples += images;
  }

  /** A checkpoint of what there is now begins; the answer is to be called when it is committed. */
  begin(): () => void {
    const { samples } = this;
    const since = performance.now();
    return () => {
      this.samples -= samples;
      this.since = since;
    };
  }
}
