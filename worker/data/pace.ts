/** Cuts long work on the main thread into slices, between which heartbeats and frames are served. */
import { setImmediate } from 'node:timers/promises';

const sliceMs = 20;

export class Pace {
  private from = performance.now();

  /** The slice is over: await `breathe`. */
  due(): boolean {
    return performance.now() - this.from >= sliceMs;
  }

  async breathe(): Promise<void> {
    await setImmediate();
    this.from = performance.now();
  }
}
