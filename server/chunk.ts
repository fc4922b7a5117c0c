/**
 * The chunk: a stretch of the weights with its optimizer slots, and the small state machine that everything else on a
 * server is made of. It knows no network and no other chunk.
 *
 *   collecting(version v) --root full--> preparing --needs the whole vector?--> waiting for the factor
 *        ^                                    |                                        |
 *        |                                    +------------------> applying <----------+
 *        +----------- version v + 1 -------------------------------+
 *
 * Where units have a largest norm and their kernel is in other chunks too, it waits once more after applying. Of a full-batch
 * method the lead says what is formed of the vectors after preparing, in any number of parts, and with the last it is at v + 1;
 * and where the gradient is not finite, or its sum is not, the lead may give it up, so that the step goes on without.
 */
import type { ChunkSpec, Segment } from '../common/chunk-layout.js';
import { copyBytes } from '../common/copy-bytes.js';
import { unitFactors } from '../common/kernels/unit-norms.js';
import { PolyakError } from '../common/errors.js';
import { PartialTree, type TreeNode } from '../common/reduction-tree.js';
import type { Arena } from './arithmetic/arena.js';
import type { Arithmetic } from './arithmetic/arithmetic.js';
import type { CombineJob, CombineResult, Job, JobResult, PrepareResult, UpdateJob } from './arithmetic/job.js';

export interface ChunkMemory {
  arena: Arena;
  weights: number;
  average: number;
  /** In the order of the optimizer's slot names. */
  slots: number[];
}

/** What a step needs to know, the same for all chunks of a trial. */
export interface StepRule {
  leaves: number;
  /** float32 of 1 / samples. */
  reciprocal: number;
  clipValue: number | undefined;
  /** Wait for the lead's factor before applying. */
  needsScale: boolean;
  /** The lead decides the step: it says what to form of the chunk's vectors, and when that is all. */
  isLed: boolean;
  /** The optimizer wants a trust ratio of each tensor, which the lead gives too. */
  needsTrust: boolean;
  optimizer: string;
  coefficients: number[];
  averageDecay: number;
}

export interface ChunkRules {
  step(step: number): StepRule;
  /** Per segment of a statistics chunk. */
  statisticsMomentum(tensorIndex: number): number;
}

/** In float64, over the chunk; before the step for what is of the weights. */
export interface ChunkScalars {
  gradientSquares: number;
  /** Of the weights that L2 applies to. */
  weightSquares: number;
  /** Of the weights that L1 applies to. */
  weightAbsolutes: number;
}

/** Of the part of a tensor that is in a chunk, where the optimizer wants a trust ratio. */
export interface TensorScalars {
  tensorIndex: number;
  weightSquares: number;
  updateSquares: number;
}

export interface ChunkEvents {
  prepared(chunk: Chunk, scalars: ChunkScalars, tensors: TensorScalars[]): void;
  overflowed(chunk: Chunk, tensorIndex: number): void;
  /** Updated, but for the largest norm of units whose kernel lies in other chunks too: what this one has of them. */
  measured(chunk: Chunk, tensorIndex: number, unitSquares: number[]): void;
  /** The weights of `chunk.version` are about to be replaced by the next. */
  leaving(chunk: Chunk): void;
  /** Version `chunk.version` can be read. */
  applied(chunk: Chunk): void;
  failed(error: Error): void;
}

/** What the lead of a full-batch method wants of a step's vectors, numbered: the weights, the gradient, the slots. */
export interface ChunkFormation extends Pick<CombineJob, 'combinations' | 'written' | 'products' | 'read'> {
  isLast: boolean;
  isKept: boolean;
}

const nothing: ChunkScalars = { gradientSquares: 0, weightSquares: 0, weightAbsolutes: 0 };

/** Errors: `exhausted` when the arena has no room for another gradient. */
export function allocate(arena: Arena): number {
  const pointer = arena.allocate();
  if (pointer !== undefined) return pointer;
  throw new PolyakError(
    'exhausted',
    `all ${arena.capacity} slots of the arena are in use; give the server more memory`,
  );
}

export class Chunk {
  private tree: PartialTree<number>;
  private rule: StepRule;
  private gradient: number | undefined;
  private scale: number | undefined;
  /** By tensor index. */
  private trust: ReadonlyMap<number, number> = new Map();
  private prepared = false;
  /** The lead has given the step's gradient up. */
  private isGivenUp = false;
  /** Of an update whose units are limited: by tensor index; those that the lead has not told yet are missing. */
  private unitFactors: Map<number, readonly number[]> = new Map();
  private closed = false;
  private readonly owned = new Set<number>();
  private lastJob: Promise<unknown> = Promise.resolve();

  constructor(
    readonly spec: ChunkSpec,
    readonly memory: ChunkMemory,
    /** The number of steps applied. */
    public version: number,
    private readonly arithmetic: Arithmetic,
    private readonly rules: ChunkRules,
    private readonly events: ChunkEvents,
  ) {
    this.rule = rules.step(version);
    this.tree = this.openTree();
  }

  get leaves(): number {
    return this.rule.leaves;
  }

  /** Of a step that it has left. */
  leavesOf(step: number): number {
    return this.rules.step(step).leaves;
  }

  /** Gradient nodes held now; bounded by leases outstanding times levels. */
  get nodesHeld(): number {
    return this.owned.size;
  }

  /** Puts a subtree's sum into the step's tree. The bytes are copied once, here; `verify` throws if they are not right. */
  receive(node: TreeNode, data: Uint8Array, verify: (pointer: number) => void): 'applied' | 'duplicate' {
    if (this.gradient !== undefined || this.tree.holds(node)) return 'duplicate';
    const value = allocate(this.memory.arena);
    this.owned.add(value);
    try {
      copyBytes(this.memory.arena.bytes(value, data.length), data);
      verify(value);
    } catch (error) {
      this.free(value);
      throw error;
    }
    this.tree.fill(node, value);
    if (this.tree.complete) this.run(this.finishStep());
    return 'applied';
  }

  /**
   * The step's gradient is not finite somewhere, and the lead has no need of it: it is 0, also where this chunk's own is
   * complete, and statistics that still wait for theirs stay as they are.
   */
  giveUp(): void {
    if (this.isGivenUp || this.closed) return;
    this.isGivenUp = true;
    if (this.gradient === undefined) this.giveUpCollecting();
    else if (this.spec.kind === 'parameters') this.run(this.giveUpComplete(this.gradient));
  }

  private giveUpCollecting(): void {
    const collected = [...this.owned];
    const gradient = allocate(this.memory.arena);
    this.memory.arena.bytes(gradient, this.spec.length * 4).fill(0);
    this.owned.add(gradient);
    // From now on what still comes of the step is a duplicate.
    this.gradient = gradient;
    const freed = this.lastJob.catch(() => undefined).then(() => collected.forEach((pointer) => this.free(pointer)));
    this.run(freed.then(() => this.goOnWithout()));
  }

  /** What the lead asks for next, maybe at once, comes after this on the chunk's thread. */
  private async giveUpComplete(gradient: number): Promise<void> {
    const { arena } = this.memory;
    await this.job({ kind: 'fill', arena, out: gradient, n: this.spec.length, value: 0 });
    this.goOnWithout();
  }

  private goOnWithout(): void {
    if (this.closed) return;
    if (this.spec.kind === 'parameters') {
      this.prepared = true;
      return this.events.prepared(this, nothing, []);
    }
    this.events.leaving(this);
    this.finishApply();
  }

  /** What the rules say of the step that is collected has changed. */
  renewRule(): void {
    this.rule = this.rules.step(this.version);
  }

  /** Resolves when the sums asked for so far are made, and their memory is free again. */
  async settled(): Promise<void> {
    await this.lastJob.catch(() => undefined);
  }

  /** The factor of global-norm clipping has come, or the trust ratios of the tensors. */
  setScale(factor: number, trust: ReadonlyMap<number, number>): void {
    this.scale = factor;
    this.trust = trust;
    if (this.prepared) this.run(this.apply());
  }

  /** What each unit of a kernel that lies in several chunks is multiplied by after the update. */
  setUnitFactors(tensorIndex: number, factors: readonly number[]): void {
    this.unitFactors.set(tensorIndex, factors);
    if (this.isLimited()) this.run(this.limit());
  }

  /** Of a step that the lead decides, whose gradient is prepared. After the last one the chunk is at the next version. */
  async form({ isLast, isKept, ...order }: ChunkFormation): Promise<CombineResult> {
    const gradient = this.gradient;
    if (gradient === undefined || !this.prepared || this.closed) {
      throw new Error(`chunk ${this.spec.index} has nothing to form`);
    }
    const { arena, weights, average, slots } = this.memory;
    if (isLast) {
      this.prepared = false;
      this.events.leaving(this);
    }
    const result = await this.job({
      kind: 'combine',
      arena,
      ...order,
      segments: this.trained().map(({ start, length }) => ({ start, length })),
      n: this.spec.length,
      weights,
      vectors: [weights, gradient, ...slots],
      average: isLast && isKept ? average : undefined,
      averageDecay: this.rule.averageDecay,
    });
    if (isLast) this.finishApply();
    return result;
  }

  /** Copies the weights or their average at the present version. */
  copyTo(target: Buffer, which: 'weights' | 'average'): void {
    copyBytes(target, this.memory.arena.bytes(this.memory[which], this.spec.length * 4));
  }

  copyOf(which: 'weights' | 'average'): Buffer {
    const copy = Buffer.allocUnsafeSlow(this.spec.length * 4);
    this.copyTo(copy, which);
    return copy;
  }

  copyOfSlot(index: number): Buffer {
    const pointer = this.memory.slots[index];
    if (pointer === undefined) throw new Error(`chunk ${this.spec.index} has no slot ${index}`);
    return Buffer.from(this.memory.arena.bytes(pointer, this.spec.length * 4));
  }

  /** Gives its memory back as soon as no thread uses it. */
  async close(): Promise<void> {
    this.closed = true;
    await this.lastJob.catch(() => undefined);
    const { arena, weights, average, slots } = this.memory;
    for (const pointer of [weights, average, ...slots, ...this.owned]) arena.release(pointer);
    this.owned.clear();
  }

  private openTree(): PartialTree<number> {
    const { arena } = this.memory;
    return new PartialTree<number>(this.rule.leaves, {
      add: (left, right) => {
        this.run(
          this.job({ kind: 'add', arena, out: left, left, right, n: this.spec.length }).then(() => this.free(right)),
        );
        return left;
      },
      // Jobs that still read it are ahead of this one on the chunk's thread.
      release: (value) => this.run(this.lastJob.then(() => this.free(value))),
    });
  }

  private async finishStep(): Promise<void> {
    const gradient = this.tree.takeRoot();
    this.gradient = gradient;
    if (this.spec.kind === 'statistics') return await this.applyStatistics(gradient);
    if (!this.rule.needsScale) return await this.update(gradient);
    await this.prepare(gradient);
  }

  private async prepare(gradient: number): Promise<void> {
    const result = await this.job({ kind: 'prepare', arena: this.memory.arena, ...this.preparation(gradient) });
    if (this.accept(result) && this.scale !== undefined && !this.rule.isLed) await this.apply();
  }

  /** All that a step does to a chunk, where it needs to know nothing of the other chunks. */
  private async update(gradient: number): Promise<void> {
    this.events.leaving(this);
    const [prepare, apply] = [this.preparation(gradient), this.application(gradient)];
    const result = await this.job({ kind: 'update', arena: this.memory.arena, prepare, apply });
    if (this.accept(result)) await this.finishUpdate();
  }

  private async apply(): Promise<void> {
    const gradient = this.gradient;
    if (gradient === undefined || !this.prepared) throw new Error(`chunk ${this.spec.index} has nothing to apply`);
    this.prepared = false;
    this.events.leaving(this);
    await this.job({ kind: 'apply', arena: this.memory.arena, ...this.application(gradient) });
    await this.finishUpdate();
  }

  /** Tells of the prepared gradient; false when it is not finite, or nobody cares any more. */
  private accept(result: PrepareResult): boolean {
    if (this.closed || this.isGivenUp) return false;
    if (result.firstNonFinite >= 0) {
      const at = result.firstNonFinite;
      const segment = this.spec.segments.find(({ start, length }) => at >= start && at < start + length);
      this.events.overflowed(this, segment?.tensorIndex ?? 0);
      return false;
    }
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    this.prepared = true;
    const scalars = {
      gradientSquares: sum(result.sumSquares),
      weightSquares: sum(result.weightSquares),
      weightAbsolutes: sum(result.weightAbsolutes),
    };
    const { weightSquares = [], updateSquares = [] } = result.trust ?? {};
    const tensors = this.trained().flatMap(({ tensorIndex }, index) => {
      const [ofWeights, ofUpdate] = [weightSquares[index], updateSquares[index]];
      if (ofWeights === undefined || ofUpdate === undefined) return [];
      return [{ tensorIndex, weightSquares: ofWeights, updateSquares: ofUpdate }];
    });
    this.events.prepared(this, scalars, tensors);
    return true;
  }

  /** Of kernels whose units have a largest norm. */
  private limited(): Segment[] {
    return this.trained().filter(({ tensor }) => tensor.maxNorm !== undefined);
  }

  private isLimited(): boolean {
    return this.limited().every(({ tensorIndex }) => this.unitFactors.has(tensorIndex));
  }

  /** The weights are updated; where there is a largest norm, nobody sees them before they keep to it. */
  private async finishUpdate(): Promise<void> {
    this.prepared = false;
    const segments = this.limited();
    if (segments.length === 0) return this.finishApply();
    const { arena, weights } = this.memory;
    const squares = await this.job({
      kind: 'unitSquares',
      arena,
      weights,
      segments: segments.map(({ tensor, ...rest }) => ({ ...placeOf(rest), units: tensor.shape.at(-1)! })),
    });
    if (this.closed) return;
    for (const [index, { tensor, tensorIndex, length }] of segments.entries()) {
      if (length < tensor.length) this.events.measured(this, tensorIndex, squares[index]!);
      else this.unitFactors.set(tensorIndex, unitFactors(squares[index]!, tensor.maxNorm!));
    }
    if (this.isLimited()) await this.limit();
  }

  private async limit(): Promise<void> {
    if (this.closed) return;
    const { arena, weights, average } = this.memory;
    const segments = this.limited().map((segment) => ({
      ...placeOf(segment),
      factors: this.unitFactors.get(segment.tensorIndex)!,
    }));
    const { averageDecay } = this.rule;
    await this.job({ kind: 'scaleUnits', arena, weights, segments, n: this.spec.length, average, averageDecay });
    this.finishApply();
  }

  private trained(): Segment[] {
    return this.spec.segments.filter(({ tensor }) => !tensor.frozen);
  }

  private preparation(gradient: number): UpdateJob['prepare'] {
    const { optimizer, coefficients, needsTrust, reciprocal, clipValue } = this.rule;
    const { weights, slots } = this.memory;
    const segments = this.trained().map(({ start, length, tensor: { l1 = 0, l2, decays = false } }) => {
      return { start, length, l1, l2, decays };
    });
    const trust = needsTrust ? { optimizer, coefficients, slots } : undefined;
    return { gradient, weights, segments, reciprocal, clipValue, trust };
  }

  private application(gradient: number): UpdateJob['apply'] {
    const { weights, average, slots } = this.memory;
    return {
      optimizer: this.rule.optimizer,
      coefficients: this.rule.coefficients,
      segments: this.spec.segments.map(({ start, length, tensor, tensorIndex }) => ({
        start,
        length,
        rateMultiplier: tensor.rateMultiplier * (this.trust.get(tensorIndex) ?? 1),
        frozen: tensor.frozen,
        decays: tensor.decays ?? false,
      })),
      ...{ weights, gradient, slots },
      // Where units are limited the average comes after that.
      average: this.limited().length > 0 ? undefined : average,
      scale: this.scale,
      averageDecay: this.rule.averageDecay,
    };
  }

  private async applyStatistics(gradient: number): Promise<void> {
    const { arena, weights, average } = this.memory;
    this.events.leaving(this);
    await this.job({
      kind: 'runningStatistics',
      arena,
      running: weights,
      sum: gradient,
      segments: this.spec.segments.map(({ start, length, tensorIndex }) => ({
        start,
        length,
        momentum: this.rules.statisticsMomentum(tensorIndex),
      })),
      reciprocal: this.rule.reciprocal,
      average,
      averageDecay: this.rule.averageDecay,
    });
    this.finishApply();
  }

  private finishApply(): void {
    if (this.closed || this.gradient === undefined) return;
    this.free(this.gradient);
    this.gradient = undefined;
    this.prepared = false;
    this.isGivenUp = false;
    this.scale = undefined;
    this.trust = new Map();
    this.unitFactors = new Map();
    this.version += 1;
    this.rule = this.rules.step(this.version);
    this.tree = this.openTree();
    this.events.applied(this);
  }

  /** Jobs of one chunk are done in order, so the last one's end is the end of all. */
  private async job<J extends Job>(job: J): Promise<JobResult<J>> {
    const result = this.arithmetic.run(this.spec.index, job);
    this.lastJob = result;
    return await result;
  }

  private free(pointer: number): void {
    if (!this.owned.delete(pointer)) return;
    this.memory.arena.release(pointer);
  }

  private run(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      if (!this.closed) this.events.failed(error instanceof Error ? error : new Error(String(error)));
    });
  }
}

function placeOf({ start, length, tensorStart }: Pick<Segment, 'start' | 'length' | 'tensorStart'>) {
  return { start, length, tensorStart };
}
