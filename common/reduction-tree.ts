/**
 * The geometry of the reduction tree of K leaves. Its shape is fixed by K alone: maximal aligned power-of-two subtrees,
 * whose roots (the peaks) are combined left to right. A node is named by its first leaf and its number of leaves.
 */
export interface TreeNode {
  /** First leaf, a multiple of `leaves`. */
  first: number;
  /** Number of leaves, a power of two. */
  leaves: number;
}

export function nodeKey(node: TreeNode): string {
  return `${node.first}+${node.leaves}`;
}

export function isNode(node: TreeNode, leafCount: number): boolean {
  const { first, leaves } = node;
  return (
    Number.isInteger(first) &&
    leaves > 0 &&
    (leaves & (leaves - 1)) === 0 &&
    first % leaves === 0 &&
    first + leaves <= leafCount
  );
}

/** Cuts leaves [from, to) into the fewest nodes, left to right. Of [0, K) these are the peaks. */
export function decompose(from: number, to: number): TreeNode[] {
  const nodes: TreeNode[] = [];
  let first = from;
  while (first < to) {
    let leaves = 1;
    while (first % (leaves * 2) === 0 && first + leaves * 2 <= to) leaves *= 2;
    nodes.push({ first, leaves });
    first += leaves;
  }
  return nodes;
}

export function sibling(node: TreeNode): TreeNode {
  const isLeft = (node.first / node.leaves) % 2 === 0;
  return { first: isLeft ? node.first + node.leaves : node.first - node.leaves, leaves: node.leaves };
}

export function parent(node: TreeNode): TreeNode {
  const leaves = node.leaves * 2;
  return { first: node.first - (node.first % leaves), leaves };
}

function contains(outer: TreeNode, inner: TreeNode): boolean {
  return outer.first <= inner.first && inner.first + inner.leaves <= outer.first + outer.leaves;
}

/**
 * The nodes of one step that somebody holds, each with a value. A node that arrives is dropped if its leaves are held,
 * takes the place of the smaller ones it covers, and is added to its sibling as soon as both are there.
 * The values are opaque: `add` makes left + right (and may reuse either), `release` gives one back.
 */
export class PartialTree<Value> {
  private readonly held = new Map<string, { node: TreeNode; value: Value }>();

  constructor(
    readonly leafCount: number,
    private readonly arithmetic: {
      add(left: Value, right: Value): Value;
      release(value: Value): void;
    },
  ) {}

  /** How many values are held: at most one per outstanding lease and level. */
  get size(): number {
    return this.held.size;
  }

  holds(node: TreeNode): boolean {
    return this.find((other) => contains(other, node)) !== undefined;
  }

  /** Takes ownership of the value if the answer is true; false means that all its leaves were filled before. */
  fill(node: TreeNode, value: Value): boolean {
    if (this.holds(node)) return false;
    for (const [key, entry] of this.held) {
      if (contains(node, entry.node)) {
        this.held.delete(key);
        this.arithmetic.release(entry.value);
      }
    }
    this.insert(node, value);
    return true;
  }

  get complete(): boolean {
    return decompose(0, this.leafCount).every((peak) => this.held.has(nodeKey(peak)));
  }

  /** Combines the peaks left to right and forgets them. Only when complete. */
  takeRoot(): Value {
    const peaks = decompose(0, this.leafCount).map((peak) => {
      const entry = this.held.get(nodeKey(peak));
      if (!entry) throw new Error(`the tree lacks ${nodeKey(peak)}`);
      return entry.value;
    });
    this.held.clear();
    return peaks.reduce((left, right) => this.arithmetic.add(left, right));
  }

  clear(): void {
    for (const { value } of this.held.values()) this.arithmetic.release(value);
    this.held.clear();
  }

  private insert(node: TreeNode, value: Value): void {
    const other = sibling(node);
    const entry = this.held.get(nodeKey(other));
    if (!entry) {
      this.held.set(nodeKey(node), { node, value });
      return;
    }
    this.held.delete(nodeKey(other));
    const [left, right] = node.first < other.first ? [value, entry.value] : [entry.value, value];
    this.insert(parent(node), this.arithmetic.add(left, right));
  }

  private find(predicate: (node: TreeNode) => boolean): TreeNode | undefined {
    for (const { node } of this.held.values()) if (predicate(node)) return node;
    return undefined;
  }
}
