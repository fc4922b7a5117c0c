import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { decompose } from '../../common/reduction-tree.js';
import { Round, type Lease } from '../../server/lead/round.js';

const header = (worker: string, badTensor = '') => ({
  worker,
  lossSum: 1,
  metricSums: [],
  samples: 1,
  badTensor,
  badTensorIndex: badTensor ? 3 : 0,
});

function harness(leaves: number, shards = 1) {
  const granted: Lease[] = [];
  const shrunk: { id: number; end: number }[] = [];
  const voided: number[] = [];
  let id = 0;
  const round = new Round(
    leaves,
    shards,
    () => (id += 1),
    () => 1000,
    {
      grant: (lease) => granted.push({ ...lease }),
      shrink: (lease) => shrunk.push({ id: lease.id, end: lease.end }),
      void: (lease) => voided.push(lease.id),
      reissued: () => undefined,
    },
  );
  const compute = (lease: Lease, worker = lease.worker) => {
    for (const node of decompose(lease.first, lease.end)) {
      round.header(node, header(worker), 0);
      for (let shard = 0; shard < shards; shard++) round.held(node, shard, 0);
    }
  };
  const leaseOf = (worker: string) => granted.findLast((lease) => lease.worker === worker);
  return { round, granted, shrunk, voided, compute, leaseOf };
}

describe('a round of leases', () => {
  it('gives a lone worker all leaves in one lease', () => {
    const { round, granted, compute } = harness(8);
    round.join('a', 1, 0);
    expect(granted.map(({ first, end }) => [first, end])).toEqual([[0, 8]]);
    compute(granted[0]!);
    expect(round.complete).toBe(true);
  });

  it('counts each leaf that anybody has computed once, also where its sum was lost with the worker', () => {
    const { round, granted } = harness(4);
    round.join('a', 1, 0);
    round.progress(granted[0]!.id, 3, 0);
    expect(round.computedCount).toBe(3);
    round.leave('a', 1);
    round.join('b', 1, 2);
    expect(round.computesSince('b')).toBe(2);
    round.progress(granted[1]!.id, 3, 3);
    expect(round.computedCount).toBe(3);
    round.progress(granted[1]!.id, 4, 4);
    expect(round.computedCount).toBe(4);
    expect(round.computesSince('b')).toBeUndefined();
  });

  it('lets a worker that joins late steal the right half of what is not begun', () => {
    const { round, granted, shrunk, leaseOf } = harness(8);
    round.join('a', 1, 0);
    round.progress(granted[0]!.id, 1, 0);
    round.join('b', 1, 0);
    // Leaf 1 is in progress, 2 to 7 are not begun: b takes the right three.
    expect(leaseOf('b')).toMatchObject({ first: 5, end: 8 });
    expect(shrunk).toEqual([{ id: granted[0]!.id, end: 5 }]);
  });

  it('gives each worker that is there its share by speed, and shrinks nothing', () => {
    const { round, granted, shrunk } = harness(8);
    // b takes 3 seconds a leaf and a one: 6 leaves and 2.
    round.begin([['a', 1], ['b', 3]], 0); // prettier-ignore
    expect(granted.map(({ worker, first, end }) => [worker, first, end])).toEqual([['a', 0, 6], ['b', 6, 8]]); // prettier-ignore
    expect(shrunk).toEqual([]);
  });

  it('does not let a worker that is done compute what is about to come from another', () => {
    const { round, granted, shrunk, compute, leaseOf } = harness(4);
    round.begin([['a', 1], ['b', 1]], 0); // prettier-ignore
    const b = leaseOf('b')!;
    for (const node of decompose(b.first, b.end)) {
      // a has told nothing, but after 1.5 seconds of 1 second a leaf it has begun both of its leaves.
      round.header(node, header('b'), 1500);
      round.held(node, 0, 1500);
    }
    expect(granted).toHaveLength(2);
    expect(shrunk).toEqual([]);
    compute(leaseOf('a')!);
    expect(round.complete).toBe(true);
  });

  it.each([
    // Four leaves of a second each: after 3.5 seconds the last is begun, after 6 the worker is not as fast as it was.
    [3500, []],
    [6000, [['b', 2, 4]]],
  ])(
    'believes %i ms after the grant what its holder speed lets expect, unless that has not come true',
    (ms, expected) => {
      const { round, granted } = harness(4);
      round.join('a', 1, 0);
      granted.splice(0);
      round.join('b', 1, ms);
      expect(granted.map(({ worker, first, end }) => [worker, first, end])).toEqual(expected);
    },
  );

  it('gives the leaves of a lost worker to another at once', () => {
    const { round, compute, leaseOf } = harness(4);
    round.join('a', 1, 0);
    round.join('b', 1, 0);
    round.leave('a', 0);
    compute(leaseOf('b')!);
    round.leave('nobody', 0);
    compute(leaseOf('b')!);
    expect(round.complete).toBe(true);
  });

  it('is not complete before every shard holds the leaves', () => {
    const { round } = harness(1, 2);
    round.join('a', 1, 0);
    round.header({ first: 0, leaves: 1 }, header('a'), 0);
    round.held({ first: 0, leaves: 1 }, 0, 0);
    expect(round.complete).toBe(false);
    round.held({ first: 0, leaves: 1 }, 1, 0);
    expect(round.complete).toBe(true);
  });

  it('takes back a lease past its deadline and gives it out again', () => {
    const { round, granted, voided } = harness(2);
    round.join('a', 1, 0);
    round.tick(999);
    expect(granted).toHaveLength(1);
    round.tick(1001);
    expect(voided).toEqual([granted[0]!.id]);
    expect(granted).toHaveLength(2);
  });

  it('gives what was overdue to another who is idle, and to the same only where nobody else is', () => {
    const { round, granted, leaseOf, compute } = harness(1);
    round.join('a', 1, 0);
    round.join('b', 1, 0);
    round.tick(1001);
    expect(granted.map(({ worker }) => worker)).toEqual(['a', 'b']);
    round.leave('b', 1002);
    expect(leaseOf('a')!.id).toBe(granted.at(-1)!.id);
    compute(leaseOf('a')!);
    expect(round.complete).toBe(true);
  });

  it('believes that leaves are not finite only when a second worker agrees', () => {
    const { round, compute, leaseOf } = harness(2);
    round.join('a', 1, 0);
    round.join('b', 1, 0);
    round.header({ first: 0, leaves: 1 }, header('a', 'dense/kernel'), 0);
    if (leaseOf('b')!.first === 1) compute(leaseOf('b')!);
    expect(round.complete).toBe(false);
    expect(leaseOf('b')).toMatchObject({ first: 0 });
    round.header({ first: 0, leaves: 1 }, header('b', 'dense/kernel'), 0);
    expect(round.complete).toBe(true);
    expect(round.bad).toMatchObject({ tensor: 'dense/kernel' });
  });

  it('names the worker whose alarm no other confirms', () => {
    const { round, compute, leaseOf } = harness(2);
    round.join('a', 1, 0);
    round.join('b', 1, 0);
    round.header({ first: 0, leaves: 1 }, header('a', 'dense/kernel'), 0);
    compute(leaseOf('b')!);
    compute(leaseOf('b')!);
    expect(round.complete).toBe(true);
    expect(round.bad).toBeUndefined();
    expect(round.falseAlarms).toEqual(['a']);
  });

  it('tiles the leaves exactly, whoever joins, leaves and computes in whatever order', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.array(
          fc.record({ what: fc.constantFrom('join', 'leave', 'compute'), worker: fc.integer({ min: 0, max: 4 }) }),
          {
            maxLength: 40,
          },
        ),
        (leaves, happenings) => {
          const { round, granted, compute } = harness(leaves);
          for (const { what, worker } of happenings) {
            const name = `w${worker}`;
            if (what === 'join') round.join(name, 1 + worker, 0);
            else if (what === 'leave') round.leave(name, 0);
            else {
              const lease = granted.findLast((candidate) => candidate.worker === name);
              if (lease && !round.complete) compute(lease);
            }
          }
          round.join('last', 1, 0);
          for (let guard = 0; !round.complete && guard < 200; guard++) {
            for (const lease of [...granted]) if (!round.complete) compute(lease);
          }
          expect(round.complete).toBe(true);
          const tiles = round.tiling().map(({ node }) => node);
          expect(tiles.reduce((next, node) => (expect(node.first).toBe(next), next + node.leaves), 0)).toBe(leaves);
        },
      ),
    );
  });
});

describe('a lease that fails', () => {
  it('goes to another worker, and ends the trial when it has failed on all there are', () => {
    const { round, granted } = harness(1);
    round.join('a', 1, 0);
    round.join('b', 1, 0);
    expect(round.failed(granted[0]!.id, 'a', 0)).toBe(false);
    expect(granted[1]).toMatchObject({ worker: 'b', first: 0, end: 1 });
    expect(round.failed(granted[1]!.id, 'b', 0)).toBe(true);
  });

  it('is given to a lone worker once more', () => {
    const { round, granted } = harness(1);
    round.join('a', 1, 0);
    expect(round.failed(granted[0]!.id, 'a', 0)).toBe(false);
    expect(round.failed(granted[1]!.id, 'a', 0)).toBe(true);
  });
});
