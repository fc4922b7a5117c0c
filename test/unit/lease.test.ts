import { describe, expect, it } from 'vitest';
import { LeaseQueue } from '../../worker/lease-queue.js';
import { HeldLease } from '../../worker/lease.js';

function lease(id: number, firstLeaf: number, endLeaf: number): HeldLease {
  const of = { kind: 'GRADIENT', step: 3, split: 'TRAIN', vector: 'WEIGHTS', incarnation: 1 } as const;
  return new HeldLease({ id, firstLeaf, endLeaf, ...of });
}

describe('a lease that shrinks', () => {
  it('gives up leaves that are not begun', () => {
    const held = lease(1, 0, 8);
    const leaves = held.leaves();
    expect([leaves.next().value, leaves.next().value]).toEqual([0, 1]);
    held.shrink(3);
    expect([...leaves]).toEqual([2]);
    expect(held.end).toBe(3);
  });

  it('may end with the leaf that is being computed', () => {
    const held = lease(1, 4, 8);
    const leaves = held.leaves();
    leaves.next();
    held.shrink(5);
    expect(held.next).toBeUndefined();
    expect(held.end).toBe(5);
  });

  it('keeps its end when one of the stolen leaves is begun', () => {
    const held = lease(1, 4, 8);
    const leaves = held.leaves();
    leaves.next();
    leaves.next();
    held.shrink(5);
    expect(held.end).toBe(8);
    expect([...leaves]).toEqual([6, 7]);
  });

  it('never grows', () => {
    const held = lease(1, 0, 4);
    held.shrink(6);
    expect(held.end).toBe(4);
  });
});

describe('the queue of leases', () => {
  it('gives them out in order and finds the one being worked on', async () => {
    const queue = new LeaseQueue();
    queue.push(lease(1, 0, 4));
    queue.push(lease(2, 4, 8));
    const seen: number[] = [];
    for await (const held of queue) {
      seen.push(held.id);
      expect(queue.find(held.id)).toBe(held);
      if (held.id === 2) queue.close();
    }
    expect(seen).toEqual([1, 2]);
  });

  it('voids the present and the waiting ones when the stream they came on breaks', async () => {
    const queue = new LeaseQueue();
    const leases = [lease(1, 0, 4), lease(2, 4, 8)];
    for (const each of leases) queue.push(each);
    for await (const held of queue) {
      expect(held.isVoid).toBe(false);
      queue.voidAll();
      queue.close();
    }
    expect(leases.map(({ isVoid }) => isVoid)).toEqual([true, true]);
    expect([...(leases[0]?.leaves() ?? [])]).toEqual([]);
  });

  it('waits for a lease that comes later', async () => {
    const queue = new LeaseQueue();
    const first = queue[Symbol.asyncIterator]().next();
    queue.push(lease(7, 0, 1));
    expect((await first).value?.id).toBe(7);
  });
});
