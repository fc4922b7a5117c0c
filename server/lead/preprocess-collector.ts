/**
 * Sums of the inputs over the training split, through the same tree as gradients, on the lead shard alone: what is
 * preprocessed with them, and what lighting draws its colours along. It is done once per trial; what is made of the sums is
 * kept in its checkpoints.
 */
import { copyBytes } from '../../common/copy-bytes.js';
import { PolyakError } from '../../common/errors.js';
import type { ChunkFrame } from '../../common/frame.js';
import { vectorKernels } from '../../common/kernels/vector-kernels.js';
import { PartialTree, isNode, nodeKey, type TreeNode } from '../../common/reduction-tree.js';
import { Arena } from '../arithmetic/arena.js';
import { allocate } from '../chunk.js';

export class PreprocessCollector {
  private readonly arena: Arena;
  private readonly trees: PartialTree<number>[];
  private readonly kernels;
  private readonly heldBy = new Map<string, Set<number>>();

  constructor(
    /** Of the sums. */
    private readonly floats: number,
    private readonly chunkFloats: number,
    private readonly leafCount: number,
    private readonly held: (node: TreeNode) => void,
  ) {
    const chunkBytes = Math.min(floats, chunkFloats) * 4;
    this.arena = new Arena({ chunkBytes, arenaBytes: 256 << 20 });
    this.kernels = vectorKernels(this.arena.memory);
    this.trees = Array.from({ length: Math.ceil(floats / chunkFloats) }, (_, chunk) => this.openTree(chunk));
  }

  /** Errors: `protocol`. */
  push(frame: ChunkFrame): 'APPLIED' | 'DUPLICATE' {
    const tree = this.trees[frame.chunk];
    const floats = this.floatsOf(frame.chunk);
    const node = { first: frame.firstLeaf, leaves: frame.leaves };
    if (!tree || frame.data.length !== floats * 4 || !isNode(node, this.leafCount)) {
      throw new PolyakError('protocol', `chunk ${frame.chunk}, leaves ${nodeKey(node)} are not of the statistics`);
    }
    const pointer = allocate(this.arena);
    copyBytes(this.arena.bytes(pointer, frame.data.length), frame.data);
    if (
      this.kernels.checksum(pointer, floats) !== frame.checksum ||
      this.kernels.firstNonFinite(pointer, floats) >= 0
    ) {
      this.arena.release(pointer);
      throw new PolyakError('protocol', `chunk ${frame.chunk} of the statistics has a bad checksum or is not finite`);
    }
    const applied = tree.fill(node, pointer);
    if (!applied) this.arena.release(pointer);
    const holders = (this.heldBy.get(nodeKey(node)) ?? new Set<number>()).add(frame.chunk);
    this.heldBy.set(nodeKey(node), holders);
    if (holders.size === this.trees.length) this.held(node);
    return applied ? 'APPLIED' : 'DUPLICATE';
  }

  /** Over all samples. Only when every leaf is held. */
  sums(): Float32Array {
    const sums = new Float32Array(this.floats);
    for (const [chunk, tree] of this.trees.entries()) {
      sums.set(this.arena.floats(tree.takeRoot(), this.floatsOf(chunk)), chunk * this.chunkFloats);
    }
    return sums;
  }

  private floatsOf(chunk: number): number {
    return Math.min(this.chunkFloats, this.floats - chunk * this.chunkFloats);
  }

  private openTree(chunk: number): PartialTree<number> {
    return new PartialTree<number>(this.leafCount, {
      add: (left, right) => {
        this.kernels.add(left, left, right, this.floatsOf(chunk));
        this.arena.release(right);
        return left;
      },
      release: (pointer) => this.arena.release(pointer),
    });
  }
}
