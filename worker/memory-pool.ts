/**
 * Shared memories of trials that have ended, for the next ones: a WebAssembly memory that is dropped stays until V8
 * collects it, on both threads, which knows nothing of its size and takes its time.
 */
const pageBytes = 65_536;
/** A worker seldom has more trials at once. */
const keptMax = 2;
/** A memory that is larger than that many times what is needed is not taken. */
const sizeRatioMax = 2;

export class MemoryPool {
  private readonly idle: WebAssembly.Memory[] = [];

  /** Of at least so many pages. Its content is arbitrary. */
  take(pages: number): WebAssembly.Memory {
    const fitting = this.idle
      .filter((memory) => pagesOf(memory) >= pages && pagesOf(memory) <= pages * sizeRatioMax)
      .toSorted((left, right) => pagesOf(left) - pagesOf(right))[0];
    if (!fitting) return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    this.idle.splice(this.idle.indexOf(fitting), 1);
    return fitting;
  }

  /** Nobody reads or writes it any more. */
  give(memory: WebAssembly.Memory): void {
    this.idle.push(memory);
    if (this.idle.length > keptMax) this.idle.shift();
  }
}

function pagesOf({ buffer }: WebAssembly.Memory): number {
  return buffer.byteLength / pageBytes;
}
