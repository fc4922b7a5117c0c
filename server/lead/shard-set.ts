/**
 * The shards of one incarnation as its lead sees them: orders go to all, and what they report is gathered until it
 * concerns the whole trial (a scalar of the whole vector, a step that all have reached, a cut that all have written).
 */
import { layOutChunks, shardOfChunk, type ChunkSpec } from '../../common/chunk-layout.js';
import { PolyakError, isErrorCode } from '../../common/errors.js';
import type { Manifest } from '../../common/manifest.js';
import type { TreeNode } from '../../common/reduction-tree.js';
import type { TlsFiles } from '../../common/tls/tls-files.js';
import { withResolvers } from '../../common/with-resolvers.js';
import type { Failed } from '../../proto/gen/polyak/v1/Failed.js';
import type { ShardOrder } from '../../proto/gen/polyak/v1/ShardOrder.js';
import type { ShardReport } from '../../proto/gen/polyak/v1/ShardReport.js';
import type { ChunkScalars, TensorScalars } from '../chunk.js';
import { MemoryTaken } from '../memory-taken.js';
import type { BeginOrder } from '../shard-trial.js';
import { CutLedger } from './cut-ledger.js';
import { Replaced, Rollback, type Interruption } from './interruption.js';
import { LedSpace, MeasureLedger } from './led-space.js';
import { ScalarLedger, type ScalarTotal } from './scalar-ledger.js';
import { UnitLedger } from './unit-ledger.js';
import {
  openLocalShard,
  openRemoteShard,
  type BeginLocally,
  type ReleaseLocally,
  type ShardPort,
  type ShardPortEvents,
} from './shard-port.js';

export interface ShardSetOptions {
  /** Of all shards, by number; only those that own a chunk take part. */
  addresses: string[];
  /** Number of the lead's own. */
  own: number;
  /** The order to begin, the same for all but for the shard's number. */
  begin: Omit<BeginOrder, 'shard' | 'shards'>;
  manifest: Manifest;
  chunkFloats: number;
  /** The longest the mean gradient may be. */
  globalNorm: number | undefined;
  /** The optimizer wants a trust ratio of each tensor. */
  needsTrust: boolean;
  beginLocally: BeginLocally;
  release: ReleaseLocally;
  interruption: Interruption;
  tls?: TlsFiles | undefined;
  /** All of the shard's chunks hold this node of the step. */
  held: (step: number, node: TreeNode, shard: number) => void;
  /** The sum of the step's gradients is not finite in this tensor; other chunks may say so of theirs. */
  overflowed: (step: number, tensor: string) => void;
  /** A bucket does not take a shard's file now; the shard tries again. */
  cutDelayed: (reason: string) => void;
  /** The shard's process is to end: it waits for some seconds until the lead has a checkpoint and leaves it. */
  draining: (shard: number) => void;
}

export class ShardSet {
  readonly cuts: CutLedger;
  private readonly participants: number[];
  private readonly scalars: ScalarLedger;
  private readonly measures: MeasureLedger;
  private readonly units: UnitLedger;
  /** Of parameters. */
  private readonly chunks: ChunkSpec[];
  private readonly ports: ShardPort[] = [];
  /** By shard. */
  private readonly reachedStep = new Map<number, number>();
  private readonly begun = withResolvers<number>();
  private closed = false;
  private rateAwaited:
    { step: number; shards: Set<number>; known: ReturnType<typeof withResolvers<undefined>> } | undefined;
  private awaited: { step: number; resolve: () => void } | undefined;

  constructor(private readonly options: ShardSetOptions) {
    const { addresses, begin, manifest, chunkFloats } = options;
    const chunks = layOutChunks(manifest, chunkFloats);
    this.participants = owners(begin.trialKey, chunks.length, addresses.length);
    this.chunks = chunks.filter(({ kind }) => kind === 'parameters');
    this.scalars = new ScalarLedger(this.chunks.length);
    this.measures = new MeasureLedger(this.chunks.length);
    this.units = new UnitLedger(this.chunks);
    this.cuts = new CutLedger(this.participants.length);
  }

  /** The number of shards that take part. */
  get size(): number {
    return this.participants.length;
  }

  /** All load the weights; answers with the step they are at. Errors: MemoryTaken where one has no room at present. */
  async open(): Promise<number> {
    const { addresses, own, begin, interruption, tls } = this.options;
    this.begun.promise.catch(() => undefined);
    const events = {
      report: (shard: number, report: ShardReport) => this.receive(shard, report),
      lost: (shard: number, error: Error) =>
        interruption.interrupt(new Rollback(`shard ${shard} is lost: ${error.message}`)),
    };
    for (const shard of this.participants) {
      const order = { ...begin, shard, shards: addresses.length };
      if (shard === own) await interruption.race(this.openOwn(order, events));
      else this.ports.push(openRemoteShard(addresses[shard] ?? '', order, events, tls));
    }
    return await interruption.race(this.begun.promise);
  }

  private async openOwn(order: BeginOrder, events: ShardPortEvents): Promise<void> {
    const { beginLocally, release } = this.options;
    const port = await openLocalShard(order, beginLocally, release, events);
    // Nobody may have waited for it.
    if (this.closed) port.close();
    else this.ports.push(port);
  }

  broadcast(order: ShardOrder): void {
    for (const port of this.ports) port.send(order);
  }

  /** Every chunk has the weights of this step. */
  async reached(step: number): Promise<void> {
    const { promise, resolve } = withResolvers<undefined>();
    this.awaited = { step, resolve: () => resolve(undefined) };
    this.checkReached();
    await this.options.interruption.race(promise);
  }

  /** Of all chunks, added in their order, whatever the number of shards. */
  async scalarsOf(step: number): Promise<ChunkScalars> {
    return await this.options.interruption.race(this.scalars.total(step));
  }

  /** The vectors of a step whose gradient is complete, where the lead decides what becomes of them. */
  spaceOf(step: number, slots: readonly string[]): LedSpace {
    return new LedSpace(
      step,
      slots,
      this.chunks,
      (combine) => this.broadcast({ combine }),
      (...part) => this.options.interruption.race(this.measures.begin(...part)),
    );
  }

  /** From this step on, which nobody has begun, the learning rate is multiplied by the factor: all shards know it. */
  async setRate(step: number, factor: number): Promise<void> {
    const known = withResolvers<undefined>();
    this.rateAwaited = { step, shards: new Set(), known };
    this.broadcast({ rate: { step, factor } });
    await this.options.interruption.race(known.promise);
  }

  /** Nobody will ask for scalars of steps before this one. */
  forgetBefore(step: number): void {
    this.scalars.forget(step);
  }

  close(): void {
    this.closed = true;
    for (const port of this.ports.splice(0)) port.close();
  }

  private receive(shard: number, report: ShardReport): void {
    const { interrupt } = this.options.interruption;
    if (report.begun) this.hasBegun(shard, report.begun.step ?? 0);
    else if (report.held) {
      const { step = 0, firstLeaf = 0, leaves = 0 } = report.held;
      this.options.held(step, { first: firstLeaf, leaves }, shard);
    } else if (report.scalars) {
      const total = this.scalars.add(report.scalars);
      if (total) this.sendScale(report.scalars.step ?? 0, total);
    } else if (report.unitSquares) {
      const limits = this.units.add(report.unitSquares);
      if (limits) this.broadcast({ unitFactors: limits });
    } else if (report.rateKnown) this.rateIsKnown(shard, report.rateKnown.step ?? 0);
    else if (report.measured) this.measures.add(report.measured);
    else if (report.reached) {
      this.reachedStep.set(shard, report.reached.step ?? 0);
      this.checkReached();
    } else if (report.overflow) {
      const { step = 0, tensor = '' } = report.overflow;
      this.options.overflowed(step, tensor);
    } else if (report.cutPlanned) this.cuts.planned(report.cutPlanned.step ?? 0, shard);
    else if (report.cutWritten) {
      const { step = 0, file = '', bytes = 0, chunks = [] } = report.cutWritten;
      this.cuts.written(step, shard, { file, bytes: Number(bytes), chunks });
    } else if (report.cutDelayed) this.options.cutDelayed(`shard ${shard}: ${report.cutDelayed.message ?? ''}`);
    else if (report.draining) this.options.draining(shard);
    else if (report.fenced) {
      const reason = `shard ${shard}: ${report.fenced.message ?? ''}`;
      interrupt(report.fenced.replaced ? new Replaced(reason) : new Rollback(reason));
    } else if (report.failed) this.hasFailed(shard, report.failed);
  }

  private rateIsKnown(shard: number, step: number): void {
    if (this.rateAwaited?.step !== step) return;
    this.rateAwaited.shards.add(shard);
    if (this.rateAwaited.shards.size === this.size) this.rateAwaited.known.resolve(undefined);
  }

  private hasFailed(shard: number, { message = '', code = '', memoryTaken = false }: Failed): void {
    const text = `shard ${shard}: ${message}`;
    if (memoryTaken) this.begun.reject(new MemoryTaken(text));
    else this.options.interruption.interrupt(new PolyakError(isErrorCode(code) ? code : 'internal', text));
  }

  private hasBegun(shard: number, step: number): void {
    this.reachedStep.set(shard, step);
    if (this.reachedStep.size === this.size) this.begun.resolve(step);
  }

  /** Global-norm clipping and trust ratios: the factors that all chunks of the step wait for. */
  private sendScale(step: number, { gradientSquares, tensors }: ScalarTotal): void {
    const { globalNorm, needsTrust } = this.options;
    if (globalNorm === undefined && !needsTrust) return;
    const norm = Math.sqrt(gradientSquares);
    const factor = globalNorm !== undefined && norm > globalNorm ? Math.fround(globalNorm / norm) : 1;
    const trust = tensors.map((squares) => ({ tensor: squares.tensorIndex, ratio: trustRatio(squares) }));
    this.broadcast({ scale: { step, factor, trust } });
  }

  private checkReached(): void {
    const { awaited } = this;
    if (awaited && this.participants.every((shard) => this.reachedStep.get(shard) === awaited.step)) awaited.resolve();
  }
}

/** 1 where there is nothing to compare, as for a bias that begins with 0. */
function trustRatio({ weightSquares, updateSquares }: TensorScalars): number {
  return weightSquares > 0 && updateSquares > 0 ? Math.fround(Math.sqrt(weightSquares) / Math.sqrt(updateSquares)) : 1;
}

/** The shards that own a chunk. */
function owners(trialKey: Buffer, chunks: number, shards: number): number[] {
  const found = new Set(Array.from({ length: chunks }, (_, chunk) => shardOfChunk(trialKey, chunk, chunks, shards)));
  return [...found].toSorted((left, right) => left - right);
}
