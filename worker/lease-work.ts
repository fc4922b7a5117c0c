/** The verbs of the training loop, for the three kinds of lease, on a prepared trial. */
import { setTimeout as delay } from 'node:timers/promises';
import { vectors, type ChunkFrame } from '../common/frame.js';
import { vectorKernels, type VectorKernels } from '../common/kernels/vector-kernels.js';
import type { Logger } from '../common/log.js';
import type { WorkerMessage } from '../proto/gen/polyak/v1/WorkerMessage.js';
import type { TrialActivity } from './activity.js';
import type { LeafOf } from './batches.js';
import type { Span } from './compute-message.js';
import type { Batch } from './data/batch-assembler.js';
import { dieSoon, diesUnheard } from './dies-unheard.js';
import type { Incarnation } from './incarnation.js';
import type { HeldLease } from './lease.js';
import type { TreeEntry } from './local-tree.js';
import type { PreparedTrial } from './prepare.js';
import type { LeaseWork } from './training-loop.js';
import { Weights, writeChunk } from './weights.js';
import type { WorkerMetrics } from './worker-metrics.js';

export interface WorkSum {
  /** Byte offset of the sum's floats; evaluations have none. */
  node: number | undefined;
  /** Of the sum. */
  floats: number;
  lossSum: number;
  metricSums: number[];
  samples: number;
}

/** The micro-batch of a statistics lease is summed from the data set as it lies, so there is none to take. */
type WorkBatch = Batch | undefined;

export interface WorkOptions {
  trial: string;
  prepared: PreparedTrial;
  activity: TrialActivity;
  metrics: Pick<WorkerMetrics, 'images'>;
  /** To the lead. */
  send: (message: WorkerMessage) => void;
  /** Enters the incarnation anew: of each chunk the shards send the version before the newest first. */
  renew: () => void;
  log: Logger;
}

const progressMs = 100;
/** Within it a worker hears that its lease is void, where others have done it. */
const wordMs = 500;

export class TrialWork implements LeaseWork<WorkBatch, WorkSum> {
  private readonly kernels: VectorKernels;
  private readonly weights: Weights;
  private readonly layouts: Record<
    'GRADIENT' | 'STATISTICS' | 'PREPROCESS',
    { chunks: readonly Span[]; tensors: readonly Span[] }
  >;
  private readonly pushes = new Set<Promise<void>>();
  /** Resolves when the compute thread has made all sums that were asked for. */
  private added: Promise<void> = Promise.resolve();
  private incarnation: Incarnation | undefined;
  /** Whether what preprocessing needs is here, once it is known that there is something. */
  private preprocess: Promise<boolean> | undefined;
  private average: { incarnation: Incarnation; step: number } | undefined;
  private measured = { at: 0, leaves: 0, seconds: 0 };

  constructor(private readonly options: WorkOptions) {
    const { memory, chunks, manifest, statisticsFloats, preprocessFloats, experiment, compute } = options.prepared;
    this.kernels = vectorKernels(memory.memory);
    const load = async (offset: number) =>
      void (await compute.run('setWeights', { trial: options.trial, weights: offset }));
    this.weights = new Weights({ memory, chunks, kernels: this.kernels, load });
    const tensors = [
      ...manifest.parameters.map(({ offset, length }) => ({ offset, length })),
      ...manifest.statistics.map(({ offset, length }) => ({ offset: manifest.parameterCount + offset, length })),
    ];
    const spans = chunks.map(({ offset, length }) => ({ offset, length }));
    this.layouts = {
      GRADIENT: { chunks: spans, tensors },
      STATISTICS: { chunks: spansOf(statisticsFloats, experiment.chunkFloats), tensors: [] },
      PREPROCESS: { chunks: spansOf(preprocessFloats, experiment.chunkFloats), tensors: [] },
    };
  }

  /** A new incarnation: all weights come anew. */
  enter(incarnation: Incarnation): void {
    this.incarnation = incarnation;
    this.weights.reset();
  }

  /** Errors: `protocol`. */
  receiveWeights(frame: ChunkFrame): void {
    this.weights.receive(frame);
  }

  /** Fetches what preprocessing needs unless it is here, which leases wait for from now on. */
  fetchPreprocess(incarnation: Incarnation): void {
    const before = this.preprocess;
    const fetch = async () => (await before) === true || (await this.readPreprocess(incarnation));
    this.preprocess = fetch();
    this.preprocess.catch(() => undefined);
  }

  /** A lease is never dropped while the lead counts on it: it would wait for it, perhaps for ever. */
  async waitForWeights(lease: HeldLease): Promise<boolean> {
    for (;;) {
      const { incarnation } = this;
      if (!incarnation || lease.incarnation !== incarnation.number || lease.isVoid) return false;
      if (lease.kind === 'STATISTICS') return true;
      this.options.activity.enter('weight wait');
      const signal = AbortSignal.any([lease.signal, incarnation.signal]);
      if (await this.haveWeights(lease, incarnation, signal)) return true;
      // As a rule others have done the work, of which there will be word.
      await delay(wordMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return false;
      // Whoever did it died before it could say so: the shards have gone on, and only they still have what it began with.
      this.options.renew();
    }
  }

  private async haveWeights(
    { vector, step }: HeldLease,
    incarnation: Incarnation,
    signal: AbortSignal,
  ): Promise<boolean> {
    if ((await this.preprocess) === false) {
      this.fetchPreprocess(incarnation);
      return false;
    }
    if (vector === 'AVERAGE') return await this.loadAverage(incarnation, step, signal);
    return await this.weights.waitFor(step, signal);
  }

  batch(lease: HeldLease, leaf: number): WorkBatch {
    if (lease.kind === 'STATISTICS') return undefined;
    this.options.activity.enter('data wait');
    return this.options.prepared.batches.take(leafOf(lease, leaf));
  }

  /** After the last leaf, the first of the next step, whose lease will probably be the same. */
  prefetch(lease: HeldLease): void {
    const { batches } = this.options.prepared;
    if (lease.kind === 'STATISTICS') return;
    if (lease.next !== undefined) batches.prefetch(leafOf(lease, lease.next));
    else if (lease.kind === 'GRADIENT') batches.prefetch({ ...leafOf(lease, lease.first), step: lease.step + 1 });
  }

  async compute(lease: HeldLease, leaf: number, batch: WorkBatch): Promise<WorkSum> {
    const sum = batch ? await this.computeBatch(lease, leaf, batch) : await this.computeStatistics(leaf);
    this.options.metrics.images.inc({ kind: lease.kind.toLowerCase() }, sum.samples);
    return sum;
  }

  add(left: WorkSum, right: WorkSum): WorkSum {
    if (left.node !== undefined && right.node !== undefined) this.addNodes(left.node, right.node, left.floats);
    return {
      node: left.node,
      floats: left.floats,
      lossSum: left.lossSum + right.lossSum,
      metricSums: left.metricSums.map((value, index) => value + (right.metricSums[index] ?? 0)),
      samples: left.samples + right.samples,
    };
  }

  push(lease: HeldLease, subtree: TreeEntry<WorkSum>): void {
    const pushed = this.pushSubtree(lease, subtree)
      .catch((error: unknown) => {
        this.discard(subtree.value);
        this.failed(lease, error);
      })
      .finally(() => this.pushes.delete(pushed));
    this.pushes.add(pushed);
  }

  /** A sum that is yet to be made would spoil what this thread writes to its node for the next lease. */
  discard({ node }: WorkSum): void {
    if (node !== undefined) void this.added.then(() => this.options.prepared.memory.release(node));
  }

  progress(lease: HeldLease, leavesDone: number): void {
    const { at, leaves, seconds } = this.measured;
    const now = performance.now();
    if (now - at < progressMs || leaves === 0) return;
    this.measured = { at: now, leaves: 0, seconds: 0 };
    this.options.send({ progress: { lease: lease.id, leavesDone, secondsPerLeaf: seconds / leaves } });
  }

  async finish(): Promise<void> {
    this.options.activity.enter('push');
    await Promise.all(this.pushes);
    this.weights.giveBack();
    this.options.activity.enter('idle');
  }

  failed(lease: HeldLease, error: unknown): void {
    if (lease.isVoid) return;
    lease.void();
    const message = error instanceof Error ? error.message : String(error);
    this.options.log.error(
      { lease: lease.id, error: error instanceof Error ? error.stack : message },
      'a lease failed',
    );
    this.options.send({ failed: { lease: lease.id, message } });
  }

  private async computeBatch(lease: HeldLease, leaf: number, batch: Batch): Promise<WorkSum> {
    const { trial, prepared, activity } = this.options;
    const { compute, memory, batches } = prepared;
    const samples = batch.count;
    if (lease.kind === 'EVALUATE') {
      activity.enter('evaluate');
      const [{ seconds, ...sums }] = await this.withWeights(compute.run('evaluate', { trial, batch }));
      this.measure(seconds);
      return { node: undefined, floats: 0, ...sums, samples };
    }
    activity.enter('push');
    const node = await memory.acquire();
    activity.enter('gradient');
    try {
      const draws = batches.draws(leafOf(lease, leaf));
      const [{ seconds, ...sums }] = await this.withWeights(compute.run('gradient', { trial, node, batch, draws }));
      this.measure(seconds);
      const { parameterCount, statisticsCount } = prepared.manifest;
      return { node, floats: parameterCount + statisticsCount, ...sums, samples };
    } catch (error) {
      memory.release(node);
      throw error;
    }
  }

  /** The result counts only if the weights it was computed from have been taken. */
  private async withWeights<Result>(computed: Promise<Result>): Promise<[Result, void]> {
    return await Promise.all([computed, this.weights.taken]);
  }

  private async computeStatistics(leaf: number): Promise<WorkSum> {
    const { batches, memory } = this.options.prepared;
    this.options.activity.enter('statistics');
    const node = await memory.acquire();
    const startedAt = performance.now();
    const { sum, samples } = batches.statistics(leaf);
    memory.floats(node, sum.length).set(sum);
    this.measure((performance.now() - startedAt) / 1000);
    return { node, floats: sum.length, lossSum: 0, metricSums: [], samples };
  }

  private measure(seconds: number): void {
    this.measured.leaves += 1;
    this.measured.seconds += seconds;
  }

  /** Later requests of the compute thread find the sum; only the main thread must not write to `right` before. */
  private addNodes(left: number, right: number, floats: number): void {
    const { trial, prepared } = this.options;
    const { compute, memory } = prepared;
    this.added = compute.run('add', { trial, left, right, floats }).then(
      () => memory.release(right),
      // The compute thread is gone, and the process with it.
      () => undefined,
    );
  }

  /** The whole sum is inspected first; one that is not finite has no chunks. */
  private async pushSubtree(lease: HeldLease, { node: place, value }: TreeEntry<WorkSum>): Promise<void> {
    const { trial, prepared, send } = this.options;
    const { memory, compute, manifest } = prepared;
    const { node, lossSum, metricSums, samples } = value;
    const header = { lease: lease.id, firstLeaf: place.first, leaves: place.leaves, lossSum, metricSums, samples };
    if (node === undefined || lease.kind === 'EVALUATE') {
      send({ computed: header });
      return;
    }
    const { chunks, tensors } = this.layouts[lease.kind];
    const report = await compute.run('inspect', { trial, node, chunks, tensors });
    const incarnation = this.incarnation;
    if (lease.isVoid || incarnation?.number !== lease.incarnation) {
      memory.release(node);
      return;
    }
    if (report.badTensor >= 0) {
      const name = [...manifest.parameters, ...manifest.statistics][report.badTensor]?.name;
      memory.release(node);
      lease.void();
      send({ computed: { ...header, badTensor: name ?? 'input', badTensorIndex: report.badTensor } });
      return;
    }
    const data = chunks.map(({ offset, length }, chunk) => ({
      data: memory.bytes(node + offset * 4, length * 4),
      checksum: report.checksums[chunk] ?? 0,
    }));
    const vector = lease.kind === 'GRADIENT' ? vectors.weights : vectors.preprocess;
    const isLost = lease.kind === 'GRADIENT' && (await diesUnheard());
    incarnation.push({ vector, step: lease.step, node: place, chunks: data }, (refusal) => {
      if (isLost) return dieSoon();
      memory.release(node);
      if (refusal !== undefined) this.failed(lease, new Error(`a shard refused the push: ${refusal}`));
    });
    // After the frames, which are on connections of their own: a shard that is woken has them to read first.
    if (!isLost) send({ computed: header });
  }

  /** Read once per step; all leases of an evaluation use it. False when the shards have gone on meanwhile. */
  private async loadAverage(incarnation: Incarnation, step: number, signal: AbortSignal): Promise<boolean> {
    const { memory, chunks } = this.options.prepared;
    if (this.average?.incarnation !== incarnation || this.average.step !== step) {
      this.average = undefined;
      const versions = await this.readChunks(incarnation, 'AVERAGE', chunks, memory.average, signal);
      if (!versions?.every((version) => version === step)) return false;
      this.average = { incarnation, step };
    }
    await this.weights.borrow(memory.average);
    return true;
  }

  private async readPreprocess(incarnation: Incarnation): Promise<boolean> {
    const { memory, preprocessFloats, batches } = this.options.prepared;
    const node = await memory.acquire();
    try {
      const { chunks } = this.layouts.PREPROCESS;
      const versions = await this.readChunks(incarnation, 'PREPROCESS', chunks, node, incarnation.signal);
      if (!versions) return false;
      batches.setPreprocess(memory.floats(node, preprocessFloats).slice());
      return true;
    } finally {
      memory.release(node);
    }
  }

  /** The versions of the chunks, or undefined when not all can be had. */
  private async readChunks(
    incarnation: Incarnation,
    vector: 'AVERAGE' | 'PREPROCESS',
    chunks: readonly Span[],
    offset: number,
    signal: AbortSignal,
  ): Promise<number[] | undefined> {
    const versions = new Map<number, number>();
    const onFrame = (frame: ChunkFrame) => {
      writeChunk({ memory: this.options.prepared.memory, kernels: this.kernels }, chunks[frame.chunk], offset, frame);
      versions.set(frame.chunk, frame.step);
    };
    const whole = await incarnation.read(vector, onFrame, signal);
    return whole && versions.size === chunks.length ? [...versions.values()] : undefined;
  }
}

function leafOf({ kind, split, step }: HeldLease, leaf: number): LeafOf {
  return { kind: kind === 'EVALUATE' ? 'evaluate' : 'gradient', split, step, leaf };
}

function spansOf(floats: number, chunkFloats: number): Span[] {
  return Array.from({ length: Math.ceil(floats / chunkFloats) }, (_, chunk) => ({
    offset: chunk * chunkFloats,
    length: Math.min(chunkFloats, floats - chunk * chunkFloats),
  }));
}
