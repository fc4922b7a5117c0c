/** The arenas of one chunk size, and who has been promised room in which. */
import { PolyakError } from '../../common/errors.js';
import { Arena, MemoryBudget, capacityOf, slotBytesOf } from './arena.js';

/** Of memory that is kept though no trial uses it. */
const idleBytesMax = 2 ** 30;

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
    found ??= this.#takeIdle() ?? this.#newArena(slots);
    this.#reserved.set(found, (this.#reserved.get(found) ?? 0) + slots);
    this.#budget.bytesReserved += slots * this.#slotBytes;
    return found;
  }

  /** Ends a reservation; its slots must have been released. An arena without reservations is kept for the next. */
  unreserve(arena: Arena, slots: number): void {
    const left = (this.#reserved.get(arena) ?? 0) - slots;
    if (left < 0) {
      throw new Error(`arena ${arena.id}: ${slots} slots given back, but ${left + slots} were reserved`);
    }
    this.#budget.bytesReserved -= slots * this.#slotBytes;
    if (left === 0) {
      this.#reserved.delete(arena);
      this.#keepIdle(arena);
    } else {
      this.#reserved.set(arena, left);
    }
  }

  /** Errors: `exhausted` where so many chunks would not have their slots though nothing else were reserved. */
  assertFits(chunks: number, slots: number): void {
    const needed = chunks * slots * this.#slotBytes;
    const { bytesMax } = this.#budget;
    if (needed > bytesMax) {
      throw new PolyakError(
        'exhausted',
        `memory: the trial's ${chunks} chunks here need ${needed} bytes, the shard's limit is ${bytesMax}; ` +
          'give it more (--memory-mb), or use more shards',
      );
    }
    this.#checkCapacity(slots);
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

  #checkCapacity(slots: number): void {
    const capacity = capacityOf(this.#chunkBytes, this.#arenaBytes);
    if (slots > capacity) {
      throw new PolyakError(
        'exhausted',
        `memory: a chunk needs ${slots} slots of ${this.#slotBytes} bytes; an arena holds ${capacity} of them`,
      );
    }
  }

  #newArena(slots: number): Arena {
    this.#checkCapacity(slots);
    return new Arena({ chunkBytes: this.#chunkBytes, arenaBytes: this.#arenaBytes, budget: this.#budget });
  }

  /**
   * A memory that is dropped stays until V8 collects it, which may be long after the next trial has grown one of its own;
   * so the next trial takes the last one's.
   */
  #takeIdle(): Arena | undefined {
    const { idle } = this.#budget;
    const index = idle.findLastIndex(
      ({ slotBytes, capacity }) =>
        slotBytes === this.#slotBytes && capacity === capacityOf(this.#chunkBytes, this.#arenaBytes),
    );
    return index < 0 ? undefined : idle.splice(index, 1)[0];
  }

  #keepIdle(arena: Arena): void {
    const { idle, bytesMax } = this.#budget;
    idle.push(arena);
    let bytes = 0;
    for (const { memory } of idle) bytes += memory.buffer.byteLength;
    while (bytes > Math.min(idleBytesMax, bytesMax)) bytes -= idle.shift()?.memory.buffer.byteLength ?? 0;
  }
}
