/**
 * What a worker does for a trial: take a lease, wait for the weights, for each micro-batch take the batch, compute its
 * sum, add it to the tree; push every subtree that is complete. How each is done is elsewhere.
 */
import type { HeldLease } from './lease.js';
import { LocalTree, type TreeEntry } from './local-tree.js';

/** The verbs of the loop. `Sum` is what a leaf or subtree adds up to, `Batch` one micro-batch. */
export interface LeaseWork<Batch, Sum> {
  /** False when the lease is void, or of another incarnation: the lead does not count on it. */
  waitForWeights(lease: HeldLease): Promise<boolean>;
  batch(lease: HeldLease, leaf: number): Batch;
  compute(lease: HeldLease, leaf: number, batch: Batch): Promise<Sum>;
  /** The micro-batch that will probably be wanted next. */
  prefetch(lease: HeldLease): void;
  add(left: Sum, right: Sum): Sum;
  push(lease: HeldLease, subtree: TreeEntry<Sum>): void;
  discard(sum: Sum): void;
  progress(lease: HeldLease, leavesDone: number): void;
  /** Resolves when all that was pushed is on its way, and the weights may change. */
  finish(lease: HeldLease): Promise<void>;
  failed(lease: HeldLease, error: unknown): void;
}

/** Ends when the leases do. */
export async function trainingLoop<Batch, Sum>(
  leases: AsyncIterable<HeldLease>,
  work: LeaseWork<Batch, Sum>,
): Promise<void> {
  for await (const lease of leases) {
    const tree = new LocalTree<Sum>(lease.first, (left, right) => work.add(left, right));
    try {
      if (await work.waitForWeights(lease)) await computeLease(lease, tree, work);
    } catch (error) {
      work.failed(lease, error);
    } finally {
      for (const { value } of tree.takeAll()) work.discard(value);
      await work.finish(lease);
    }
  }
}

async function computeLease<Batch, Sum>(
  lease: HeldLease,
  tree: LocalTree<Sum>,
  work: LeaseWork<Batch, Sum>,
): Promise<void> {
  const pushComplete = () => {
    for (const subtree of tree.takeMaximal(lease.end)) work.push(lease, subtree);
  };
  for (const leaf of lease.leaves()) {
    const batch = work.batch(lease, leaf);
    const sum = work.compute(lease, leaf, batch);
    work.prefetch(lease);
    tree.fill(leaf, await sum);
    if (lease.isVoid) return;
    pushComplete();
    work.progress(lease, leaf + 1 - lease.first);
  }
  // The lease may have shrunk to what is computed.
  if (!lease.isVoid) pushComplete();
}
