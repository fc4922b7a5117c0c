/** Who follows a sweep: they are woken when there is more on disk, and read it themselves. */
import type { SweepLine } from './log-line.js';

export interface SweepListener {
  /** There is more on disk, or the sweep has changed. */
  wake(): void;
  /** How things stand; may be lost. */
  progress(line: SweepLine): void;
  /** The coordinator closes: watchers come again, to this one or the next. */
  close(): void;
}

export class SweepWatchers {
  private readonly listeners = new Map<string, Set<SweepListener>>();

  /** Answers with what takes it away again. */
  listen(key: string, listener: SweepListener): () => void {
    const listeners = this.listeners.get(key) ?? new Set();
    this.listeners.set(key, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.listeners.get(key) === listeners) this.listeners.delete(key);
    };
  }

  has(key: string): boolean {
    return this.listeners.has(key);
  }

  /** Those that somebody follows. */
  get sweeps(): Iterable<string> {
    return this.listeners.keys();
  }

  wake(sweep: string): void {
    for (const listener of this.listeners.get(sweep) ?? []) listener.wake();
  }

  tell(sweep: string, line: SweepLine): void {
    for (const listener of this.listeners.get(sweep) ?? []) listener.progress(line);
  }

  close(): void {
    for (const listeners of this.listeners.values()) for (const listener of listeners) listener.close();
    this.listeners.clear();
  }
}
