/**
 * The part of a step's reduction tree that one lease covers. Leaves come from left to right, so a stack is enough: a
 * binary counter whose digits are subtrees. It decides what is added to what; the sums are others' work.
 */
import { parent, type TreeNode } from '../common/reduction-tree.js';

export interface TreeEntry<Value> {
  node: TreeNode;
  value: Value;
}

export class LocalTree<Value> {
  private readonly stack: TreeEntry<Value>[] = [];

  constructor(
    /** First leaf of the lease. */
    private readonly first: number,
    /** Left plus right; may reuse either. */
    private readonly add: (left: Value, right: Value) => Value,
  ) {}

  /** Subtrees held: at most one per level. */
  get size(): number {
    return this.stack.length;
  }

  fill(leaf: number, value: Value): void {
    let entry: TreeEntry<Value> = { node: { first: leaf, leaves: 1 }, value };
    for (let left = this.stack.at(-1); left && areSiblings(left.node, entry.node); left = this.stack.at(-1)) {
      this.stack.pop();
      entry = { node: parent(entry.node), value: this.add(left.value, entry.value) };
    }
    this.stack.push(entry);
  }

  /** Takes out the subtrees that cannot grow inside [first, end), left to right. */
  takeMaximal(end: number): TreeEntry<Value>[] {
    const maximal = this.stack.filter(({ node }) => {
      const above = parent(node);
      return above.first < this.first || above.first + above.leaves > end;
    });
    this.keep((entry) => !maximal.includes(entry));
    return maximal;
  }

  /** Takes out everything: the lease is void. */
  takeAll(): TreeEntry<Value>[] {
    return this.stack.splice(0);
  }

  private keep(predicate: (entry: TreeEntry<Value>) => boolean): void {
    this.stack.splice(0, this.stack.length, ...this.stack.filter(predicate));
  }
}

function areSiblings(left: TreeNode, right: TreeNode): boolean {
  return (
    left.leaves === right.leaves && left.first + left.leaves === right.first && left.first % (2 * left.leaves) === 0
  );
}
