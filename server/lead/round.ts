/**
 * One round: the leaves of a step (or of an evaluation, or of the preprocessing statistics), who computes which, and what
 * is done. It decides leases and nothing else; it has no clock, no network and no weights.
 */
import { nodeKey, type TreeNode } from '../../common/reduction-tree.js';

export interface Lease {
  id: number;
  worker: string;
  first: number;
  end: number;
  /** Leaves that the worker reported as computed, from `first` on. */
  done: number;
  grantedAt: number;
  deadlineAt: number;
}

export interface Header {
  worker: string;
  lossSum: number;
  metricSums: number[];
  samples: number;
  badTensor: string;
  badTensorIndex: number;
}

/** A subtree and the header of its sum. */
export interface Tile {
  node: TreeNode;
  header: Header;
}

export interface RoundActions {
  grant(lease: Lease): void;
  shrink(lease: Lease): void;
  void(lease: Lease): void;
  reissued(reason: string): void;
}

interface WorkerState {
  secondsPerLeaf: number;
}

export interface BadLeaves {
  tensor: string;
  tensorIndex: number;
  worker: string;
}

/** A lease is never given to more workers than this at once. */
const holdersMax = 2;
const failedWorkersMax = 3;
const failuresAloneMax = 2;

export class Round {
  private readonly workers = new Map<string, WorkerState>();
  private readonly leases = new Map<number, Lease>();
  /** Leases of this round that have ended; a header of one is still a header of this round. */
  private readonly endedLeases = new Set<number>();
  private readonly leafDone: Uint8Array;
  /** Also those whose sum was lost with who computed it. */
  private readonly leafComputed: Uint8Array;
  private computed = 0;
  private readonly attempts: Uint8Array;
  private readonly headers = new Map<string, Header>();
  private readonly nodes = new Map<string, TreeNode>();
  private readonly heldBy = new Map<string, Set<number>>();
  private leavesLeft: number;
  /** First bad report of each leaf. */
  private readonly suspected = new Map<number, BadLeaves>();
  private readonly confirmed = new Map<number, BadLeaves>();
  /** Per leaf: how often it failed on which worker. */
  private readonly failedOn = new Map<number, Map<string, number>>();
  /** Workers that have missed a deadline: what they were to do, others do first. */
  private readonly late = new Set<string>();

  constructor(
    readonly leafCount: number,
    /** Shards that must hold a subtree before its leaves are done; 0 when the header alone is the result. */
    private readonly shardsNeeded: number,
    private readonly nextLeaseId: () => number,
    private readonly deadlineMs: (leaves: number, attempt: number) => number,
    private readonly actions: RoundActions,
  ) {
    this.leafDone = new Uint8Array(leafCount);
    this.leafComputed = new Uint8Array(leafCount);
    this.attempts = new Uint8Array(leafCount);
    this.leavesLeft = leafCount;
  }

  get complete(): boolean {
    return this.leavesLeft === 0;
  }

  get leaseCount(): number {
    return this.leases.size;
  }

  /** Leaves that anybody has computed, each once, whatever became of it. */
  get computedCount(): number {
    return this.computed;
  }

  /** When the worker was given what it has not computed yet; undefined where it has nothing to compute. */
  computesSince(worker: string): number | undefined {
    const unfinished = this.leasesOf(worker).filter(({ first, end, done }) => done < end - first);
    return unfinished.length === 0 ? undefined : Math.max(...unfinished.map(({ grantedAt }) => grantedAt));
  }

  /** Set when the round is complete but some leaves can never be filled: two workers agree that they are not finite. */
  get bad(): BadLeaves | undefined {
    let worst: BadLeaves | undefined;
    for (const bad of this.confirmed.values()) if (!worst || bad.tensorIndex < worst.tensorIndex) worst = bad;
    return worst;
  }

  /** Workers whose bad report no other worker could confirm. */
  get falseAlarms(): string[] {
    const alarms = new Map<string, boolean>();
    for (const [leaf, { worker }] of this.suspected) {
      alarms.set(worker, (alarms.get(worker) ?? false) || this.confirmed.has(leaf));
    }
    return [...alarms].flatMap(([worker, agreed]) => (agreed ? [] : [worker]));
  }

  /** The workers that are there when the round begins: each gets its share. */
  begin(workers: Iterable<readonly [worker: string, secondsPerLeaf: number]>, now: number): void {
    for (const [worker, secondsPerLeaf] of workers) this.workers.set(worker, { secondsPerLeaf });
    this.assign(now);
  }

  join(worker: string, secondsPerLeaf: number, now: number): void {
    this.begin([[worker, secondsPerLeaf]], now);
  }

  leave(worker: string, now: number): void {
    if (!this.workers.delete(worker)) return;
    for (const lease of this.leasesOf(worker)) this.end(lease, 'worker lost');
    this.assign(now);
  }

  owns(leaseId: number): boolean {
    return this.leases.has(leaseId) || this.endedLeases.has(leaseId);
  }

  progress(leaseId: number, done: number, now: number): void {
    const lease = this.leases.get(leaseId);
    if (!lease) return;
    lease.done = Math.min(done, lease.end - lease.first);
    this.noteComputed(lease.first, lease.first + lease.done);
    this.extend(lease, now);
  }

  /** A subtree's sums are known. */
  header(node: TreeNode, header: Header, now: number): void {
    const key = nodeKey(node);
    this.noteComputed(node.first, node.first + node.leaves);
    for (const lease of this.leasesOf(header.worker)) {
      if (lease.first <= node.first && node.first < lease.end) {
        lease.done = Math.max(lease.done, node.first + node.leaves - lease.first);
        this.extend(lease, now);
      }
    }
    if (header.badTensor) this.reportBad(node, header);
    else if (!this.headers.has(key)) this.headers.set(key, header);
    this.nodes.set(key, node);
    this.settle(key);
    this.assign(now);
  }

  /** A shard holds the subtree in all its chunks. */
  held(node: TreeNode, shard: number, now: number): void {
    const key = nodeKey(node);
    this.nodes.set(key, node);
    const holders = this.heldBy.get(key) ?? new Set<number>();
    this.heldBy.set(key, holders.add(shard));
    this.settle(key);
    this.assign(now);
  }

  /**
   * The worker could not compute a lease. Answers whether the trial must end of it: a leaf has failed on three workers,
   * on all there are, or twice on the only one.
   */
  failed(leaseId: number, worker: string, now: number): boolean {
    const lease = this.leases.get(leaseId);
    if (!lease) return false;
    let hopeless = false;
    for (let leaf = lease.first; leaf < lease.end; leaf++) {
      const failures = this.failedOn.get(leaf) ?? new Map<string, number>();
      failures.set(worker, (failures.get(worker) ?? 0) + 1);
      this.failedOn.set(leaf, failures);
      const alone = this.workers.size === 1;
      const limit = Math.min(failedWorkersMax, this.workers.size);
      hopeless ||= alone ? (failures.get(worker) ?? 0) >= failuresAloneMax : failures.size >= limit;
    }
    this.end(lease, 'failed');
    if (!hopeless) this.assign(now);
    return hopeless;
  }

  /** Takes back leases past their deadline. */
  tick(now: number): void {
    for (const lease of this.leases.values()) {
      if (now < lease.deadlineAt) continue;
      this.late.add(lease.worker);
      this.actions.void(lease);
      this.end(lease, 'deadline');
    }
    this.assign(now);
  }

  /** The headers whose nodes tile the leaves, left to right, largest first. Only when complete. */
  tiling(): Tile[] {
    const tiles: Tile[] = [];
    let leaf = 0;
    while (leaf < this.leafCount) {
      let best: Tile | undefined;
      for (const [key, header] of this.headers) {
        const node = this.nodes.get(key);
        if (node?.first === leaf && (!best || node.leaves > best.node.leaves)) best = { node, header };
      }
      if (!best) throw new Error(`no header covers leaf ${leaf}`);
      tiles.push(best);
      leaf += best.node.leaves;
    }
    return tiles;
  }

  private reportBad(node: TreeNode, header: Header): void {
    const bad = { tensor: header.badTensor, tensorIndex: header.badTensorIndex, worker: header.worker };
    for (let leaf = node.first; leaf < node.first + node.leaves; leaf++) {
      if (this.leafDone[leaf]) continue;
      const first = this.suspected.get(leaf);
      const another = [...this.workers.keys()].some((worker) => worker !== first?.worker);
      if (!first) this.suspected.set(leaf, bad);
      else if (first.worker !== bad.worker || !another)
        this.confirm(leaf, first.tensorIndex < bad.tensorIndex ? first : bad);
    }
    for (const lease of this.leasesOf(header.worker)) {
      if (lease.first <= node.first && node.first < lease.end) this.end(lease, 'not finite');
    }
  }

  private confirm(leaf: number, bad: BadLeaves): void {
    this.confirmed.set(leaf, bad);
    this.finishLeaf(leaf);
  }

  private settle(key: string): void {
    const node = this.nodes.get(key);
    if (!node || !this.headers.has(key)) return;
    if ((this.heldBy.get(key)?.size ?? 0) < this.shardsNeeded) return;
    for (let leaf = node.first; leaf < node.first + node.leaves; leaf++) this.finishLeaf(leaf);
    for (const lease of this.leases.values()) {
      if (this.rangeDone(lease.first, lease.end)) {
        this.leases.delete(lease.id);
        this.endedLeases.add(lease.id);
        if (lease.done < lease.end - lease.first) this.actions.void(lease);
      }
    }
  }

  private finishLeaf(leaf: number): void {
    if (this.leafDone[leaf]) return;
    this.leafDone[leaf] = 1;
    this.leavesLeft -= 1;
  }

  private noteComputed(first: number, end: number): void {
    for (let leaf = first; leaf < end; leaf++) {
      if (this.leafComputed[leaf]) continue;
      this.leafComputed[leaf] = 1;
      this.computed += 1;
    }
  }

  private rangeDone(first: number, end: number): boolean {
    for (let leaf = first; leaf < end; leaf++) if (!this.leafDone[leaf]) return false;
    return true;
  }

  private end(lease: Lease, reason: string): void {
    this.leases.delete(lease.id);
    this.endedLeases.add(lease.id);
    for (let leaf = lease.first; leaf < lease.end; leaf++) {
      if (!this.leafDone[leaf]) this.attempts[leaf] = Math.min(20, (this.attempts[leaf] ?? 0) + 1);
    }
    this.actions.reissued(reason);
  }

  private extend(lease: Lease, now: number): void {
    const attempt = this.attempts[lease.first] ?? 0;
    const left = lease.end - lease.first;
    lease.deadlineAt = now + this.deadlineMs(left, attempt);
  }

  private leasesOf(worker: string): Lease[] {
    return [...this.leases.values()].filter((lease) => lease.worker === worker);
  }

  private isIdle(worker: string): boolean {
    return this.leasesOf(worker).every((lease) => lease.done >= lease.end - lease.first);
  }

  /** Idle workers get free leaves in proportion to their speed; when none are free, they steal. */
  private assign(now: number): void {
    if (this.complete) return;
    let idle = [...this.workers.keys()].filter((worker) => this.isIdle(worker));
    idle.sort((left, right) => Number(this.late.has(left)) - Number(this.late.has(right)));
    for (const range of this.freeRanges()) {
      if (idle.length === 0) return;
      idle = this.share(range, idle, now);
    }
    for (const worker of idle) this.steal(worker, now);
  }

  /** Cuts one free range among workers; answers with those who got nothing. */
  private share(range: { first: number; end: number }, idle: string[], now: number): string[] {
    const able = idle.filter((worker) => this.mayTake(worker, range));
    const speeds = able.map((worker) => 1 / (this.workers.get(worker)?.secondsPerLeaf ?? 1));
    let speedLeft = speeds.reduce((sum, speed) => sum + speed, 0);
    let first = range.first;
    const served = new Set<string>();
    for (const [index, worker] of able.entries()) {
      if (first >= range.end) break;
      const speed = speeds[index] ?? 0;
      const count = Math.max(1, Math.round(((range.end - first) * speed) / speedLeft));
      const end = Math.min(range.end, index === able.length - 1 ? range.end : snap(first, first + count, range));
      speedLeft -= speed;
      this.grant(worker, first, end, now);
      served.add(worker);
      first = end;
    }
    return idle.filter((worker) => !served.has(worker));
  }

  /** A worker recomputes its own suspect leaves only when it is alone. */
  private mayTake(worker: string, range: { first: number; end: number }): boolean {
    if (this.workers.size === 1) return true;
    for (let leaf = range.first; leaf < range.end; leaf++) {
      if (this.suspected.get(leaf)?.worker === worker || this.failedOn.get(leaf)?.has(worker)) return false;
    }
    return true;
  }

  private steal(worker: string, now: number): void {
    let victim: Lease | undefined;
    let most = 0;
    for (const lease of this.leases.values()) {
      const left = lease.end - lease.first - this.begun(lease, now);
      if (lease.worker !== worker && left > most) [victim, most] = [lease, left];
    }
    if (!victim) return;
    const end = victim.end;
    const first = end - Math.ceil(most / 2);
    if (this.holders(first) >= holdersMax) return;
    victim.end = first;
    this.actions.shrink(victim);
    this.grant(worker, first, end, now);
  }

  /**
   * Leaves of a lease that its holder has begun: what it has told, which is old, or what its speed lets expect, so that
   * nobody computes a leaf again that is about to come. Who is late by a leaf and more is not believed to be fast.
   */
  private begun({ worker, first, end, done, grantedAt }: Lease, now: number): number {
    const { secondsPerLeaf = 1 } = this.workers.get(worker) ?? {};
    const expected = Math.floor((now - grantedAt) / 1000 / secondsPerLeaf);
    const isLate = expected > end - first + 1;
    return 1 + (isLate ? done : Math.max(done, expected));
  }

  private holders(leaf: number): number {
    let count = 0;
    for (const lease of this.leases.values()) if (lease.first <= leaf && leaf < lease.end) count += 1;
    return count;
  }

  private grant(worker: string, first: number, end: number, now: number): void {
    const lease: Lease = { id: this.nextLeaseId(), worker, first, end, done: 0, grantedAt: now, deadlineAt: now };
    this.extend(lease, now);
    this.leases.set(lease.id, lease);
    this.actions.grant(lease);
  }

  /** Runs of leaves that are neither done nor leased, cut where the set of workers that may take them changes. */
  private freeRanges(): { first: number; end: number }[] {
    const free = new Uint8Array(this.leafCount).fill(1);
    for (const { first, end } of this.leases.values()) free.fill(0, first, end);
    const ranges: { first: number; end: number }[] = [];
    for (let leaf = 0; leaf < this.leafCount; leaf++) {
      if (!free[leaf] || this.leafDone[leaf]) continue;
      const last = ranges.at(-1);
      const sameSuspect = this.suspected.get(leaf)?.worker === this.suspected.get(leaf - 1)?.worker;
      if (last && last.end === leaf && sameSuspect) last.end = leaf + 1;
      else ranges.push({ first: leaf, end: leaf + 1 });
    }
    return ranges;
  }
}

/** Moves the end of a share to a boundary of large subtrees, so that a lease is one or two pushes. */
function snap(first: number, end: number, range: { first: number; end: number }): number {
  const count = end - first;
  let grain = 1;
  while (grain * 4 <= count) grain *= 2;
  const snapped = Math.round(end / grain) * grain;
  return snapped > first && snapped <= range.end ? snapped : end;
}
