/**
 * The lead of one trial: admits workers, runs the rounds one after another, names the cuts, and begins a new incarnation
 * when a shard is lost. What is computed and applied is others' work; this decides the order.
 */
import { mkdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { layOutChunks, shardOfChunk } from '../../common/chunk-layout.js';
import { PolyakError } from '../../common/errors.js';
import type { Experiment } from '../../common/experiment/schema.js';
import type { ChunkFrame } from '../../common/frame.js';
import type { Logger } from '../../common/log.js';
import type { Manifest } from '../../common/manifest.js';
import { withResolvers } from '../../common/with-resolvers.js';
import { passLeaves, type TrainingPlan } from '../../common/plan.js';
import type { ShardOrder } from '../../proto/gen/polyak/v1/ShardOrder.js';
import type { ShardReport } from '../../proto/gen/polyak/v1/ShardReport.js';
import { claimIncarnation, commitCheckpoint, newestCheckpoint } from '../checkpoint/checkpoint.js';
import { hashVector } from '../checkpoint/load-chunk.js';
import type { ShardMetrics } from '../server-metrics.js';
import { planOf } from '../step-rules.js';
import type { TrialFacts } from './admission.js';
import { openAuditLog, type AuditLog } from './audit-log.js';
import { CutLedger } from './cut-ledger.js';
import { Membership, type RoundSpec } from './membership.js';
import { PreprocessCollector } from './preprocess-collector.js';
import { ProgressMeter } from './progress-meter.js';
import type { ReportQueue } from './report-queue.js';
import { ScalarLedger } from './scalar-ledger.js';
import { openLocalShard, openRemoteShard, type BeginLocally, type ShardPort } from './shard-port.js';
import { addSums, emptySums, leadRecordSchema, type Sums } from './trial-state.js';

export interface TrialLeadOptions {
  trialKey: Buffer;
  /** Resolved, as JSON. */
  experimentJson: string;
  experiment: Experiment;
  /** Number of the shard this process is. */
  shard: number;
  shards: string[];
  /** Folder of the trial's checkpoints. */
  directory: string;
  /** Step not to pass; 0 for all epochs. */
  untilStep: number;
  leadEpoch: number;
  beginLocally: BeginLocally;
  reports: ReportQueue;
  metrics: ShardMetrics;
  log: Logger;
}

/** The incarnation is over because a shard is gone; the next one begins from the newest checkpoint. */
class Rollback extends Error {}

/** Another process leads the trial: nothing is to be said about it from here any more. */
class Replaced extends Error {}

/** The trial has ended for good, with this event. */
class TrialEnd extends Error {
  constructor(readonly event: Record<string, unknown>) {
    super(String(event['event']));
  }
}

export class TrialLead {
  readonly membership: Membership;
  preprocess: Float32Array | null = null;
  incarnation = 0;
  private shards: string[];
  private ports: (ShardPort | undefined)[] = [];
  private collector: PreprocessCollector | undefined;
  private scalars = new ScalarLedger(0);
  private cuts = new CutLedger(0);
  private reached: { step: number; resolve: () => void } | undefined;
  private reachedStep: number[] = [];
  private epochSums: Sums;
  private validation: { loss: number; accuracy: number | null } | null = null;
  private meter = new ProgressMeter();
  private interrupt: ((error: Error) => void) | undefined;
  private interrupted: Promise<never> = new Promise(() => undefined);
  private stopRequested = false;
  private lastCheckpointAt = Date.now();
  private ended = false;
  /** The present incarnation has taken a step. */
  private advanced = false;
  private readonly audit: AuditLog | undefined;

  constructor(private readonly options: TrialLeadOptions) {
    this.shards = options.shards;
    this.audit = openAuditLog(options.directory);
    this.epochSums = emptySums(options.experiment.metrics.length);
    this.membership = new Membership({
      experimentJson: options.experimentJson,
      numerics: options.experiment.numerics,
      metrics: options.metrics,
      log: options.log,
      notice: (kind, message) => this.notice(kind, message),
      admission: () => ({
        incarnation: this.incarnation,
        shards: this.shards,
        chunkFloats: options.experiment.chunkFloats,
        hasPreprocess: this.preprocess !== null,
      }),
      abort: (error) => this.interrupt?.(error),
    });
  }

  get chunkFloats(): number {
    return this.options.experiment.chunkFloats;
  }

  /** Runs the trial to its end. Never throws; the end is a report. */
  async run(): Promise<void> {
    let failures = 0;
    while (!this.ended) {
      this.advanced = false;
      this.interrupted = new Promise((_, reject) => (this.interrupt = reject));
      this.interrupted.catch(() => undefined);
      try {
        await this.runIncarnation();
      } catch (error) {
        this.closePorts();
        if (this.ended) return;
        if (error instanceof TrialEnd) this.end(error.event);
        else if (error instanceof Replaced) {
          this.options.log.warn({ reason: error.message }, 'Fenced');
          this.abandon(error.message);
        } else if (error instanceof Rollback) {
          this.options.log.warn({ reason: error.message }, 'rolling back');
          this.options.metrics.rollbacks.inc();
          this.notice('rollback', error.message);
          failures = this.advanced ? 0 : failures + 1;
          await delay(Math.min(1000, 100 * 2 ** failures));
        } else {
          this.end(failureEvent(error, this.options.log));
        }
      }
    }
  }

  /** The coordinator sent the shards' addresses again: one may have moved. */
  setShards(shards: string[]): void {
    if (shards.join() === this.shards.join()) return;
    this.shards = shards;
    this.interrupt?.(new Rollback('the shards have new addresses'));
  }

  /** Checkpoint, then end as stopped. */
  stop(): void {
    this.stopRequested = true;
    if (this.membership.factsNow === undefined) this.interrupt?.(new TrialEnd({ event: 'stopped', step: 0 }));
  }

  /** Forget the trial without a word: it has been dropped, or another leads it. */
  abandon(reason: string): void {
    this.ended = true;
    this.interrupt?.(new Error(reason));
    this.closePorts();
    this.membership.close({ fenced: { message: reason } });
  }

  pushPreprocess(frame: ChunkFrame): 'APPLIED' | 'DUPLICATE' | 'STALE' {
    return this.collector ? this.collector.push(frame) : 'STALE';
  }

  private async runIncarnation(): Promise<void> {
    const { directory, experiment } = this.options;
    await mkdir(directory, { recursive: true });
    this.incarnation = await claimIncarnation(directory);
    const checkpoint = await newestCheckpoint(directory, (path, reason) =>
      this.notice('checkpoint-passed-over', `${path}: ${reason}`),
    );
    this.epochSums = emptySums(experiment.metrics.length);
    if (checkpoint) this.restore(checkpoint.record.lead, checkpoint.record.preprocess);
    const facts = await this.orInterrupted(this.membership.facts());
    const plan = planOf(experiment, facts.data.trainCount);
    const allSteps = plan.stepsPerEpoch * experiment.train.epochs;
    const untilStep = this.options.untilStep > 0 ? Math.min(this.options.untilStep, allSteps) : allSteps;
    let step = await this.beginShards(facts, checkpoint?.path ?? '', untilStep);
    this.lastCheckpointAt = Date.now();
    this.meter = new ProgressMeter();
    await this.ensurePreprocess(facts);
    this.membership.admitAll();

    while (step < untilStep) {
      await this.checkpointIfDue(step, facts);
      const sums = await this.trainStep(step, plan);
      this.epochSums = addSums(this.epochSums, sums);
      step += 1;
      this.progress(step, untilStep, plan, sums);
      if (step % plan.stepsPerEpoch === 0) await this.finishEpoch(step, facts, plan);
    }
    await this.finish(step, facts);
  }

  /** All shards load the weights; answers with the step they are at. */
  private async beginShards(facts: TrialFacts, checkpoint: string, untilStep: number): Promise<number> {
    const { trialKey, experimentJson, experiment, directory, leadEpoch } = this.options;
    const shards = this.shards.length;
    const chunks = layOutChunks(JSON.parse(facts.manifest) as Manifest, experiment.chunkFloats);
    const parameterChunks = chunks.filter(({ kind }) => kind === 'parameters').length;
    this.scalars = new ScalarLedger(parameterChunks);
    this.reachedStep = Array.from({ length: shards }, () => -1);
    const begun = new Map<number, number>();
    const allBegun = withResolvers<number>();
    const participants = participatingShards(trialKey, chunks.length, shards);
    this.cuts = new CutLedger(participants.length);
    const events = {
      report: (shard: number, report: ShardReport) => {
        if (report.begun) {
          begun.set(shard, report.begun.step ?? 0);
          this.reachedStep[shard] = report.begun.step ?? 0;
          if (begun.size === participants.length) allBegun.resolve(report.begun.step ?? 0);
        } else this.handleReport(shard, report);
      },
      lost: (shard: number, error: Error) => this.interrupt?.(new Rollback(`shard ${shard} is lost: ${error.message}`)),
    };
    this.ports = [];
    for (const shard of participants) {
      const begin = {
        trialKey,
        incarnation: this.incarnation,
        shard,
        shards,
        experiment: experimentJson,
        manifest: facts.manifest,
        checkpoint,
        directory,
        data: facts.data,
        untilStep,
        leadEpoch,
      };
      this.ports[shard] =
        shard === this.options.shard
          ? await this.orInterrupted(openLocalShard(begin, this.options.beginLocally, events))
          : openRemoteShard(this.shards[shard] ?? '', begin, events);
    }
    return await this.orInterrupted(allBegun.promise);
  }

  private handleReport(shard: number, report: ShardReport): void {
    const round = this.membership.round;
    if (report.held) {
      const { step = 0, firstLeaf = 0, leaves = 0 } = report.held;
      if (round?.spec.kind === 'GRADIENT' && round.spec.step === step) round.held({ first: firstLeaf, leaves }, shard);
    } else if (report.scalars) {
      const total = this.scalars.add(report.scalars);
      if (total) this.sendScale(report.scalars.step ?? 0, total.gradientSquares);
    } else if (report.reached) {
      this.reachedStep[shard] = report.reached.step ?? 0;
      if (this.reached) this.checkReached(this.reached.step);
    } else if (report.overflow) {
      const { step = 0, tensor = '' } = report.overflow;
      this.interrupt?.(new TrialEnd(divergedEvent(step, tensor, 'the sum of the gradients is not finite')));
    } else if (report.cutPlanned) this.cuts.planned(report.cutPlanned.step ?? 0, shard);
    else if (report.cutWritten) {
      const { step = 0, file = '', bytes = 0, chunks = [] } = report.cutWritten;
      this.cuts.written(step, shard, { file, bytes: Number(bytes), chunks });
    } else if (report.fenced) {
      const reason = `shard ${shard}: ${report.fenced.message ?? ''}`;
      this.interrupt?.(report.fenced.replaced ? new Replaced(reason) : new Rollback(reason));
    } else if (report.failed)
      this.interrupt?.(new PolyakError('internal', `shard ${shard}: ${report.failed.message ?? ''}`));
  }

  /** Global-norm clipping: the factor that all chunks of the step wait for. */
  private sendScale(step: number, gradientSquares: number): void {
    const { clip } = this.options.experiment;
    if (!clip || !('globalNorm' in clip)) return;
    const norm = Math.sqrt(gradientSquares);
    const factor = norm > clip.globalNorm ? Math.fround(clip.globalNorm / norm) : 1;
    this.broadcast({ scale: { step, factor } });
  }

  private async trainStep(step: number, plan: TrainingPlan): Promise<Sums> {
    const { experiment, metrics } = this.options;
    const stopTimer = metrics.stepSeconds.startTimer();
    const { leaves } = plan.step(step);
    const sums = await this.runRound({
      kind: 'GRADIENT',
      step,
      leafCount: leaves,
      shardsNeeded: this.ports.filter(Boolean).length,
    });
    stopTimer();
    this.advanced = true;
    metrics.steps.inc();
    const l2 = experiment.regularise.l2;
    if (l2 > 0) {
      const { weightSquares } = await this.orInterrupted(this.scalars.total(step));
      sums.l2Sum = 0.5 * l2 * weightSquares * sums.samples;
    }
    this.scalars.forget(step);
    return sums;
  }

  private async evaluate(step: number, split: 'VALIDATION' | 'TEST', vector: 'WEIGHTS' | 'AVERAGE', count: number) {
    await this.allReached(step);
    const leafCount = passLeaves(count, this.options.experiment.train.microBatchSize);
    const sums = await this.runRound({ kind: 'EVALUATE', step, leafCount, shardsNeeded: 0, split, vector });
    const accuracyIndex = this.options.experiment.metrics.indexOf('accuracy');
    return {
      loss: sums.lossSum / sums.samples,
      accuracy: accuracyIndex < 0 ? null : (sums.metricSums[accuracyIndex] ?? 0) / sums.samples,
    };
  }

  private async ensurePreprocess(facts: TrialFacts): Promise<void> {
    const { experiment } = this.options;
    if (this.preprocess || !experiment.preprocess.some((entry) => 'subtractMean' in entry)) return;
    const { trainCount, features } = facts.data;
    const leafCount = passLeaves(trainCount, experiment.train.microBatchSize);
    this.collector = new PreprocessCollector(features, experiment.chunkFloats, leafCount, (node) =>
      this.membership.round?.held(node, this.options.shard),
    );
    this.membership.admitAll();
    await this.runRound({ kind: 'STATISTICS', step: 0, leafCount, shardsNeeded: 1 });
    this.preprocess = this.collector.mean(trainCount);
    this.collector = undefined;
  }

  private async runRound(spec: RoundSpec): Promise<Sums> {
    const outcome = await this.orInterrupted(this.membership.runRound(spec));
    if (spec.kind === 'GRADIENT') await this.audit?.step(this.incarnation, spec.step, outcome.tiles);
    if (outcome.bad) throw new TrialEnd(divergedEvent(spec.step, outcome.bad.tensor, 'the gradient is not finite'));
    return outcome.sums;
  }

  private async finishEpoch(step: number, facts: TrialFacts, plan: TrainingPlan): Promise<void> {
    const { experiment, reports } = this.options;
    if (facts.data.validationCount > 0) {
      const vector = experiment.objective.weights === 'average' ? 'AVERAGE' : 'WEIGHTS';
      this.validation = await this.evaluate(step, 'VALIDATION', vector, facts.data.validationCount);
    }
    const training = this.means(this.epochSums);
    const body = { event: 'epoch', epoch: step / plan.stepsPerEpoch, step, ...training, validation: this.validation };
    reports.add({ kind: 'EPOCH', step, body });
    this.epochSums = emptySums(experiment.metrics.length);
  }

  private async checkpointIfDue(step: number, facts: TrialFacts): Promise<void> {
    const { experiment } = this.options;
    if (this.stopRequested) {
      await this.checkpoint(step, facts);
      throw new TrialEnd({ event: 'stopped', step });
    }
    const due = Date.now() - this.lastCheckpointAt >= experiment.checkpoint.every * 1000;
    if (!due || this.cuts.busy) return;
    this.lastCheckpointAt = Date.now();
    const { committed } = await this.planCheckpoint(step, facts);
    // Of this incarnation: the commit may fail because the next one has begun.
    const { interrupt } = this;
    committed.catch((error: unknown) => interrupt?.(error instanceof Error ? error : new Error(String(error))));
  }

  private async checkpoint(step: number, facts: TrialFacts): Promise<string> {
    if (this.cuts.busy) await this.orInterrupted(this.cuts.idle());
    const { committed } = await this.planCheckpoint(step, facts);
    return await this.orInterrupted(committed);
  }

  /** Names the cut to all shards. Resolves when all know of it (only then may steps go on), with the commit to come. */
  private async planCheckpoint(step: number, facts: TrialFacts): Promise<{ committed: Promise<string> }> {
    const { directory, experiment, trialKey, reports } = this.options;
    const cut = this.cuts.begin(step);
    const lead = {
      facts,
      epochSums: this.epochSums,
      validation: this.validation,
      reproducible: this.membership.reproducible,
      unacknowledged: reports.pending(),
    };
    const preprocess = this.preprocess ? Buffer.from(this.preprocess.buffer).toString('base64') : null;
    this.broadcast({ cut: { step } });
    await this.orInterrupted(cut.planned);
    const commit = async () => {
      const files = await cut.written;
      const manifest = JSON.parse(facts.manifest) as Manifest & Record<string, unknown>;
      const { chunkFloats } = experiment;
      const identity = { format: 1 as const, trialKey: trialKey.toString('hex'), incarnation: this.incarnation, step };
      const record = { ...identity, manifest, chunkFloats, files, lead, preprocess };
      return await orRollback(commitCheckpoint(directory, record, experiment.checkpoint.keep));
    };
    return { committed: commit() };
  }

  private async finish(step: number, facts: TrialFacts): Promise<void> {
    const { validationCount, testCount } = facts.data;
    if (validationCount > 0) this.validation ??= await this.evaluate(step, 'VALIDATION', 'WEIGHTS', validationCount);
    const last = testCount > 0 ? await this.evaluate(step, 'TEST', 'WEIGHTS', testCount) : null;
    const average = testCount > 0 ? await this.evaluate(step, 'TEST', 'AVERAGE', testCount) : null;
    await this.allReached(step);
    const record = await this.checkpoint(step, facts);
    throw new TrialEnd({
      event: 'finished',
      steps: step,
      weightsSha256: await hashVector(record, 'weights'),
      averageSha256: await hashVector(record, 'average'),
      validation: this.validation,
      test: last && { accuracy: last.accuracy, averageAccuracy: average?.accuracy ?? null },
      imagesPerSecond: this.meter.imagesPerSecond,
      workers: this.membership.size,
      reproducible: this.membership.reproducible,
    });
  }

  private restore(lead: Record<string, unknown>, preprocess: string | null): void {
    const record = leadRecordSchema.parse(lead);
    this.membership.record(record.facts, record.reproducible);
    this.epochSums = record.epochSums;
    this.validation = record.validation;
    for (const report of record.unacknowledged) this.options.reports.add(report);
    if (preprocess !== null) {
      const bytes = Buffer.from(preprocess, 'base64');
      this.preprocess = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    }
  }

  private means(sums: Sums): { loss: number; accuracy: number | null } {
    const accuracyIndex = this.options.experiment.metrics.indexOf('accuracy');
    return {
      loss: (sums.lossSum + sums.l2Sum) / sums.samples,
      accuracy: accuracyIndex < 0 ? null : (sums.metricSums[accuracyIndex] ?? 0) / sums.samples,
    };
  }

  private progress(step: number, steps: number, plan: TrainingPlan, sums: Sums): void {
    const { train } = this.options.experiment;
    const due = this.meter.step(sums.samples, steps - step);
    if (!due) return;
    this.options.reports.progress({
      event: 'progress',
      step,
      steps,
      epoch: Math.floor((step - 1) / plan.stepsPerEpoch) + 1,
      epochs: train.epochs,
      ...this.means(sums),
      imagesPerSecond: this.meter.imagesPerSecond,
      workers: this.membership.size,
      secondsLeft: this.meter.secondsLeft,
    });
  }

  private async allReached(step: number): Promise<void> {
    const reached = withResolvers<undefined>();
    this.reached = { step, resolve: () => reached.resolve(undefined) };
    this.checkReached(step);
    await this.orInterrupted(reached.promise);
  }

  private checkReached(step: number): void {
    if (this.ports.every((port, shard) => !port || this.reachedStep[shard] === step)) this.reached?.resolve();
  }

  private broadcast(order: ShardOrder): void {
    for (const port of this.ports) port?.send(order);
  }

  private closePorts(): void {
    for (const port of this.ports) port?.close();
    this.ports = [];
    this.membership.cancelRound();
  }

  private async orInterrupted<Value>(work: Promise<Value>): Promise<Value> {
    return await Promise.race([work, this.interrupted]);
  }

  private notice(kind: string, message: string): void {
    this.options.reports.add({ kind: 'NOTICE', step: 0, body: { event: 'notice', kind, message } });
  }

  private end(event: Record<string, unknown>): void {
    this.ended = true;
    this.closePorts();
    this.options.reports.add({ kind: 'END', step: Number(event['steps'] ?? event['step'] ?? 0), body: event });
    this.membership.close({ ended: { state: String(event['event']) } });
  }
}

/** What is fenced is the incarnation, by one claimed since; whether the lead is, too, its shards and the coordinator say. */
async function orRollback<Value>(work: Promise<Value>): Promise<Value> {
  return await work.catch((error: unknown) => {
    throw error instanceof PolyakError && error.code === 'fenced' ? new Rollback(error.message) : error;
  });
}

/** The shards that own a chunk. */
function participatingShards(trialKey: Buffer, chunks: number, shards: number): number[] {
  const owners = new Set(Array.from({ length: chunks }, (_, chunk) => shardOfChunk(trialKey, chunk, chunks, shards)));
  return [...owners].toSorted((left, right) => left - right);
}

function divergedEvent(step: number, tensor: string, what: string): Record<string, unknown> {
  const layer = tensor.replace(/\/[^/]*$/, '');
  const message = `diverged at step ${step}: ${what} in layer '${layer}' (${tensor}); try a smaller learning rate`;
  return { event: 'diverged', step, layer, tensor, message };
}

function failureEvent(error: unknown, log: Logger): Record<string, unknown> {
  if (error instanceof PolyakError) return { event: 'failed', code: error.code, message: error.message };
  log.error({ error: error instanceof Error ? error.stack : String(error) }, 'the trial failed');
  return { event: 'failed', code: 'internal', message: error instanceof Error ? error.message : String(error) };
}
