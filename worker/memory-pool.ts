/**
 * Shared memories of trials that have ended, for the next ones; each thread has a pool of its own. V8 counts nothing of
 * a shared memory, so one that is dropped stays until V8 collects its heap for some other reason, on every thread that
 * has it, which on the compute thread may be never. So a memory that is too small grows, and none is made beside it.
 */
import { PolyakError } from '../common/errors.js';

const pageBytes = 65_536;
/** What a memory may grow to; pages that it does not have yet cost nothing. */
const pagesMax = 65_536;
/** Of memories that are kept though nobody uses them. */
const idleBytesMax = 2 ** 30;

export class MemoryPool {
  /** The one given back last at the end. */
  private readonly idle: WebAssembly.Memory[] = [];

  /** `dropped` is told of a memory that is not kept. */
  constructor(private readonly dropped: (bytes: number) => void = () => undefined) {}

  /** Of at least so many pages. Its content is arbitrary. Errors: `exhausted` when the system gives no more memory. */
  take(pages: number): WebAssembly.Memory {
    const bySize = this.idle.toSorted((left, right) => pagesOf(left) - pagesOf(right));
    const chosen = bySize.find((memory) => pagesOf(memory) >= pages) ?? bySize.at(-1);
    try {
      if (!chosen) return new WebAssembly.Memory({ initial: pages, maximum: pagesMax, shared: true });
      if (pagesOf(chosen) < pages) chosen.grow(pages - pagesOf(chosen));
    } catch (error) {
      const message = `memory: the system does not give the ${pages * pageBytes} bytes that the trial needs`;
      throw new PolyakError('exhausted', message, { cause: error });
    }
    this.idle.splice(this.idle.indexOf(chosen), 1);
    return chosen;
  }

  /** Nobody reads or writes it any more. */
  give(memory: WebAssembly.Memory): void {
    this.idle.push(memory);
    let bytes = this.idle.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
    while (bytes > idleBytesMax) {
      const { byteLength } = this.idle.shift()!.buffer;
      bytes -= byteLength;
      this.dropped(byteLength);
    }
  }
}

function pagesOf({ buffer }: WebAssembly.Memory): number {
  return buffer.byteLength / pageBytes;
}
