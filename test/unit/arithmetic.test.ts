/** Arenas, their pool, and jobs on threads: results, order, failures. */
import { afterAll, describe, expect, it } from 'vitest';
import { Arena, MemoryBudget } from '../../server/arithmetic/arena.js';
import { ArenaPool } from '../../server/arithmetic/arena-pool.js';
import { Arithmetic } from '../../server/arithmetic/arithmetic.js';

const mebibyte = 2 ** 20;

function slot(arena: Arena): number {
  const pointer = arena.allocate();
  if (pointer === undefined) {
    throw new Error('the arena is full');
  }
  return pointer;
}

describe('Arena', () => {
  it('gives out aligned slots that do not overlap, until it is full', () => {
    const arena = new Arena({ chunkBytes: 1000, arenaBytes: mebibyte });
    const pointers: number[] = [];
    for (let pointer = arena.allocate(); pointer !== undefined; pointer = arena.allocate()) {
      pointers.push(pointer);
    }
    // 1000 bytes take 1024; the first kilobyte of the megabyte is not used.
    expect(pointers).toHaveLength(1023);
    expect(pointers.every((pointer, i) => pointer % 64 === 0 && pointer === 1024 * (i + 1))).toBe(true);
    expect(arena.slotsInUse).toBe(1023);
    arena.release(pointers[5]!);
    expect(arena.allocate()).toBe(pointers[5]);
  });

  it('a view made before the memory grew still shows the slot', () => {
    const arena = new Arena({ chunkBytes: 65536, arenaBytes: 64 * mebibyte });
    const first = slot(arena);
    const view = arena.floats(first, 4);
    for (let i = 0; i < 100; i += 1) {
      slot(arena);
    }
    arena.floats(first, 4).set([1, 2, 3, 4]);
    expect([...view]).toEqual([1, 2, 3, 4]);
    expect([...arena.bytes(first, 4)]).toEqual([0, 0, 0x80, 0x3f]);
  });

  it('a slot released twice, or a pointer that is none, is a bug', () => {
    const arena = new Arena({ chunkBytes: 256, arenaBytes: mebibyte });
    const pointer = slot(arena);
    arena.release(pointer);
    expect(() => arena.release(pointer)).toThrow(`${pointer} is not a slot in use`);
    expect(() => arena.release(slot(arena) + 4)).toThrow('is not a slot in use');
  });
});

describe('ArenaPool', () => {
  it('keeps room for all who reserved, and opens another arena when one is promised away', () => {
    const pool = new ArenaPool({ chunkBytes: 65536, bytesMax: 100 * mebibyte, arenaBytes: mebibyte });
    // An arena of 16 pages holds 15 slots of a page, for the first kilobyte is taken.
    const first = pool.reserve(10);
    const second = pool.reserve(10);
    expect(second).not.toBe(first);
    expect([first, second]).toContain(pool.reserve(5));
    expect(pool.bytesReserved).toBe(25 * 65536);
    expect(pool.bytesInUse).toBe(0);
    slot(first);
    expect(pool.bytesInUse).toBe(65536);
  });

  it('refuses what passes the limit, saying need and limit', () => {
    const pool = new ArenaPool({ chunkBytes: 1024, bytesMax: 10_000 });
    const arena = pool.reserve(6);
    expect(() => pool.reserve(4)).toThrow(
      'memory: a chunk needs 4 slots of 1024 bytes, 4096 in all; 6144 of the limit of 10000 bytes are reserved',
    );
    expect(() => pool.reserve(4)).toThrow(expect.objectContaining({ code: 'exhausted' }));
    pool.unreserve(arena, 6);
    expect(pool.bytesReserved).toBe(0);
    expect(() => pool.reserve(9)).not.toThrow();
  });

  it('pools of several chunk sizes share one limit, for reservations and for slots', () => {
    const budget = new MemoryBudget(10_240);
    const small = new ArenaPool({ chunkBytes: 1024, budget });
    const large = new ArenaPool({ chunkBytes: 4096, budget });
    const arena = small.reserve(6);
    large.reserve(1);
    expect(() => large.reserve(1)).toThrow('10240 of the limit of 10240 bytes are reserved');
    for (let i = 0; i < 10; i += 1) {
      slot(arena);
    }
    expect(arena.allocate()).toBeUndefined();
    expect(large.bytesInUse).toBe(10_240);
  });

  it('a reservation larger than an arena is refused', () => {
    const pool = new ArenaPool({ chunkBytes: 65536, bytesMax: 100 * mebibyte, arenaBytes: mebibyte });
    expect(() => pool.reserve(16)).toThrow('a chunk needs 16 slots of 65536 bytes; an arena holds 15 of them');
  });
});

describe.each([0, 2])('Arithmetic on %d threads', (threads) => {
  const arithmetic = new Arithmetic(threads);
  const arena = new Arena({ chunkBytes: 4096, arenaBytes: 4 * mebibyte });
  const [weights, gradient, velocity, average] = [slot(arena), slot(arena), slot(arena), slot(arena)] as const;
  const n = 10;

  afterAll(() => arithmetic.close());

  it('carries out the jobs of a lane in their order', async () => {
    await arithmetic.run(3, { kind: 'fill', arena, out: weights, n, value: 1 });
    const doublings = Array.from({ length: 100 }, () =>
      arithmetic.run(3, { kind: 'add', arena, out: weights, left: weights, right: weights, n }),
    );
    const halved = arithmetic.run(3, { kind: 'copy', arena, out: gradient, source: weights, n });
    await arithmetic.drain(3);
    expect([...arena.floats(gradient, n)]).toEqual(Array<number>(n).fill(2 ** 100));
    await Promise.all([...doublings, halved]);
  });

  it('lanes that share nothing come to the same as one after the other', async () => {
    const pointers = Array.from({ length: 8 }, () => slot(arena));
    await Promise.all(
      pointers.flatMap((out, lane) => [
        arithmetic.run(lane, { kind: 'fill', arena, out, n, value: lane }),
        arithmetic.run(lane, { kind: 'add', arena, out, left: out, right: out, n }),
      ]),
    );
    expect(pointers.map((pointer) => arena.floats(pointer, n)[9])).toEqual([0, 2, 4, 6, 8, 10, 12, 14]);
  });

  it('prepare makes mean and decay per segment, leaves frozen ones alone, and measures', async () => {
    arena.floats(weights, n).fill(2);
    arena.floats(gradient, n).fill(8);
    const result = await arithmetic.run(0, {
      kind: 'prepare',
      arena,
      gradient,
      weights,
      segments: [
        { start: 0, length: 3, l2: 0.5 },
        { start: 3, length: 2, l2: 0 },
        { start: 5, length: 5, l2: 1, frozen: true },
      ],
      reciprocal: 1 / 4,
    });
    // 8 / 4 + 0.5 * 2 = 3 and 8 / 4 = 2
    expect([...arena.floats(gradient, n)]).toEqual([3, 3, 3, 2, 2, 8, 8, 8, 8, 8]);
    expect(result).toEqual({
      sumSquares: [27, 8, 0],
      weightSquares: [12, 0, 0],
      weightAbsolutes: [0, 0, 0],
      firstNonFinite: -1,
    });
  });

  it('prepare adds the signs of L1 beside L2, before it measures and clips', async () => {
    const before = [3, -3, 0];
    arena.floats(weights, 3).set(before);
    arena.floats(gradient, 3).fill(8);
    const segments = [{ start: 0, length: 3, l1: 0.25, l2: 0.5 }];
    const job = { kind: 'prepare', arena, gradient, weights, segments, reciprocal: 1 / 8 } as const;
    // 1 + 0.5 * 3 + 0.25, 1 - 0.5 * 3 - 0.25, and 1 where there is no sign
    const measured = { weightSquares: [18], weightAbsolutes: [6], firstNonFinite: -1 };
    const first = await arithmetic.run(0, job);
    expect([...arena.floats(gradient, 3)]).toEqual([2.75, -0.75, 1]);
    expect(first).toEqual({ ...measured, sumSquares: [2.75 ** 2 + 0.75 ** 2 + 1] });
    arena.floats(gradient, 3).fill(8);
    const clipped = await arithmetic.run(0, { ...job, clipValue: 0.5 });
    expect([...arena.floats(gradient, 3)]).toEqual([0.5, -0.5, 0.5]);
    expect(clipped).toEqual({ ...measured, sumSquares: [0.75] });
  });

  it('prepare clips after it has looked for what is not finite', async () => {
    arena.floats(gradient, n).fill(8);
    arena.floats(gradient, n)[6] = Infinity;
    const result = await arithmetic.run(0, {
      kind: 'prepare',
      arena,
      gradient,
      weights,
      segments: [
        { start: 0, length: 5, l2: 0 },
        { start: 5, length: 5, l2: 0 },
      ],
      reciprocal: 1,
      clipValue: 1,
    });
    expect(result).toEqual({ sumSquares: [5, 5], weightSquares: [0, 0], weightAbsolutes: [0, 0], firstNonFinite: 6 });
  });

  it('apply scales, steps by each segment rate, and moves the average over all', async () => {
    arena.floats(weights, n).fill(1);
    arena.floats(gradient, n).fill(4);
    arena.floats(velocity, n).fill(0);
    arena.floats(average, n).fill(1);
    await arithmetic.run(0, {
      kind: 'apply',
      arena,
      optimizer: 'momentum',
      coefficients: [0.25, 0.5],
      segments: [
        { start: 0, length: 4, rateMultiplier: 1, frozen: false },
        { start: 4, length: 3, rateMultiplier: 2, frozen: false },
        { start: 7, length: 3, rateMultiplier: 1, frozen: true },
      ],
      weights,
      gradient,
      slots: [velocity],
      scale: 0.5,
      average,
      averageDecay: 0.75,
    });
    // v = 4 * 0.5 = 2; w = 1 - 0.25 * 2 = 0.5, and 1 - 2 * 0.25 * 2 = 0; average = 1 + 0.25 (w - 1)
    expect([...arena.floats(weights, n)]).toEqual([0.5, 0.5, 0.5, 0.5, 0, 0, 0, 1, 1, 1]);
    expect([...arena.floats(velocity, n)]).toEqual([2, 2, 2, 2, 2, 2, 2, 0, 0, 0]);
    expect([...arena.floats(average, n)]).toEqual([0.875, 0.875, 0.875, 0.875, 0.75, 0.75, 0.75, 1, 1, 1]);
  });

  it('runningStatistics moves each tensor by its own momentum', async () => {
    arena.floats(weights, n).fill(1);
    arena.floats(average, n).fill(1);
    arena.floats(gradient, n).fill(20);
    await arithmetic.run(0, {
      kind: 'runningStatistics',
      arena,
      running: weights,
      sum: gradient,
      segments: [
        { start: 0, length: 5, momentum: 0.5 },
        { start: 5, length: 5, momentum: 0.75 },
      ],
      reciprocal: 1 / 4,
      average,
      averageDecay: 0.5,
    });
    // The mean is 5: 1 + 0.5 * 4 = 3 and 1 + 0.25 * 4 = 2.
    expect([...arena.floats(weights, n)]).toEqual([3, 3, 3, 3, 3, 2, 2, 2, 2, 2]);
    expect([...arena.floats(average, n)]).toEqual([2, 2, 2, 2, 2, 1.5, 1.5, 1.5, 1.5, 1.5]);
  });

  it('checksum answers with the number that the kernel gives', async () => {
    arena.floats(weights, n).fill(3);
    arena.floats(gradient, n).fill(3);
    const left = await arithmetic.run(0, { kind: 'checksum', arena, pointer: weights, n });
    expect(left).toBe(await arithmetic.run(1, { kind: 'checksum', arena, pointer: gradient, n }));
    expect(left).toBeGreaterThan(0);
  });

  it('a job that fails rejects its promise with its error, and the next one runs', async () => {
    const bad = arithmetic.run(0, { kind: 'fill', arena, out: 2 ** 31, n, value: 1 });
    const good = arithmetic.run(0, { kind: 'fill', arena, out: weights, n, value: 6 });
    await expect(bad).rejects.toThrow('memory access out of bounds');
    await good;
    expect(arena.floats(weights, n)[9]).toBe(6);
  });

  it('slots of a memory that has grown since it was first used are reached', async () => {
    let pointer = 0;
    while (pointer < 2 * mebibyte) {
      pointer = slot(arena);
    }
    await arithmetic.run(0, { kind: 'fill', arena, out: pointer, n, value: 9 });
    expect(arena.floats(pointer, n)[9]).toBe(9);
  });
});

describe('Arithmetic that ends', () => {
  it.each([0, 1])('rejects what comes after its end (%d threads)', async (threads) => {
    const arithmetic = new Arithmetic(threads);
    const arena = new Arena({ chunkBytes: 4096, arenaBytes: mebibyte });
    await arithmetic.close();
    const job = { kind: 'fill', arena, out: slot(arena), n: 4, value: 1 } as const;
    await expect(arithmetic.run(0, job)).rejects.toThrow('the arithmetic threads have been closed');
    await arithmetic.drain(0);
  });

  it('rejects what has not been answered', async () => {
    const arithmetic = new Arithmetic(1);
    const arena = new Arena({ chunkBytes: 4096, arenaBytes: mebibyte });
    const out = slot(arena);
    const jobs = Array.from({ length: 200 }, () =>
      arithmetic.run(0, { kind: 'fill', arena, out, n: 1000, value: 1 }).catch((error: Error) => error.message),
    );
    await arithmetic.close();
    expect((await Promise.all(jobs)).at(-1)).toBe('the arithmetic threads have been closed');
    // Which whoever asks whether the server lives is told.
    expect(arithmetic.failure).toBe('the arithmetic threads have been closed');
  });
});
