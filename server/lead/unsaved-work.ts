/** What a trial has computed and no checkpoint has: how much, and how old the oldest of it is. */
export class UnsavedWork {
  private computed = 0;
  private saved = 0;
  /** By `performance.now()`. */
  private since = 0;

  /** The age of the oldest step; 0 where all are in a checkpoint. */
  get seconds(): number {
    return this.images > 0 ? (performance.now() - this.since) / 1000 : 0;
  }

  /** Samples of those steps. */
  get images(): number {
    return this.computed - this.saved;
  }

  /** A step of so many samples has been taken. */
  add(images: number): void {
    if (this.images === 0) this.since = performance.now();
    this.computed += images;
  }

  /** A checkpoint of what there is now begins; the answer is to be called when it is committed. */
  begin(): () => void {
    const { computed } = this;
    const since = performance.now();
    return () => {
      this.saved = computed;
      this.since = since;
    };
  }
}
