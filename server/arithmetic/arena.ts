/**
 * One shared WebAssembly memory cut into slots of one chunk's size. It grows as slots are first used, and pages that were
 * never written take no room. It does not know what a slot holds.
 */
import { PolyakError } from '../../common/errors.js';

const pageBytes = 65536;
/** AssemblyScript keeps the first kilobyte for itself; and so a null pointer is never a slot. */
const baseBytes = 1024;
const alignment = 64;

/** The bytes of slots that may be in use, or kept for somebody; one for all pools of a shard. */
export class MemoryBudget {
  bytesInUse = 0;
  bytesReserved = 0;
  /** Arenas that nobody has reserved room in, the one emptied last at the end. */
  readonly idle: Arena[] = [];

  constructor(readonly bytesMax: number) {}
}

/** A chunk's size, rounded up to whole cache lines. */
export function slotBytesOf(chunkBytes: number): number {
  return Math.ceil(chunkBytes / alignment) * alignment;
}

/** The most slots that an arena of so many bytes can have. */
export function capacityOf(chunkBytes: number, arenaBytes: number): number {
  return Math.floor((Math.floor(arenaBytes / pageBytes) * pageBytes - baseBytes) / slotBytesOf(chunkBytes));
}

let lastId = 0;

export class Arena {
  /** Unique in this process; threads know the memory by it. */
  readonly id = (lastId += 1);
  readonly memory: WebAssembly.Memory;
  /** From one slot to the next: the chunk's size, rounded up to whole cache lines. */
  readonly slotBytes: number;
  /** The most slots that it can have. */
  readonly capacity: number;
  readonly #budget: MemoryBudget;
  readonly #pagesMax: number;
  readonly #free: number[] = [];
  /** One byte a slot, so that a slot released twice is found out. */
  readonly #used: Uint8Array;
  /** Slots from here on were never given out. */
  #fresh = 0;
  #slotsInUse = 0;

  /** `arenaBytes` is the most that the memory may grow to, at most 4 GiB. */
  constructor(options: { chunkBytes: number; arenaBytes: number; budget?: MemoryBudget }) {
    this.slotBytes = slotBytesOf(options.chunkBytes);
    this.#pagesMax = Math.floor(options.arenaBytes / pageBytes);
    this.capacity = capacityOf(options.chunkBytes, options.arenaBytes);
    if (this.capacity < 1 || this.#pagesMax > 65536) {
      throw new RangeError(`an arena of ${options.arenaBytes} bytes cannot hold slots of ${this.slotBytes} bytes`);
    }
    this.#budget = options.budget ?? new MemoryBudget(Infinity);
    this.#used = new Uint8Array(this.capacity);
    this.memory = new WebAssembly.Memory({ initial: 1, maximum: this.#pagesMax, shared: true });
  }

  get slotsInUse(): number {
    return this.#slotsInUse;
  }

  /**
   * The byte offset of a slot, aligned to 64 bytes, or undefined when the arena is full or its limit is reached. The
   * content is arbitrary. PolyakError `exhausted` when the system gives no more memory.
   */
  allocate(): number | undefined {
    const { bytesMax, bytesInUse } = this.#budget;
    if (this.#slotsInUse === this.capacity || bytesInUse + this.slotBytes > bytesMax) {
      return undefined;
    }
    let slot = this.#free.pop();
    if (slot === undefined) {
      this.#growTo(baseBytes + (this.#fresh + 1) * this.slotBytes);
      slot = this.#fresh;
      this.#fresh += 1;
    }
    this.#used[slot] = 1;
    this.#slotsInUse += 1;
    this.#budget.bytesInUse += this.slotBytes;
    return baseBytes + slot * this.slotBytes;
  }

  release(pointer: number): void {
    const slot = (pointer - baseBytes) / this.slotBytes;
    if (this.#used[slot] !== 1) {
      throw new Error(`arena ${this.id}: ${pointer} is not a slot in use`);
    }
    this.#used[slot] = 0;
    this.#slotsInUse -= 1;
    this.#budget.bytesInUse -= this.slotBytes;
    this.#free.push(slot);
  }

  /** A view of n floats; it stays valid when the memory grows. */
  floats(pointer: number, n: number): Float32Array<SharedArrayBuffer> {
    return new Float32Array(this.memory.buffer, pointer, n);
  }

  /** A view of n bytes; it stays valid when the memory grows. */
  bytes(pointer: number, n: number): Uint8Array<SharedArrayBuffer> {
    return new Uint8Array(this.memory.buffer, pointer, n);
  }

  #growTo(bytes: number): void {
    const pages = this.memory.buffer.byteLength / pageBytes;
    const needed = Math.ceil(bytes / pageBytes);
    if (needed <= pages) {
      return;
    }
    const target = Math.min(this.#pagesMax, Math.max(needed, 2 * pages));
    try {
      this.memory.grow(target - pages);
    } catch (error) {
      const message = `memory: an arena cannot grow to ${target * pageBytes} bytes: the system gives no more`;
      throw new PolyakError('exhausted', message, { cause: error });
    }
  }
}
