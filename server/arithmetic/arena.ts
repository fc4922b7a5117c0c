/**
 * One shared WebAssembly memory cut into slots of one chunk's size, and the pool of them that a shard has. A memory grows
 * as slots are first used, and pages that were never written take no room. Neither knows what a slot holds.
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

  constructor(readonly bytesMax: number) {}
}

/** A chunk's size, rounded up to whole cache lines. */
function slotBytesOf(chunkBytes: number): number {
  return Math.ceil(chunkBytes / alignment) * alignment;
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
    this.capacity = Math.floor((this.#pagesMax * pageBytes - baseBytes) / this.slotBytes);
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

export type ArenaPoolOptions = {
  chunkBytes: number;
  /** Size of one arena, 1 GiB unless given. */
  arenaBytes?: number;
} & (
  | {
      /** The most that reservations, and slots in use, may come to. */
      bytesMax: number;
    }
  | {
      /** The limit that this pool shares with others. */
      budget: MemoryBudget;
    }
);

/**
 * The arenas of one chunk size. A process can have some 13,000 WebAssembly memories and no more, so chunks share arenas;
 * but all slots of one chunk come from one arena, because a kernel sees one memory.
 */
export class ArenaPool {
  readonly #chunkBytes: number;
  readonly #arenaBytes: number;
  readonly #slotBytes: number;
  readonly #budget: MemoryBudget;
  /** Slots kept for somebody, by arena. */
  readonly #reserved = new Map<Arena, number>();

  constructor(options: ArenaPoolOptions) {
    this.#chunkBytes = options.chunkBytes;
    this.#arenaBytes = options.arenaBytes ?? 2 ** 30;
    this.#slotBytes = slotBytesOf(options.chunkBytes);
    this.#budget = 'budget' in options ? options.budget : new MemoryBudget(options.bytesMax);
  }

  /** Bytes of the slots given out now, of all pools that share the limit. */
  get bytesInUse(): number {
    return this.#budget.bytesInUse;
  }

  /** Bytes of the slots kept for somebody, in use or not, of all pools that share the limit. */
  get bytesReserved(): number {
    return this.#budget.bytesReserved;
  }

  /**
   * An arena in which `slots` slots are kept for the caller until `unreserve`; it may allocate more while there is room.
   * PolyakError `exhausted` where reservations would pass the limit.
   */
  reserve(slots: number): Arena {
    this.#checkLimit(slots);
    let found: Arena | undefined;
    for (const [arena, reserved] of this.#reserved) {
      if (Math.max(reserved, arena.slotsInUse) + slots <= arena.capacity) {
        found = arena;
      }
    }
    found ??= this.#newArena(slots);
    this.#reserved.set(found, (this.#reserved.get(found) ?? 0) + slots);
    this.#budget.bytesReserved += slots * this.#slotBytes;
    return found;
  }

  /** Ends a reservation; its slots must have been released. An arena without reservations is dropped. */
  unreserve(arena: Arena, slots: number): void {
    const left = (this.#reserved.get(arena) ?? 0) - slots;
    if (left < 0) {
      throw new Error(`arena ${arena.id}: ${slots} slots given back, but ${left + slots} were reserved`);
    }
    this.#budget.bytesReserved -= slots * this.#slotBytes;
    if (left === 0) {
      this.#reserved.delete(arena);
    } else {
      this.#reserved.set(arena, left);
    }
  }

  #checkLimit(slots: number): void {
    const needed = slots * this.#slotBytes;
    if (this.bytesReserved + needed > this.#budget.bytesMax) {
      throw new PolyakError(
        'exhausted',
        `memory: a chunk needs ${slots} slots of ${this.#slotBytes} bytes, ${needed} in all; ` +
          `${this.bytesReserved} of the limit of ${this.#budget.bytesMax} bytes are reserved`,
      );
    }
  }

  #newArena(slots: number): Arena {
    const arena = new Arena({ chunkBytes: this.#chunkBytes, arenaBytes: this.#arenaBytes, budget: this.#budget });
    if (slots > arena.capacity) {
      throw new PolyakError(
        'exhausted',
        `memory: a chunk needs ${slots} slots of ${arena.slotBytes} bytes; an arena holds ${arena.capacity} of them`,
      );
    }
    return arena;
  }
}
