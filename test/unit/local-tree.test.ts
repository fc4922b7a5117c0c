import { array, assert, integer, nat, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PartialTree, decompose, type TreeNode } from '../../common/reduction-tree.js';
import { LocalTree } from '../../worker/local-tree.js';

const add = (left: string, right: string) => `(${left}+${right})`;

/** What a holder of leaves [first, end) pushes, with the way each value was added up. */
function pushes(first: number, end: number): { node: TreeNode; value: string }[] {
  const tree = new LocalTree<string>(first, add);
  const pushed: { node: TreeNode; value: string }[] = [];
  for (let leaf = first; leaf < end; leaf++) {
    tree.fill(leaf, String(leaf));
    pushed.push(...tree.takeMaximal(end));
  }
  expect(tree.size).toBe(0);
  return pushed;
}

/** The whole round's additions when the leaves are cut into leases at `cuts`. */
function whole(leafCount: number, cuts: number[]): string {
  const tree = new PartialTree<string>(leafCount, { add, release: () => undefined });
  const borders = [0, ...cuts.map((cut) => cut % leafCount).toSorted((left, right) => left - right), leafCount];
  for (const [index, first] of borders.slice(0, -1).entries()) {
    for (const { node, value } of pushes(first, borders[index + 1] ?? leafCount)) tree.fill(node, value);
  }
  return tree.takeRoot();
}

describe('the local tree', () => {
  it('adds leaves pairwise, never across the borders of subtrees', () => {
    // Of leaves [3, 8): leaf 3 stands alone (its sibling is leaf 2), and 4 to 7 are one subtree.
    expect(pushes(3, 8)).toEqual([
      { node: { first: 3, leaves: 1 }, value: '3' },
      { node: { first: 4, leaves: 4 }, value: '((4+5)+(6+7))' },
    ]);
  });

  it('pushes the fewest subtrees that cover the lease', () => {
    assert(
      property(nat(40), nat(40), (first, count) => {
        expect(pushes(first, first + count).map(({ node }) => node)).toEqual(decompose(first, first + count));
      }),
    );
  });

  it('gives the same additions as the whole tree, however the leaves are cut into leases', () => {
    assert(
      property(integer({ min: 1, max: 50 }), array(nat(100), { maxLength: 6 }), (leafCount, cuts) => {
        expect(whole(leafCount, cuts)).toBe(whole(leafCount, []));
      }),
    );
  });

  it('pushes what it has when the rest of the lease is stolen', () => {
    const tree = new LocalTree<string>(0, add);
    for (const leaf of [0, 1, 2]) tree.fill(leaf, String(leaf));
    expect(tree.takeMaximal(8)).toEqual([]);
    expect(tree.takeMaximal(3)).toEqual([
      { node: { first: 0, leaves: 2 }, value: '(0+1)' },
      { node: { first: 2, leaves: 1 }, value: '2' },
    ]);
  });

  it('holds at most one subtree a level', () => {
    const tree = new LocalTree<string>(0, add);
    for (let leaf = 0; leaf < 63; leaf++) {
      tree.fill(leaf, 'x');
      expect(tree.size).toBeLessThanOrEqual(6);
    }
    expect(tree.takeAll().map(({ node }) => node.leaves)).toEqual([32, 16, 8, 4, 2, 1]);
  });
});
