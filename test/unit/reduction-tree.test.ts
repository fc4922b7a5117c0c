/** The reduction tree: its shape by hand for six leaves, then that nothing but the leaves decides the bits of its root. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PartialTree, decompose, isNode, parent, sibling, type TreeNode } from '../../common/reduction-tree.js';

const add = (left: number, right: number) => Math.fround(left + right);

/** The definition, without PartialTree: a node is the sum of its halves. */
function nodeValue(leaves: readonly number[], node: TreeNode): number {
  if (node.leaves === 1) return leaves[node.first]!;
  const half = node.leaves / 2;
  const left = nodeValue(leaves, { first: node.first, leaves: half });
  return add(left, nodeValue(leaves, { first: node.first + half, leaves: half }));
}

/** The peaks of [0, K), the largest powers of two first, combined left to right. */
function rootValue(leaves: readonly number[]): number {
  let root: number | undefined;
  for (let first = 0; first < leaves.length;) {
    const size = 2 ** Math.floor(Math.log2(leaves.length - first));
    const peak = nodeValue(leaves, { first, leaves: size });
    root = root === undefined ? peak : add(root, peak);
    first += size;
  }
  return root!;
}

function treeOf(leafCount: number) {
  const counts = { added: 0, released: 0 };
  const tree = new PartialTree<number>(leafCount, {
    add: (left, right) => {
      counts.added += 1;
      return add(left, right);
    },
    release: () => void (counts.released += 1),
  });
  return { tree, counts };
}

/** The nodes that workers would push when leaves [0, K) are cut into leases at these places. */
function pushesOf(leafCount: number, cuts: readonly number[]): TreeNode[] {
  const edges = [...new Set([0, leafCount, ...cuts.map((cut) => cut % leafCount)])].toSorted((a, b) => a - b);
  return edges.slice(1).flatMap((to, index) => decompose(edges[index]!, to));
}

describe('the shape of the tree', () => {
  it('six leaves are a peak of four and a peak of two', () => {
    expect(decompose(0, 6)).toEqual([
      { first: 0, leaves: 4 },
      { first: 4, leaves: 2 },
    ]);
    expect(decompose(1, 6)).toEqual([
      { first: 1, leaves: 1 },
      { first: 2, leaves: 2 },
      { first: 4, leaves: 2 },
    ]);
    expect(decompose(3, 3)).toEqual([]);
  });

  it('a node is aligned, a power of two, and inside the step', () => {
    expect(isNode({ first: 4, leaves: 2 }, 6)).toBe(true);
    expect(isNode({ first: 5, leaves: 1 }, 6)).toBe(true);
    expect(isNode({ first: 1, leaves: 2 }, 6)).toBe(false);
    expect(isNode({ first: 0, leaves: 3 }, 6)).toBe(false);
    expect(isNode({ first: 4, leaves: 4 }, 6)).toBe(false);
    expect(isNode({ first: 0, leaves: 0 }, 6)).toBe(false);
    expect(isNode({ first: 0.5, leaves: 1 }, 6)).toBe(false);
  });

  it('two siblings make their parent', () => {
    expect(sibling({ first: 4, leaves: 2 })).toEqual({ first: 6, leaves: 2 });
    expect(sibling({ first: 6, leaves: 2 })).toEqual({ first: 4, leaves: 2 });
    expect(parent({ first: 4, leaves: 2 })).toEqual({ first: 4, leaves: 4 });
    expect(parent({ first: 6, leaves: 2 })).toEqual({ first: 4, leaves: 4 });
  });

  it('any range is cut into nodes that lie end to end, no two of which could be one', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.nat(300), (from, length) => {
        const to = from + length;
        const nodes = decompose(from, to);
        let next = from;
        for (const node of nodes) {
          expect(node.first).toBe(next);
          expect(isNode(node, to)).toBe(true);
          next += node.leaves;
        }
        expect(next).toBe(to);
        const names = new Set(nodes.map(({ first, leaves }) => `${first}+${leaves}`));
        for (const node of nodes) {
          const { first, leaves } = sibling(node);
          expect(names.has(`${first}+${leaves}`)).toBe(false);
        }
      }),
    );
  });
});

describe('the sum of a step', () => {
  /*
   * Six leaves 2^24, 1, 1, 1, 1, 1. Above 2^24 float32 holds even numbers only, and a tie goes to the even mantissa:
   *   2^24 + 1 = 2^24,  1 + 1 = 2,  2^24 + 2 = 16777218,  1 + 1 = 2,  16777218 + 2 = 16777220.
   * From left to right each 1 would be lost: 2^24 = 16777216.
   */
  const leaves = [2 ** 24, 1, 1, 1, 1, 1];

  it('six leaves give the sum worked by hand, in order or backwards', () => {
    for (const order of [
      [0, 1, 2, 3, 4, 5],
      [5, 4, 3, 2, 1, 0],
    ]) {
      const { tree, counts } = treeOf(6);
      for (const leaf of order) expect(tree.fill({ first: leaf, leaves: 1 }, leaves[leaf]!)).toBe(true);
      expect(tree.complete).toBe(true);
      expect(tree.takeRoot()).toBe(16777220);
      expect(counts).toEqual({ added: 5, released: 0 });
    }
    expect(leaves.reduce(add)).toBe(16777216);
  });

  it('a push whose leaves are filled is dropped, and one that covers filled leaves takes their place', () => {
    const { tree, counts } = treeOf(6);
    expect(tree.fill({ first: 1, leaves: 1 }, 1)).toBe(true);
    expect(tree.fill({ first: 1, leaves: 1 }, 1)).toBe(false);
    expect(tree.fill({ first: 3, leaves: 1 }, 1)).toBe(true);
    expect(tree.fill({ first: 0, leaves: 4 }, 16777218)).toBe(true);
    expect(counts.released).toBe(2);
    expect(tree.fill({ first: 2, leaves: 2 }, 2)).toBe(false);
    expect(tree.complete).toBe(false);
    expect(tree.fill({ first: 4, leaves: 2 }, 2)).toBe(true);
    expect(tree.takeRoot()).toBe(16777220);
  });

  it('a tree that lacks leaves has no root and says what it lacks', () => {
    const { tree } = treeOf(6);
    tree.fill({ first: 0, leaves: 4 }, 0);
    expect(() => tree.takeRoot()).toThrow('the tree lacks 4+2');
  });

  it('a cleared tree gives back every value once and starts again', () => {
    const { tree, counts } = treeOf(6);
    tree.fill({ first: 0, leaves: 1 }, 1);
    tree.fill({ first: 4, leaves: 2 }, 2);
    tree.clear();
    expect(counts.released).toBe(2);
    expect(tree.size).toBe(0);
    expect(tree.fill({ first: 0, leaves: 1 }, 1)).toBe(true);
  });

  it('the root has the same bits whatever the cut, the order, the duplicates and the overlaps', () => {
    const step = fc
      .array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -(2 ** 100), max: 2 ** 100 }), {
        minLength: 1,
        maxLength: 70,
      })
      .chain((values) =>
        fc.record({
          values: fc.constant(values),
          // Several attempts at the same step, each cut into leases in its own way, all arriving mixed.
          pushes: fc
            .array(fc.array(fc.nat(1000), { maxLength: 6 }), { minLength: 1, maxLength: 3 })
            .map((attempts) => attempts.flatMap((cuts) => pushesOf(values.length, cuts)))
            .chain((pushes) => fc.shuffledSubarray(pushes, { minLength: pushes.length })),
        }),
      );
    fc.assert(
      fc.property(step, ({ values, pushes }) => {
        const { tree, counts } = treeOf(values.length);
        let accepted = 0;
        for (const node of pushes) if (tree.fill(node, nodeValue(values, node))) accepted += 1;
        expect(tree.complete).toBe(true);
        expect(tree.takeRoot()).toBe(rootValue(values));
        expect(tree.size).toBe(0);
        // No value is lost or used twice: each accepted one went into a sum or was given back; the root is left.
        expect(accepted).toBe(counts.added + counts.released + 1);
      }),
      { numRuns: 1000 },
    );
  });

  it('with L leases at work no more than L * ceil(log2 K) values are held', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 64 }), fc.array(fc.nat(1000), { maxLength: 7 }), (leafCount, cuts) => {
        const edges = [...new Set([0, ...cuts.map((cut) => cut % leafCount)])].toSorted((a, b) => a - b);
        const leases = edges.map((from, index) => decompose(from, edges[index + 1] ?? leafCount));
        const { tree } = treeOf(leafCount);
        const bound = leases.length * Math.ceil(Math.log2(leafCount));
        // The workers' pushes arrive in turns.
        for (let turn = 0; leases.some((nodes) => turn < nodes.length); turn++) {
          for (const nodes of leases) {
            const node = nodes[turn];
            if (node) tree.fill(node, 0);
            expect(tree.size).toBeLessThanOrEqual(bound);
          }
        }
        expect(tree.complete).toBe(true);
      }),
    );
  });
});
