/**
 * The lead of one trial: admits workers, runs the rounds one after another, names the cuts, and begins a new incarnation
 * when a shard is lost. What is computed and applied is others' work; this decides the order.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { PolyakError } from '../../common/errors.js';
import { finishMeasuring, isMeasured, measuredFloats } from '../../common/input-statistics.js';
import type { Experiment } from '../../common/experiment/schema.js';
import { measuredMetrics } from '../../common/experiment/stages.js';
import type { ChunkFrame } from '../../common/frame.js';
import { arithmeticRevision } from '../../common/kernels/arithmetic-revision.js';
import type { Logger } from '../../common/log.js';
import type { Manifest } from '../../common/manifest.js';
import { preprocessPlan } from '../../common/preprocessing/preprocess-plan.js';
import type { TlsFiles } from '../../common/tls/tls-files.js';
import { withResolvers } from '../../common/with-resolvers.js';
import { passLeaves, type TrainingPlan } from '../../common/plan.js';
import { ownVersion } from '../../common/version.js';
import { hashVector } from '../checkpoint/checkpoint-reader.js';
import { readStoredModule } from '../checkpoint/stored-module.js';
import { MemoryTaken } from '../memory-taken.js';
import { afterValidation, firstPlateau } from '../plateau.js';
import type { ShardMetrics } from '../server-metrics.js';
import { chosenOptimizer, learningRateOf, planOf, plateauOf } from '../step-rules.js';
import type { TrialFacts } from './admission.js';
import { openAuditLog, type AuditLog } from './audit-log.js';
import { CheckpointSource } from './checkpoint-source.js';
import { Checkpointer } from './checkpointer.js';
import { divergedEvent, failureEvent } from './end-event.js';
import { FullBatchTraining } from './full-batch-training.js';
import { Drained, Interruption, Replaced, Rollback, Stopped, TrialEnd } from './interruption.js';
import { Membership, type RoundOutcome, type RoundSpec } from './membership.js';
import { PreprocessCollector } from './preprocess-collector.js';
import { ProgressMeter } from './progress-meter.js';
import type { ReportQueue } from './report-queue.js';
import type { BeginLocally, ReleaseLocally } from './shard-port.js';
import { ShardSet } from './shard-set.js';
import { addSums, emptySums, leadRecordSchema, meansOf, testScores, type Means, type Sums } from './trial-state.js';
import { UnsavedWork } from './unsaved-work.js';

const memoryRetryMs = 1000;
const drainingMessage = 'the server is to end; the trial goes on from its newest checkpoint';
/** A trial that is to stop does not wait longer than this for its bucket; it ends where its newest checkpoint is. */
const stopPatienceMs = 60_000;
/** How often a lead that is to checkpoint before it goes on looks whether there still are workers that finish the step. */
const workersCheckMs = 250;

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
  /** Epoch at whose end the trial pauses; 0, or one that is not before the last: it is trained to its end. */
  untilEpoch: number;
  /** Of the newest checkpoint that the coordinator knows of; 0: of none. */
  checkpointStep: number;
  /** The sweep's folder is known to have been there. */
  hasFolder: boolean;
  leadEpoch: number;
  beginLocally: BeginLocally;
  release: ReleaseLocally;
  reports: ReportQueue;
  metrics: ShardMetrics;
  /** Of the streams to other shards; plain without it. */
  tls?: TlsFiles | undefined;
  log: Logger;
}

export class TrialLead {
  readonly membership: Membership;
  preprocess: Float32Array | null = null;
  incarnation = 0;
  private addresses: string[];
  /** Of the present incarnation. */
  private interruption = new Interruption();
  private shards: ShardSet | undefined;
  private collector: PreprocessCollector | undefined;
  private epochSums: Sums;
  private validation: Means | null = null;
  /** The step that the validation is of; -1 after a rollback. */
  private validatedAt = -1;
  private meter = new ProgressMeter();
  private stopRequested = false;
  /** The process is to end. */
  private isDraining = false;
  /** What ends the present incarnation at its next step, after a checkpoint. */
  private breakOff: Error | undefined;
  private readonly left = withResolvers<undefined>();
  /** Of the newest checkpoint. */
  private committedStep = 0;
  private unsaved = new UnsavedWork();
  /** By `performance.now()`: the end of the last round, or of what it had to wait for. */
  private movedAt = performance.now();
  private endedAs: string | undefined;
  private untilEpoch: number;
  private saidMemoryTaken = false;
  /** 0 until it is known. */
  private stepsPerEpoch = 0;
  /** The present incarnation has taken a step. */
  private advanced = false;
  private readonly audit: AuditLog | undefined;
  private readonly source: CheckpointSource;
  /** Its newest checkpoint has been found, or that there is none. */
  private isPlaced = false;
  private fullBatch: FullBatchTraining | undefined;
  private plateau = firstPlateau;

  constructor(private readonly options: TrialLeadOptions) {
    this.addresses = options.shards;
    this.untilEpoch = options.untilEpoch;
    this.audit = openAuditLog(options.directory);
    const { directory, hasFolder, log } = options;
    this.source = new CheckpointSource({ directory, hasFolder, log, notice: (...what) => this.notice(...what) });
    this.epochSums = emptySums(measuredMetrics(options.experiment));
    this.membership = new Membership({
      experimentJson: options.experimentJson,
      microBatchSize: options.experiment.train.microBatchSize,
      numerics: options.experiment.numerics,
      metrics: options.metrics,
      log: options.log,
      notice: (kind, message) => this.notice(kind, message),
      admission: () => ({
        incarnation: this.incarnation,
        shards: this.addresses,
        chunkFloats: options.experiment.chunkFloats,
        hasPreprocess: this.preprocess !== null,
      }),
      abort: (error) => this.interruption.interrupt(error),
    });
  }

  get chunkFloats(): number {
    return this.options.experiment.chunkFloats;
  }

  /** How it ended here: the last report's event, or `abandoned`. Undefined while it runs. */
  get end(): string | undefined {
    return this.endedAs;
  }

  /** Since the last round: a step, an evaluation, or statistics of the inputs. */
  get secondsSinceRound(): number {
    return (performance.now() - this.movedAt) / 1000;
  }

  /** How old the oldest step is that no checkpoint has; 0 where all are in one. */
  get unsavedSeconds(): number {
    return this.unsaved.seconds;
  }

  /** A method of full batches has nothing left to do. */
  private get hasConverged(): boolean {
    return this.fullBatch?.ended !== undefined;
  }

  private get ended(): boolean {
    return this.endedAs !== undefined;
  }

  /** Runs the trial to its end, or until it pauses. Never throws; the end is a report. */
  async run(): Promise<void> {
    try {
      await this.runIncarnations();
    } finally {
      this.left.resolve(undefined);
    }
  }

  private async runIncarnations(): Promise<void> {
    let failures = 0;
    while (!this.ended) {
      if (this.isDraining) return this.abandon(drainingMessage);
      this.breakOff = undefined;
      this.advanced = false;
      this.isPlaced = false;
      this.interruption = new Interruption();
      try {
        await this.runIncarnation();
      } catch (error) {
        this.interruption.close();
        this.closeShards();
        if (this.ended) return;
        if (error instanceof TrialEnd) this.endWith(error.event);
        else if (error instanceof Drained) this.abandon(error.message);
        else if (error instanceof Stopped) this.endWith({ event: 'stopped', step: this.committedStep });
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
          this.endWith(failureEvent(error, this.options.log));
        }
      }
    }
  }

  /** The coordinator sent the shards' addresses again: one may have moved. */
  setShards(shards: string[]): void {
    if (shards.join() === this.addresses.join()) return;
    this.addresses = shards;
    this.interruption.interrupt(new Rollback('the shards have new addresses'));
  }

  /** The trial may go on to the end of a later epoch; it never has to pause earlier than it was told. */
  extend(untilEpoch: number): void {
    if (this.untilEpoch === 0) return;
    this.untilEpoch = untilEpoch === 0 ? 0 : Math.max(this.untilEpoch, untilEpoch);
  }

  /** Resolves when the coordinator has all its reports. */
  async reported(): Promise<void> {
    await this.options.reports.drained();
  }

  /** Checkpoint, then end as stopped. */
  stop(): void {
    this.stopRequested = true;
    // The step cannot be finished; what is in the last checkpoint is kept.
    if (this.membership.size === 0 && (this.isPlaced || !this.source.isBucket)) {
      this.interruption.interrupt(new Stopped());
    } else if (this.source.isBucket) {
      setTimeout(() => this.interruption.interrupt(new Stopped()), stopPatienceMs).unref();
    }
  }

  /** The process is to end: resolves when the trial is in a checkpoint and led here no longer, or has ended. */
  async drain(): Promise<void> {
    this.isDraining = true;
    this.breakOffAt(new Drained(drainingMessage));
    await this.left.promise;
    if (this.endedAs !== 'abandoned') await this.reported();
  }

  /** At the next step, after a checkpoint; at once where nobody is there to finish the present one. */
  private breakOffAt(reason: Error): void {
    const { interruption } = this;
    this.breakOff = reason;
    if (interruption.signal.aborted) return;
    const watch = setInterval(() => {
      if (this.membership.size === 0) interruption.interrupt(reason);
    }, workersCheckMs);
    interruption.signal.addEventListener('abort', () => clearInterval(watch), { once: true });
    if (this.membership.size === 0) interruption.interrupt(reason);
  }

  /** Forget the trial without a word: it has been dropped, or another leads it. */
  abandon(reason: string): void {
    this.endedAs ??= 'abandoned';
    this.options.reports.discard();
    this.interruption.interrupt(new Error(reason));
    this.closeShards();
    this.membership.close({ fenced: { message: reason } });
  }

  /** Of the experiment's module, from the run's folder. Errors: `data` where it is not there; `protocol` for another. */
  async moduleCode(sha256: string): Promise<Buffer> {
    const { experiment, directory } = this.options;
    const { module } = experiment;
    if (!module || !('sha256' in module) || module.sha256 !== sha256) {
      throw new PolyakError('protocol', `module ${sha256} is not the trial's`);
    }
    return await readStoredModule(directory, module);
  }

  pushPreprocess(frame: ChunkFrame): 'APPLIED' | 'DUPLICATE' | 'STALE' {
    return this.collector ? this.collector.push(frame) : 'STALE';
  }

  private async runIncarnation(): Promise<void> {
    const { experiment } = this.options;
    this.incarnation = await this.source.claim(this.interruption);
    const lastKnown = Math.max(this.options.checkpointStep, this.committedStep);
    const checkpoint = await this.source.newest(this.interruption, lastKnown);
    this.isPlaced = true;
    this.committedStep = checkpoint?.record.step ?? 0;
    this.options.metrics.imagesRolledBack.inc(this.unsaved.images);
    // A checkpoint of the incarnation before may still be committed, which says nothing of this one.
    this.unsaved = new UnsavedWork();
    this.epochSums = emptySums(measuredMetrics(experiment));
    this.fullBatch = FullBatchTraining.of(experiment);
    this.plateau = firstPlateau;
    if (checkpoint) this.restore(checkpoint.record.lead, checkpoint.record.preprocess);
    const facts = await this.interruption.race(this.membership.facts());
    const plan = planOf(experiment, facts.data.trainCount);
    this.fullBatch?.check(experiment, facts.data.trainCount, JSON.parse(facts.manifest) as Manifest);
    const allSteps = plan.stepsPerEpoch * experiment.train.epochs;
    const untilStep = this.options.untilStep > 0 ? Math.min(this.options.untilStep, allSteps) : allSteps;
    this.stepsPerEpoch = plan.stepsPerEpoch;
    if (this.committedStep >= this.pauseStep() && this.committedStep < untilStep) this.pause(this.committedStep);
    const { shards, begunAt } = await this.openShards(() => this.shardSet(facts, checkpoint?.path ?? '', untilStep));
    let step = begunAt;
    const checkpointer = this.checkpointer(facts, shards);
    if (this.stopRequested) this.stop();
    this.meter = new ProgressMeter();
    this.options.log.info({ incarnation: this.incarnation, step, untilStep, shards: shards.size }, 'trains');
    await this.ensurePreprocess(facts);
    this.membership.admitAll();

    while (step < untilStep && !this.hasConverged) {
      if (this.stopRequested || this.breakOff) {
        await checkpointer.now(step);
        throw this.stopRequested ? new Stopped() : (this.breakOff ?? new Stopped());
      }
      await checkpointer.ifDue(step);
      const sums = await this.trainStep(step, step === allSteps - 1, plan, shards);
      this.epochSums = addSums(this.epochSums, sums);
      step += 1;
      this.progress(step, untilStep, plan, sums);
      if (step % plan.stepsPerEpoch === 0) await this.finishEpoch(step, facts, plan, shards);
      // The last one's comes with the end.
      if (step < untilStep && this.isSnapshot(step)) await checkpointer.begin(step);
      const reason = this.fullBatch?.ended;
      if (reason !== undefined) this.notice('converged', `nothing is left to be done after step ${step}: ${reason}`);
      if (step < this.pauseStep() || step >= untilStep || reason !== undefined) continue;
      await checkpointer.now(step);
      // It may have been told to go on meanwhile.
      if (step >= this.pauseStep()) this.pause(step);
    }
    await this.finish(step, facts, shards, checkpointer);
  }

  /** Waits for as long as other trials have the shards' memory. */
  private async openShards(make: () => ShardSet): Promise<{ shards: ShardSet; begunAt: number }> {
    for (;;) {
      const shards = make();
      this.shards = shards;
      try {
        return { shards, begunAt: await shards.open() };
      } catch (error) {
        if (!(error instanceof MemoryTaken)) throw error;
        // So that none of it is kept from those who may be waiting for this trial's in turn.
        shards.close();
        this.options.metrics.memoryWaits.inc();
        this.movedAt = performance.now();
        if (!this.saidMemoryTaken) this.notice('memory', `the trial waits for memory: ${error.message}`);
        this.saidMemoryTaken = true;
      }
      if (this.stopRequested) throw new Stopped();
      await this.interruption.race(delay(memoryRetryMs));
    }
  }

  private shardSet(facts: TrialFacts, checkpoint: string, untilStep: number): ShardSet {
    const { trialKey, experimentJson, experiment, directory, leadEpoch, shard } = this.options;
    const { beginLocally, release, tls } = this.options;
    const { incarnation, interruption } = this;
    const { manifest } = facts;
    const data = { encoding: '', ...facts.data };
    const { clip, chunkFloats } = experiment;
    return new ShardSet({
      addresses: this.addresses,
      own: shard,
      begin: {
        ...{ trialKey, incarnation, experiment: experimentJson, manifest, checkpoint, directory, data, untilStep },
        leadEpoch,
        rateFactor: this.plateau.factor,
        version: ownVersion(),
        arithmetic: arithmeticRevision,
      },
      manifest: JSON.parse(manifest) as Manifest,
      chunkFloats,
      globalNorm: clip && 'globalNorm' in clip ? clip.globalNorm : undefined,
      needsTrust: !this.fullBatch && chosenOptimizer(experiment).optimizer.updateSquares !== undefined,
      ...{ beginLocally, release, interruption, tls },
      overflowed: (step, tensor) => {
        const event = divergedEvent(step, tensor, 'the sum of the gradients is not finite');
        if (!this.giveUp(step)) interruption.interrupt(new TrialEnd(event));
      },
      cutDelayed: (reason) => this.source.delayed(reason),
      draining: (drained) => this.breakOffAt(new Rollback(`shard ${drained} is to end, and comes again`)),
      held: (step, node, holder) => {
        const { round } = this.membership;
        if (round?.spec.kind === 'GRADIENT' && round.spec.step === step) round.held(node, holder);
      },
    });
  }

  private checkpointer(facts: TrialFacts, shards: ShardSet): Checkpointer {
    const { trialKey, directory, experiment, reports } = this.options;
    const { incarnation, interruption } = this;
    return new Checkpointer({
      ...{ trialKey, incarnation, directory, experiment, facts, shards, interruption },
      isSnapshot: (step) => this.isSnapshot(step),
      named: (step) => {
        const saved = this.unsaved.begin();
        return () => {
          this.committedStep = step;
          saved();
        };
      },
      delayed: (reason) => {
        this.options.metrics.checkpointFailures.inc();
        this.options.log.warn({ reason }, 'a checkpoint was not committed, and is tried again');
        this.source.delayed(reason);
      },
      state: () => ({
        lead: {
          facts,
          epochSums: this.epochSums,
          validation: this.validation,
          reproducible: this.membership.reproducible,
          plateau: this.plateau,
          method: this.fullBatch?.record ?? null,
          unacknowledged: reports.pending(),
        },
        preprocess: this.preprocess,
      }),
    });
  }

  private async trainStep(step: number, isLast: boolean, plan: TrainingPlan, shards: ShardSet): Promise<Sums> {
    const { experiment, metrics } = this.options;
    const stopTimer = metrics.stepSeconds.startTimer();
    const { leaves } = plan.step(step);
    const round = await this.runRound({ kind: 'GRADIENT', step, leafCount: leaves, shardsNeeded: shards.size });
    stopTimer();
    this.advanced = true;
    const { l1, l2 } = experiment.regularise;
    const scalars = this.fullBatch || l1 > 0 || l2 > 0 ? await shards.scalarsOf(step) : undefined;
    // Only now is it known whether the sum of what the workers found finite is finite, too.
    const sums = this.fullBatch?.hasGivenUp(step) ? this.nothingFinite() : this.trusted(round);
    metrics.steps.inc();
    metrics.images.inc(sums.samples);
    this.unsaved.add(sums.samples);
    if (scalars) sums.l2Sum = (0.5 * l2 * scalars.weightSquares + l1 * scalars.weightAbsolutes) * sums.samples;
    await this.fullBatch?.step(step, isLast, (sums.lossSum + sums.l2Sum) / sums.samples, shards);
    shards.forgetBefore(step);
    return sums;
  }

  private async evaluate(step: number, split: 'VALIDATION' | 'TEST', vector: 'WEIGHTS' | 'AVERAGE', count: number) {
    const leafCount = passLeaves(count, this.options.experiment.train.microBatchSize);
    const round = await this.runRound({ kind: 'EVALUATE', step, leafCount, shardsNeeded: 0, split, vector });
    return this.means(this.trusted(round));
  }

  /** Does nothing when this step's weights have been evaluated. */
  private async validate(step: number, count: number, shards: ShardSet): Promise<void> {
    if (count === 0 || this.validatedAt === step) return;
    const { weights } = this.options.experiment.objective;
    await shards.reached(step);
    this.validation = await this.evaluate(step, 'VALIDATION', weights === 'average' ? 'AVERAGE' : 'WEIGHTS', count);
    this.validatedAt = step;
  }

  private async ensurePreprocess(facts: TrialFacts): Promise<void> {
    const { experiment } = this.options;
    if (this.preprocess || !isMeasured(experiment)) return;
    const { trainCount, features, shape } = facts.data;
    const floats = measuredFloats(experiment, features);
    const leafCount = passLeaves(trainCount, experiment.train.microBatchSize);
    this.collector = new PreprocessCollector(floats, experiment.chunkFloats, leafCount, (node) =>
      this.membership.round?.held(node, this.options.shard),
    );
    this.membership.admitAll();
    this.trusted(await this.runRound({ kind: 'STATISTICS', step: 0, leafCount, shardsNeeded: 1 }));
    const sums = this.collector.sums();
    this.collector = undefined;
    const finishing = finishMeasuring(experiment, { shape, sums, samples: trainCount });
    const { vector, kept } = await this.interruption.race(finishing);
    this.preprocess = vector;
    if (kept && preprocessPlan(experiment.preprocess).pca) {
      const { components, share } = kept;
      const message = `pca keeps ${components} of ${features} directions, which have ${(100 * share).toFixed(1)} % of the variance`;
      this.notice('preprocess', message);
    }
  }

  private async runRound(spec: RoundSpec): Promise<RoundOutcome> {
    const outcome = await this.interruption.race(this.membership.runRound(spec));
    this.movedAt = performance.now();
    if (spec.kind === 'GRADIENT') this.options.metrics.parts.waited(outcome.waitSeconds);
    if (spec.kind === 'GRADIENT') await this.audit?.step(this.incarnation, spec.step, outcome.tiles);
    if (outcome.bad && !(spec.kind === 'GRADIENT' && this.giveUp(spec.step))) {
      throw new TrialEnd(divergedEvent(spec.step, outcome.bad.tensor, 'the gradient is not finite'));
    }
    return outcome;
  }

  /** Where all is finite, whoever said that it is not is wrong. */
  private trusted({ sums, falseAlarms }: RoundOutcome): Sums {
    for (const worker of falseAlarms) this.membership.quarantine(worker);
    return sums;
  }

  /** A gradient, or the sum of them all, is not finite at weights that a full-batch method only tries; false for any others. */
  private giveUp(step: number): boolean {
    if (!this.fullBatch?.giveUp(step)) return false;
    this.shards?.broadcast({ giveUp: { step } });
    return true;
  }

  private nothingFinite(): Sums {
    const { metricSums } = emptySums(measuredMetrics(this.options.experiment));
    return { lossSum: Infinity, metricSums: metricSums.map(() => NaN), samples: 0, l2Sum: 0 };
  }

  private async finishEpoch(step: number, facts: TrialFacts, plan: TrainingPlan, shards: ShardSet): Promise<void> {
    const { experiment, reports } = this.options;
    await this.validate(step, facts.data.validationCount, shards);
    const training = this.means(this.epochSums);
    const learningRate = this.rateOf(plan, step - 1);
    const { validation } = this;
    const { stepsPerEpoch } = plan;
    const place = { epoch: step / stepsPerEpoch, step, stepsPerEpoch };
    const body = { event: 'epoch', ...place, ...training, learningRate, validation };
    reports.add({ kind: 'EPOCH', step, body });
    this.epochSums = emptySums(measuredMetrics(experiment));
    await this.reduceOnPlateau(step, shards);
  }

  /** A validation may make the rate of the steps to come smaller; it is in the checkpoint of this step. */
  private async reduceOnPlateau(step: number, shards: ShardSet): Promise<void> {
    const { experiment } = this.options;
    const options = plateauOf(experiment);
    if (!options) return;
    const { metric, direction } = experiment.objective;
    const value = this.validation?.[metric.slice('validation.'.length)] ?? null;
    const { factor } = this.plateau;
    this.plateau = afterValidation(this.plateau, value, direction, options);
    if (this.plateau.factor !== factor) await shards.setRate(step, this.plateau.factor);
  }

  private isSnapshot(step: number): boolean {
    const { snapshots } = this.options.experiment.checkpoint;
    return snapshots !== undefined && step > 0 && step % (snapshots.every * this.stepsPerEpoch) === 0;
  }

  private pauseStep(): number {
    const { untilEpoch } = this;
    const pauses = untilEpoch > 0 && untilEpoch < this.options.experiment.train.epochs;
    return pauses ? untilEpoch * this.stepsPerEpoch : Infinity;
  }

  /** A checkpoint has the step, and in it the reports that the coordinator may lack. */
  private pause(step: number): never {
    throw new TrialEnd({
      event: 'paused',
      step,
      validation: this.validation,
      imagesPerSecond: this.meter.imagesPerSecond,
      workers: this.membership.size,
      reproducible: this.membership.reproducible,
    });
  }

  private async finish(step: number, facts: TrialFacts, shards: ShardSet, checkpointer: Checkpointer): Promise<never> {
    const { validationCount, testCount } = facts.data;
    await this.validate(step, validationCount, shards);
    await shards.reached(step);
    const last = testCount > 0 ? await this.evaluate(step, 'TEST', 'WEIGHTS', testCount) : null;
    const average = testCount > 0 ? await this.evaluate(step, 'TEST', 'AVERAGE', testCount) : null;
    const record = await checkpointer.now(step);
    throw new TrialEnd({
      event: 'finished',
      steps: step,
      weightsSha256: await this.source.untilReachable(
        this.interruption,
        async () => await hashVector(record, 'weights'),
      ),
      averageSha256: await this.source.untilReachable(
        this.interruption,
        async () => await hashVector(record, 'average'),
      ),
      validation: this.validation,
      test: last && testScores(last, average),
      imagesPerSecond: this.meter.imagesPerSecond,
      workers: this.membership.size,
      reproducible: this.membership.reproducible,
    });
  }

  private restore(lead: Record<string, unknown>, preprocess: string | null): void {
    const record = leadRecordSchema.parse(lead);
    if (record.facts) this.membership.record(record.facts, record.reproducible);
    this.epochSums = record.epochSums;
    this.validation = record.validation;
    this.validatedAt = -1;
    this.plateau = record.plateau ?? firstPlateau;
    if (record.method) this.fullBatch?.restore(record.method);
    for (const report of record.unacknowledged) this.options.reports.add(report);
    if (preprocess !== null) {
      this.preprocess = new Float32Array(Uint8Array.from(Buffer.from(preprocess, 'base64')).buffer);
    }
  }

  private means(sums: Sums): Means {
    return meansOf(sums, measuredMetrics(this.options.experiment));
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
      stepsPerEpoch: plan.stepsPerEpoch,
      ...this.means(sums),
      learningRate: this.rateOf(plan, step - 1),
      imagesPerSecond: this.meter.imagesPerSecond,
      workers: this.membership.size,
      secondsLeft: this.meter.secondsLeft,
    });
  }

  /** Of a method of full batches: its step length. */
  private rateOf(plan: TrainingPlan, step: number): number {
    if (this.fullBatch) return this.fullBatch.stepLength;
    return learningRateOf(this.options.experiment, plan, step) * this.plateau.factor;
  }

  private closeShards(): void {
    this.shards?.close();
    this.shards = undefined;
    this.membership.cancelRound();
  }

  private notice(kind: string, message: string): void {
    this.options.reports.add({ kind: 'NOTICE', step: 0, body: { event: 'notice', kind, message } });
  }

  private endWith(event: Record<string, unknown>): void {
    const state = String(event['event']);
    const step = Number(event['steps'] ?? event['step'] ?? 0);
    this.endedAs = state;
    this.closeShards();
    const { log } = this.options;
    log.info({ state, step, ...('message' in event ? { reason: event['message'] } : {}) }, 'ends');
    const body = { ...event, epoch: this.epochOf(state === 'diverged' ? step + 1 : step) };
    this.options.reports.add({ kind: state === 'paused' ? 'PAUSED' : 'END', step, body });
    this.membership.close({ ended: { state } });
  }

  /** The epoch that has the last of so many steps, from 1; 0 where there was none. */
  private epochOf(steps: number): number {
    return this.stepsPerEpoch > 0 ? Math.ceil(steps / this.stepsPerEpoch) : 0;
  }
}
