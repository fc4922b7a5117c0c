/**
 * One trial on one shard: its chunks, what has been pushed to them, and who reads them. It takes orders from the lead and
 * answers with reports; both are the protocol's messages, so that the lead treats its own shard like any other.
 */
import { layOutChunks, shardOfChunk, type ChunkSpec } from '../common/chunk-layout.js';
import { PolyakError } from '../common/errors.js';
import type { Experiment } from '../common/experiment/schema.js';
import { vectors, type ChunkFrame } from '../common/frame.js';
import { vectorKernels, type VectorKernels } from '../common/kernels/vector-kernels.js';
import type { Logger } from '../common/log.js';
import type { Manifest } from '../common/manifest.js';
import { isNode, nodeKey, type TreeNode } from '../common/reduction-tree.js';
import type { Begin } from '../proto/gen/polyak/v1/Begin.js';
import type { Combine__Output } from '../proto/gen/polyak/v1/Combine.js';
import type { Begin__Output } from '../proto/gen/polyak/v1/Begin.js';
import type { ShardOrder__Output } from '../proto/gen/polyak/v1/ShardOrder.js';
import type { ShardReport } from '../proto/gen/polyak/v1/ShardReport.js';
import type { Arena } from './arithmetic/arena.js';
import type { ArenaPool } from './arithmetic/arena-pool.js';
import type { Arithmetic } from './arithmetic/arithmetic.js';
import {
  Chunk,
  allocate,
  type ChunkEvents,
  type ChunkFormation,
  type ChunkScalars,
  type TensorScalars,
} from './chunk.js';
import { CheckpointReader } from './checkpoint/checkpoint-reader.js';
import { insist } from './checkpoint/insist.js';
import { writeShardFile, type ChunkSnapshot } from './checkpoint/shard-file.js';
import type { FrameCache, Outgoing } from './frame-cache.js';
import { InitialWeights } from './initial-weights.js';
import { MemoryTaken } from './memory-taken.js';
import type { ShardMetrics } from './server-metrics.js';
import { assertSameArithmetic } from './same-arithmetic.js';
import { slotNamesOf, stepRules } from './step-rules.js';
import { TransferredWeights } from './transfer/transferred-weights.js';

export type PushResult = 'APPLIED' | 'DUPLICATE' | 'STALE' | 'REFUSED' | 'FENCED';
export type BeginOrder = Begin & Begin__Output;

export interface ShardContext {
  poolFor(chunkBytes: number): ArenaPool;
  arithmetic: Arithmetic;
  frames: FrameCache;
  metrics: ShardMetrics;
  log: Logger;
}

/** Room for a step's root and the pushes of a few leases; more is taken from the arena while it has room. */
const gradientSlotsReserved = 4;

export class ShardTrial {
  readonly chunks = new Map<number, Chunk>();
  /** Called with a chunk whenever it has a new version. */
  readonly readers = new Set<(chunk: Chunk) => void>();
  /**
   * The version before, of chunks whose present one nobody has used yet: should all workers that had the whole step die
   * while some chunks have applied it and others have not, the rest of it can still be computed. The first push to a
   * version proves that all chunks have reached it.
   */
  readonly previous = new Map<number, Outgoing>();
  readonly slotNames: readonly string[];
  private readonly specs: ChunkSpec[];
  /** Per node of the present step: the chunks that hold it. */
  private readonly heldBy = new Map<string, Set<number>>();
  private heldStep = -1;
  /** How many chunks have reached the newest version; none passes it before all are there. */
  private atVersion = { version: -1, chunks: 0 };
  private pendingScalars: ({ chunk: number; step: number; tensors: TensorScalars[] } & ChunkScalars)[] = [];
  private cut: { step: number; snapshots: Map<number, ChunkSnapshot> } | undefined;
  private readonly kernels = new Map<Arena, VectorKernels>();
  private readonly reservations: (() => void)[] = [];
  private closed = false;
  /** Of what is still to be written when the trial leaves. */
  private readonly leaving = new AbortController();
  private fits = false;
  /** What the learning rate is multiplied by. */
  private rateFactor: number;
  private readonly log: Logger;

  private constructor(
    private readonly context: ShardContext,
    readonly order: BeginOrder,
    readonly experiment: Experiment,
    readonly manifest: Manifest,
    private readonly report: (report: ShardReport) => void,
  ) {
    this.specs = layOutChunks(manifest, experiment.chunkFloats);
    this.slotNames = slotNamesOf(experiment);
    this.rateFactor = order.rateFactor || 1;
    this.log = context.log.child({ trial: order.trialKey.toString('hex') });
  }

  /**
   * Loads the chunks this shard owns. Errors: `fingerprint` for a lead of other arithmetic; `exhausted` when they do not fit the shard's memory, as MemoryTaken when they
   * would but for other trials; `data` for a bad file.
   */
  static async begin(
    context: ShardContext,
    order: BeginOrder,
    report: (report: ShardReport) => void,
  ): Promise<ShardTrial> {
    const experiment = JSON.parse(order.experiment) as Experiment;
    assertSameArithmetic(order, experiment);
    const trial = new ShardTrial(context, order, experiment, JSON.parse(order.manifest) as Manifest, report);
    try {
      await trial.loadChunks();
    } catch (error) {
      await trial.close();
      // It would fit if it were alone.
      if (error instanceof PolyakError && error.code === 'exhausted' && trial.fits) {
        throw new MemoryTaken(error.message, { cause: error });
      }
      throw error;
    }
    return trial;
  }

  get chunkCount(): number {
    return this.specs.length;
  }

  get step(): number {
    let least = Number.MAX_SAFE_INTEGER;
    for (const chunk of this.chunks.values()) least = Math.min(least, chunk.version);
    return least;
  }

  /** One chunk of a gradient. Errors: `protocol` with what is wrong; then nothing has changed. */
  push(frame: ChunkFrame): PushResult {
    const chunk = this.chunks.get(frame.chunk);
    if (!chunk) {
      throw new PolyakError('protocol', `chunk ${frame.chunk} is not on shard ${this.order.shard}`);
    }
    if (frame.step <= chunk.version) this.context.metrics.staleness.observe(chunk.version - frame.step);
    const node = { first: frame.firstLeaf, leaves: frame.leaves };
    if (frame.step < chunk.version) {
      // It has all leaves of that step. Where other chunks have not, the node is held when they have it, however it was cut before.
      if (frame.step === this.heldStep && isNode(node, chunk.leavesOf(frame.step))) this.markHeld(frame, node);
      return 'STALE';
    }
    if (frame.step > chunk.version) {
      throw new PolyakError(
        'protocol',
        `step ${frame.step} has not begun, chunk ${frame.chunk} is at ${chunk.version}`,
      );
    }
    if (!isNode(node, chunk.leaves)) {
      const range = `[${node.first}, ${node.first + node.leaves})`;
      throw new PolyakError(
        'protocol',
        `leaves ${range} are no subtree of the ${chunk.leaves} leaves of step ${frame.step}`,
      );
    }
    this.checkShape(chunk, frame);
    const result = chunk.receive(node, frame.data, (pointer) => {
      this.checkFloats(chunk, frame, pointer);
      // Here, because a step that this completes begins at once, and leaves a version of its own behind.
      this.forgetPrevious(chunk.spec.index);
    });
    this.markHeld(frame, node);
    return result === 'applied' ? 'APPLIED' : 'DUPLICATE';
  }

  /** A push is answered, and so gives credit, only when its sum is made: else a slow thread would let memory grow. */
  async settled(chunk: number): Promise<void> {
    await this.chunks.get(chunk)?.settled();
  }

  handle(order: ShardOrder__Output): void {
    if (order.scale) {
      const { step, factor, trust } = order.scale;
      const ratios = new Map((trust ?? []).map(({ tensor, ratio }) => [tensor, ratio]));
      for (const chunk of this.chunks.values()) {
        if (chunk.spec.kind === 'parameters' && chunk.version === step) chunk.setScale(factor, ratios);
      }
    } else if (order.combine) {
      this.combine(order.combine).catch((error: unknown) => {
        if (!this.closed) this.report({ failed: { message: error instanceof Error ? error.message : String(error) } });
      });
    } else if (order.unitFactors) {
      const { step, tensor, factors } = order.unitFactors;
      for (const chunk of this.chunks.values()) {
        const hasSome = chunk.spec.segments.some(({ tensorIndex }) => tensorIndex === tensor);
        if (hasSome && chunk.version === step) chunk.setUnitFactors(tensor, factors);
      }
    } else if (order.giveUp) {
      const { step } = order.giveUp;
      for (const chunk of this.chunks.values()) if (chunk.version === step) chunk.giveUp();
    } else if (order.rate) {
      this.rateFactor = order.rate.factor;
      for (const chunk of this.chunks.values()) chunk.renewRule();
      this.report({ rateKnown: { step: order.rate.step } });
    } else if (order.cut) {
      this.cut = { step: order.cut.step, snapshots: new Map() };
      this.report({ cutPlanned: { step: order.cut.step } });
      for (const chunk of this.chunks.values()) this.snapshot(chunk);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    this.leaving.abort();
    this.readers.clear();
    await Promise.all([...this.chunks.values()].map((chunk) => chunk.close()));
    for (const chunk of this.chunks.values()) {
      this.forgetPrevious(chunk.spec.index);
      this.context.frames.forget(chunk);
    }
    this.chunks.clear();
    for (const giveBack of this.reservations.splice(0)) giveBack();
  }

  /** From a checkpoint, from weights of elsewhere, or drawn. */
  private async loadChunks(): Promise<void> {
    const { transfer } = this.experiment;
    const fromElsewhere = transfer !== undefined && !this.order.checkpoint;
    const transferred = fromElsewhere ? await TransferredWeights.open(transfer, this.manifest) : undefined;
    try {
      await this.fillChunks(transferred);
    } finally {
      await transferred?.close();
    }
  }

  private async fillChunks(transferred: TransferredWeights | undefined): Promise<void> {
    const { trialKey, shard, shards, checkpoint: path, data } = this.order;
    const rules = stepRules(this.experiment, this.manifest, data?.trainCount ?? 0, () => this.rateFactor);
    const owned = this.specs.filter(({ index }) => shardOfChunk(trialKey, index, this.specs.length, shards) === shard);
    const slots = 2 + this.slotNames.length + gradientSlotsReserved;
    const pool = this.context.poolFor(this.experiment.chunkFloats * 4);
    pool.assertFits(owned.length, slots);
    this.fits = true;
    const initial = new InitialWeights(this.experiment.seed, transferred);
    const checkpoint =
      path === '' ? undefined : await this.untilReadable(async () => await CheckpointReader.open(path));
    for (const spec of owned) {
      const arena = pool.reserve(slots);
      this.reservations.push(() => pool.unreserve(arena, slots));
      const taken: number[] = [];
      const take = () => taken[taken.push(allocate(arena)) - 1] ?? 0;
      const load = async () => {
        const memory = { arena, weights: take(), average: take(), slots: this.slotNames.map(take) };
        const version = checkpoint
          ? await this.untilReadable(async () => await checkpoint.load(spec, memory, this.slotNames))
          : await initial.fill(spec, memory);
        return { memory, version };
      };
      const { memory, version } = await load().catch(async (error: unknown) => {
        for (const pointer of taken) arena.release(pointer);
        await checkpoint?.close();
        throw error;
      });
      this.chunks.set(spec.index, new Chunk(spec, memory, version, this.context.arithmetic, rules, this.chunkEvents()));
    }
    await checkpoint?.close();
  }

  /** A bucket may be out of reach for a while; its lead waits, as for memory. */
  private async untilReadable<Value>(read: () => Promise<Value>): Promise<Value> {
    const onFailure = ({ message }: Error) => this.log.warn({ reason: message }, 'a checkpoint cannot be read');
    return await insist(read, { onFailure, onlyUnreachable: true, signal: this.leaving.signal });
  }

  private chunkEvents(): ChunkEvents {
    return {
      prepared: (chunk, scalars, tensors) => {
        // Again, where its gradient was complete and has been given up.
        this.pendingScalars = this.pendingScalars.filter((entry) => entry.chunk !== chunk.spec.index);
        this.pendingScalars.push({ chunk: chunk.spec.index, step: chunk.version, tensors, ...scalars });
        this.reportScalars(chunk.version);
      },
      overflowed: (chunk, tensorIndex) => {
        const tensors = [...this.manifest.parameters, ...this.manifest.statistics];
        const tensor = tensors[tensorIndex]?.name ?? '';
        this.report({ overflow: { step: chunk.version, tensor, tensorIndex } });
      },
      measured: (chunk, tensor, squares) => {
        this.report({ unitSquares: { step: chunk.version, tensor, chunk: chunk.spec.index, squares } });
      },
      leaving: (chunk) => {
        this.forgetPrevious(chunk.spec.index);
        this.previous.set(chunk.spec.index, this.context.frames.of(chunk, 'weights').retain());
      },
      applied: (chunk) => {
        this.snapshot(chunk);
        for (const reader of this.readers) reader(chunk);
        this.atVersion =
          chunk.version === this.atVersion.version ? this.atVersion : { version: chunk.version, chunks: 0 };
        this.atVersion.chunks += 1;
        if (this.atVersion.chunks === this.chunks.size) this.report({ reached: { step: chunk.version } });
      },
      failed: (error) => {
        this.log.error({ error: error.stack }, 'a chunk failed');
        this.report({ failed: { message: error.message } });
      },
    };
  }

  /** Of every chunk of parameters; what they measure is told together. */
  private async combine(order: Combine__Output): Promise<void> {
    const { step, part, last } = order;
    const formation = formationOf(order);
    const chunks = [...this.chunks.values()].filter(
      ({ spec, version }) => spec.kind === 'parameters' && version === step,
    );
    const measured = await Promise.all(
      chunks.map(async (chunk) => {
        const { offset, length } = chunk.spec;
        const written = formation.written?.subarray(offset, offset + length);
        const { products, read } = await chunk.form({ ...formation, written });
        return { chunk: chunk.spec.index, products, read: Buffer.concat(read.map(bytesOf)) };
      }),
    );
    if (!last && !this.closed) this.report({ measured: { step, part, chunks: measured } });
  }

  private forgetPrevious(chunk: number): void {
    this.previous.get(chunk)?.release();
    this.previous.delete(chunk);
  }

  private reportScalars(step: number): void {
    const parameterChunks = [...this.chunks.values()].filter(({ spec }) => spec.kind === 'parameters').length;
    const ready = this.pendingScalars.filter((entry) => entry.step === step);
    if (ready.length < parameterChunks) return;
    this.pendingScalars = this.pendingScalars.filter((entry) => entry.step !== step);
    this.report({
      scalars: {
        step,
        chunks: ready.map(({ chunk }) => chunk),
        gradientSquares: ready.map(({ gradientSquares }) => gradientSquares),
        weightSquares: ready.map(({ weightSquares }) => weightSquares),
        weightAbsolutes: ready.map(({ weightAbsolutes }) => weightAbsolutes),
        tensors: ready.flatMap(({ chunk, tensors }) =>
          tensors.map(({ tensorIndex, ...squares }) => ({ chunk, tensor: tensorIndex, ...squares })),
        ),
      },
    });
  }

  private markHeld({ step, chunk }: ChunkFrame, node: TreeNode): void {
    if (step > this.heldStep) {
      this.heldBy.clear();
      this.heldStep = step;
    }
    const key = nodeKey(node);
    const holders = this.heldBy.get(key) ?? new Set<number>();
    this.heldBy.set(key, holders.add(chunk));
    // Told again for a whole duplicate push, since the sender of the first may have died unheard.
    if (holders.size === this.chunks.size) this.report({ held: { step, firstLeaf: node.first, leaves: node.leaves } });
  }

  private snapshot(chunk: Chunk): void {
    const cut = this.cut;
    if (!cut || chunk.version !== cut.step || cut.snapshots.has(chunk.spec.index)) return;
    cut.snapshots.set(chunk.spec.index, {
      chunk: chunk.spec.index,
      version: chunk.version,
      tensors: {
        weights: chunk.copyOf('weights'),
        average: chunk.copyOf('average'),
        ...Object.fromEntries(this.slotNames.map((name, index) => [name, chunk.copyOfSlot(index)])),
      },
    });
    if (cut.snapshots.size < this.chunks.size) return;
    this.cut = undefined;
    this.writeCut(cut.step, [...cut.snapshots.values()]).catch((error: unknown) => {
      if (this.closed) return;
      const { code = '', message } = error instanceof PolyakError ? error : { message: String(error) };
      this.report({ failed: { code, message: `writing the checkpoint: ${message}` } });
    });
  }

  private async writeCut(step: number, snapshots: ChunkSnapshot[]): Promise<void> {
    const { directory, incarnation, shard, shards, trialKey } = this.order;
    const { metrics } = this.context;
    const stopTimer = metrics.checkpointSeconds.startTimer();
    const { signal } = this.leaving;
    const file = { directory, incarnation, shard, shards, step, trialKey, snapshots };
    const written = await insist(async () => await writeShardFile(file, signal), {
      signal,
      onFailure: ({ message }, failures) => {
        metrics.checkpointFailures.inc();
        this.log.warn({ step, failures, reason: message }, 'a checkpoint was not written, and is tried again');
        this.report({ cutDelayed: { step, message } });
      },
    });
    stopTimer();
    if (!this.closed) this.report({ cutWritten: { step, ...written, chunks: snapshots.map(({ chunk }) => chunk) } });
  }

  private checkShape(chunk: Chunk, frame: ChunkFrame): void {
    const bytes = chunk.spec.length * 4;
    if (frame.vector !== vectors.weights) {
      throw new PolyakError('protocol', `vector ${frame.vector} cannot be pushed to a chunk of weights`);
    }
    if (frame.data.length !== bytes) {
      throw new PolyakError('protocol', `chunk ${frame.chunk} has ${bytes} bytes, the frame ${frame.data.length}`);
    }
  }

  private checkFloats(chunk: Chunk, frame: ChunkFrame, pointer: number): void {
    const { arena } = chunk.memory;
    const kernels = this.kernels.get(arena) ?? vectorKernels(arena.memory);
    this.kernels.set(arena, kernels);
    const checksum = kernels.checksum(pointer, chunk.spec.length);
    if (checksum !== frame.checksum) {
      throw new PolyakError(
        'protocol',
        `chunk ${frame.chunk} has checksum ${checksum}, the frame says ${frame.checksum}`,
      );
    }
    const bad = kernels.firstNonFinite(pointer, chunk.spec.length);
    if (bad >= 0) {
      throw new PolyakError('protocol', `chunk ${frame.chunk} is not finite at float ${bad}, though its header was`);
    }
  }
}

function formationOf({ combinations, written, products, read, last, kept }: Combine__Output): ChunkFormation {
  return {
    combinations: combinations.map(({ out, vectors: terms, coefficients }) => ({
      out,
      terms: terms.map((vector, index) => [coefficients[index] ?? 0, vector] as const),
    })),
    // The bytes of a message may begin anywhere.
    written: written.length > 0 ? new Float32Array(Uint8Array.from(written).buffer) : undefined,
    products: Array.from({ length: products.length / 2 }, (_, pair) => [products[2 * pair]!, products[2 * pair + 1]!]),
    read,
    isLast: last,
    isKept: kept,
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
