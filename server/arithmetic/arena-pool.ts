/** The arenas of one chunk size, and who has been promised room in which. */
import { PolyakError } from '../../common/errors.js';
import { Arena, MemoryBudget, slotBytesOf } from './arena.js';

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
