/**
 * The workers of a trial and the round they are in: admission, liveness, and turning a round's decisions into messages
 * and workers' messages into calls on the round.
 */
import { PolyakError, isErrorCode } from '../../common/errors.js';
import type { Logger } from '../../common/log.js';
import { PartialTree, type TreeNode } from '../../common/reduction-tree.js';
import { withResolvers } from '../../common/with-resolvers.js';
import type { Admitted } from '../../proto/gen/polyak/v1/Admitted.js';
import type { LeadMessage } from '../../proto/gen/polyak/v1/LeadMessage.js';
import type { Proof__Output } from '../../proto/gen/polyak/v1/Proof.js';
import type { WorkerMessage__Output } from '../../proto/gen/polyak/v1/WorkerMessage.js';
import { serverDifference } from '../same-arithmetic.js';
import type { ShardMetrics } from '../server-metrics.js';
import { difference, differsByMachine, factsOf, mayTolerate, type TrialFacts } from './admission.js';
import { LeaseClock } from './lease-clock.js';
import { Member, type ControlStream } from './member.js';
import { Round, type BadLeaves, type Lease, type Tile } from './round.js';
import { addSums, type Sums } from './trial-state.js';
import { lossesMessage, WorkerLosses } from './worker-losses.js';

export interface RoundSpec {
  kind: 'GRADIENT' | 'EVALUATE' | 'STATISTICS';
  step: number;
  leafCount: number;
  shardsNeeded: number;
  split?: 'VALIDATION' | 'TEST';
  vector?: 'WEIGHTS' | 'AVERAGE';
}

export interface RoundOutcome {
  sums: Sums;
  bad: BadLeaves | undefined;
  /** Workers that found something not finite where the others did not. */
  falseAlarms: string[];
  /** Whose sums the result is made of, left to right; empty when it is bad. */
  tiles: Tile[];
  /** From the round's begin to the last header of it. */
  waitSeconds: number;
}

export interface MembershipOptions {
  experimentJson: string;
  microBatchSize: number;
  numerics: 'exact' | 'tolerant';
  metrics: ShardMetrics;
  log: Logger;
  notice(kind: string, message: string): void;
  admission(): Admitted;
  abort(error: Error): void;
}

interface RunningRound {
  round: Round;
  spec: RoundSpec;
  done: ReturnType<typeof withResolvers<RoundOutcome>>;
  begunAt: number;
  /** When the last header came. */
  headerAt: number;
}

const silenceMs = 3000;
const tickMs = 250;

export class Membership {
  reproducible = true;
  round: { spec: RoundSpec; held(node: TreeNode, shard: number): void } | undefined;
  private running: RunningRound | undefined;
  private readonly members = new Map<string, Member>();
  private readonly quarantined = new Set<string>();
  private readonly warned = new Set<string>();
  private readonly clock = new LeaseClock();
  private readonly losses = new WorkerLosses();
  private readonly firstFacts = withResolvers<TrialFacts>();
  private known: TrialFacts | undefined;
  private lastLeaseId = 0;
  private open = false;
  private closedWith: LeadMessage | undefined;
  private tickedAt = performance.now();
  private readonly ticker = setInterval(() => this.tick(), tickMs);

  constructor(private readonly options: MembershipOptions) {}

  get size(): number {
    return [...this.members.values()].filter(({ proven }) => proven).length;
  }

  /** Leases outstanding. */
  get leaseCount(): number {
    return this.running?.round.leaseCount ?? 0;
  }

  async facts(): Promise<TrialFacts> {
    return this.known ?? (await this.firstFacts.promise);
  }

  /** What a checkpoint says of the workers that made it. */
  record(facts: TrialFacts, reproducible: boolean): void {
    this.known = facts;
    this.reproducible = reproducible;
    this.firstFacts.resolve(facts);
  }

  attach(id: string, stream: ControlStream): void {
    if (this.closedWith) {
      stream.on('error', () => undefined);
      stream.write(this.closedWith);
      stream.end();
      return;
    }
    this.losses.cameBack(id);
    const before = this.members.get(id);
    // Its leases were granted on the stream that it has left, perhaps unheard.
    if (before) this.lose(before, 'reconnected');
    const member = new Member(id, stream, performance.now());
    this.members.set(id, member);
    stream.on('data', (message: WorkerMessage__Output) => this.receive(member, message));
    const gone = (reason: string) => () => this.lose(member, reason);
    stream.on('cancelled', gone('stream broken'));
    stream.on('error', gone('stream broken'));
    // Of whoever leaves there is word before.
    stream.on('end', gone('stream broken'));
    member.send({ describe: { experiment: this.options.experimentJson } });
  }

  /** From now on workers may have leases; those proven before hear of the incarnation. */
  admitAll(): void {
    this.open = true;
    for (const member of this.members.values()) if (member.proven) this.admit(member);
  }

  async runRound(spec: RoundSpec): Promise<RoundOutcome> {
    const done = withResolvers<RoundOutcome>();
    const round = new Round(
      spec.leafCount,
      spec.shardsNeeded,
      () => (this.lastLeaseId += 1),
      (leaves, attempt) => this.clock.deadlineMs(leaves, attempt),
      {
        grant: (lease) => this.send(lease.worker, { lease: this.leaseMessage(lease, spec) }),
        shrink: (lease) => this.send(lease.worker, { shrink: { lease: lease.id, endLeaf: lease.end } }),
        void: (lease) => this.send(lease.worker, { void: { lease: lease.id } }),
        reissued: (reason) => this.options.metrics.leasesReissued.inc({ reason }),
      },
    );
    const begunAt = performance.now();
    this.running = { round, spec, done, begunAt, headerAt: begunAt };
    this.round = {
      spec,
      held: (node, shard) => {
        if (this.running?.round !== round) return;
        round.held(node, shard, performance.now());
        this.checkDone();
      },
    };
    const proven = [...this.members.values()].filter((member) => member.proven);
    round.begin(
      proven.map(({ id, secondsPerLeaf }) => [id, secondsPerLeaf] as const),
      begunAt,
    );
    return await done.promise;
  }

  cancelRound(): void {
    this.open = false;
    this.running = undefined;
    this.round = undefined;
  }

  close(message: LeadMessage): void {
    clearInterval(this.ticker);
    this.closedWith = message;
    this.cancelRound();
    for (const member of this.members.values()) {
      member.send(message);
      member.close();
    }
    this.members.clear();
  }

  private receive(member: Member, message: WorkerMessage__Output): void {
    if (this.members.get(member.id) !== member) return;
    member.lastHeardAt = performance.now();
    if (message.proof) this.judge(member, message.proof);
    else if (message.preparationFailed) {
      const { code, message: text } = message.preparationFailed;
      // Where another worker could prepare, the fault is this one's; and another may run what this one does not.
      if (this.known || code === 'refused') return this.refuse(member, text, { code });
      this.options.abort(new PolyakError(isErrorCode(code) ? code : 'internal', text));
    } else if (message.leaving) this.lose(member, 'left');
    else if (this.running && member.proven) this.receiveForRound(member, message, this.running);
  }

  private receiveForRound(member: Member, message: WorkerMessage__Output, running: RunningRound): void {
    const { round, spec } = running;
    const now = performance.now();
    const computedBefore = round.computedCount;
    if (message.computed) {
      const { lease, firstLeaf, leaves, lossSum, metricSums, samples, badTensor, badTensorIndex } = message.computed;
      if (!round.owns(lease)) return;
      running.headerAt = now;
      if (spec.kind === 'GRADIENT') this.options.metrics.gradients.inc({ result: badTensor ? 'not finite' : 'finite' });
      const header = { worker: member.id, lossSum, metricSums, samples, badTensor, badTensorIndex };
      round.header({ first: firstLeaf, leaves }, header, now);
    } else if (message.progress) {
      const { lease, leavesDone, secondsPerLeaf } = message.progress;
      member.measured(secondsPerLeaf);
      if (spec.kind === 'GRADIENT') this.clock.measured(secondsPerLeaf, spec.step);
      round.progress(lease, leavesDone, now);
    } else if (message.failed) {
      const hopeless = round.failed(message.failed.lease, member.id, now);
      this.options.notice('lease-failed', `worker ${member.id}: ${message.failed.message}`);
      if (hopeless) {
        this.options.abort(
          new PolyakError('training', `a lease failed on every worker that took it: ${message.failed.message}`),
        );
      }
    }
    if (round.computedCount > computedBefore) this.losses.progressed();
    this.checkDone();
  }

  private judge(member: Member, proof: Proof__Output): void {
    if (this.quarantined.has(member.id)) return this.refuse(member, 'its gradients were not finite where others were');
    const fromServer = serverDifference(proof);
    // Before it is the first, or the trial would be its and nobody's.
    if (fromServer !== undefined && this.options.numerics === 'exact')
      return this.refuse(member, fromServer, { byFingerprint: true });
    if (!this.known) {
      this.record(factsOf(proof), true);
      // That those who come later do the same again, is nothing new.
      this.losses.progressed();
    }
    const why = this.known && (difference(this.known, proof) ?? fromServer);
    if (this.known && why !== undefined) {
      if (this.options.numerics !== 'tolerant' || !mayTolerate(this.known, proof))
        return this.refuse(member, why, { byFingerprint: differsByMachine(this.known, proof) });
      this.reproducible = false;
      this.options.notice('tolerated', `worker ${member.id} was admitted under numerics: tolerant; ${why}`);
    }
    for (const warning of proof.warnings) this.warn(warning);
    member.proven = true;
    if (this.open) this.admit(member);
  }

  private admit(member: Member): void {
    member.send({ admitted: this.options.admission() });
    this.running?.round.join(member.id, member.secondsPerLeaf, performance.now());
  }

  /** Once, though every worker says it. */
  private warn(message: string): void {
    if (this.warned.has(message)) return;
    this.warned.add(message);
    this.options.notice('module', message);
  }

  private refuse(member: Member, reason: string, { code = '', byFingerprint = false } = {}): void {
    this.options.log.warn({ worker: member.id, reason }, 'worker refused');
    this.options.notice('refused', `worker ${member.id}: ${reason}`);
    member.send({ refused: { message: reason, byFingerprint } });
    this.members.delete(member.id);
    member.close();
    if (code === 'refused' && this.members.size === 0) {
      this.options.notice('no-workers', 'no worker is left that runs modules; the run waits for one');
    }
  }

  private lose(member: Member, reason: string): void {
    if (this.members.get(member.id) !== member) return;
    this.members.delete(member.id);
    this.options.metrics.workersLost.inc({ reason });
    this.options.log.info({ worker: member.id, reason }, 'worker lost');
    member.close();
    const now = performance.now();
    if (reason === 'stream broken' || reason === 'silent') this.countLoss(member, now);
    this.running?.round.leave(member.id, now);
  }

  /** Whether it died of the trial is not known of one death; of several in a row it is. */
  private countLoss({ id, proven, attachedAt }: Member, now: number): void {
    const { running } = this;
    const since = proven ? running?.round.computesSince(id) : attachedAt;
    if (since === undefined || !this.losses.add(id, since, now)) return;
    const doing = proven && running ? doingOf(running.spec) : 'prepared for this trial and tried its first micro-batch';
    this.options.abort(new PolyakError('exhausted', lossesMessage(doing, this.options.microBatchSize)));
  }

  private checkDone(): void {
    const running = this.running;
    if (!running?.round.complete) return;
    this.running = undefined;
    this.round = undefined;
    const bad = running.round.bad;
    const falseAlarms = bad ? [] : running.round.falseAlarms;
    const tiles = bad ? [] : running.round.tiling();
    const waitSeconds = (running.headerAt - running.begunAt) / 1000;
    const sums = bad ? emptyOutcome : sumTiles(running.round.leafCount, tiles);
    running.done.resolve({ bad, falseAlarms, sums, tiles, waitSeconds });
  }

  /** Its gradients are not trusted any more. */
  quarantine(worker: string): void {
    this.quarantined.add(worker);
    const member = this.members.get(worker);
    if (member) this.refuse(member, 'its gradients were not finite where another worker found them finite');
  }

  private tick(): void {
    const now = performance.now();
    // A lead that was itself suspended has heard nothing through no fault of the workers'.
    const suspended = now - this.tickedAt > silenceMs / 2;
    this.tickedAt = now;
    for (const member of this.members.values()) {
      member.send({ heartbeat: {} });
      if (suspended) member.lastHeardAt = now;
      if (now - member.lastHeardAt > silenceMs) this.lose(member, 'silent');
    }
    this.running?.round.tick(now);
    this.checkDone();
  }

  private leaseMessage(lease: Lease, spec: RoundSpec): LeadMessage['lease'] {
    return {
      id: lease.id,
      kind: spec.kind,
      step: spec.step,
      firstLeaf: lease.first,
      endLeaf: lease.end,
      split: spec.split ?? 'TRAIN',
      vector: spec.vector ?? 'WEIGHTS',
      incarnation: this.options.admission().incarnation,
    };
  }

  private send(worker: string, message: LeadMessage): void {
    this.members.get(worker)?.send(message);
  }
}

function doingOf({ kind, step }: RoundSpec): string {
  if (kind === 'GRADIENT') return `computed for step ${step + 1} of this trial`;
  return kind === 'EVALUATE'
    ? `evaluated this trial after step ${step}`
    : "computed the statistics of this trial's inputs";
}

const emptyOutcome: Sums = { lossSum: 0, metricSums: [], samples: 0, l2Sum: 0 };

/** Adds the headers' sums in the tree's order, so that the reported loss is the same for any cut, too. */
function sumTiles(leafCount: number, tiles: readonly Tile[]): Sums {
  const tree = new PartialTree<Sums>(leafCount, { add: addSums, release: () => undefined });
  for (const { node, header } of tiles) {
    const { lossSum, metricSums, samples } = header;
    tree.fill(node, { lossSum, metricSums, samples, l2Sum: 0 });
  }
  return tree.takeRoot();
}
