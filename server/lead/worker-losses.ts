/**
 * Workers that died while they computed for a trial, one after another, and nothing came of it: the mark of a trial that kills
 * whoever takes it, most often for want of memory. It knows no stream and no round; who calls it says what happened.
 */

/**
 * So many deaths in a row make it the trial's fault. Where processes are killed at random, every few seconds, one that takes a
 * trial is hit before its first micro-batch once in twenty times at most, so that this many in a row are no accident; and a
 * launcher on one machine, which forgives a process four deaths, still has its only worker when the trial has ended.
 */
export const lossesMax = 4;

export class WorkerLosses {
  private readonly lost: string[] = [];
  private lastAt = -Infinity;

  /**
   * A worker is gone without a word that had worked for the trial `since` then. Answers whether the trial must end of it. Those
   * that are lost at one time count once: a network that breaks, or a machine, takes many, and only who began after the loss
   * before has taken up what that had died of.
   */
  add(worker: string, since: number, now: number): boolean {
    if (since > this.lastAt) {
      this.lost.push(worker);
      this.lastAt = now;
    }
    return this.lost.length >= lossesMax;
  }

  /** It was out of reach, and not dead. */
  cameBack(worker: string): void {
    const at = this.lost.indexOf(worker);
    if (at >= 0) this.lost.splice(at, 1);
  }

  /** Somebody has computed what nobody had computed before. */
  progressed(): void {
    this.lost.length = 0;
  }
}

/** Why the trial has ended, and what to change. `doing` is what the workers did, in words. */
export function lossesMessage(doing: string, microBatchSize: number): string {
  const what = `${lossesMax} workers died one after another while they ${doing}, and none got any further`;
  const why = 'the likely cause is memory: the kernel kills a process that takes too much';
  const way = `make train.microBatchSize (${microBatchSize}) or the model smaller, or give workers more memory`;
  return `${what}; ${why}. ${way[0]!.toUpperCase()}${way.slice(1)}; a module must not end its process`;
}
