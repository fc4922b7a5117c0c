/**
 * A worker's part in one trial, from the order to join until it is dropped: it prepares and proves itself, follows the
 * lead through its incarnations, and keeps the training loop in leases.
 */
import type { Experiment } from '../common/experiment/schema.js';
import type { Transport } from '../common/chunk-streams.js';
import { PolyakError } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import type { ModuleBundle } from '../common/module-bundle.js';
import type { TlsFiles } from '../common/tls/tls-files.js';
import type { Admitted__Output } from '../proto/gen/polyak/v1/Admitted.js';
import type { LeadMessage__Output } from '../proto/gen/polyak/v1/LeadMessage.js';
import type { WorkerMessage } from '../proto/gen/polyak/v1/WorkerMessage.js';
import type { ActivityClock, TrialActivity } from './activity.js';
import type { Compute } from './compute.js';
import type { DatasetCache } from './data/dataset-cache.js';
import type { DataPlace } from './data/location/data-place.js';
import { ControlLink } from './control-link.js';
import { Incarnation } from './incarnation.js';
import { HeldLease } from './lease.js';
import { LeaseQueue } from './lease-queue.js';
import { TrialWork } from './lease-work.js';
import { fetchModule } from './module/fetch-module.js';
import { obtainModule } from './module/obtain-module.js';
import type { MemoryPool } from './memory-pool.js';
import { prepareTrial, type PreparedTrial } from './prepare.js';
import type { Backend } from './tensorflow/load.js';
import { trainingLoop } from './training-loop.js';
import type { WorkerMetrics } from './worker-metrics.js';

export interface TrialMemberOptions {
  trialKey: Buffer;
  lead: string;
  worker: string;
  backend: Backend;
  transport: Transport;
  tls: TlsFiles | undefined;
  /** Whether it runs code of the trial's own. */
  modules: boolean;
  computeWith: (threads: number) => Compute;
  place: DataPlace | undefined;
  activity: ActivityClock;
  metrics: WorkerMetrics;
  datasets: DatasetCache;
  memories: MemoryPool;
  log: Logger;
  /** The lead has taken it for a trial whose numbers must be exact. */
  onAdmitted: () => void;
  /** It works on the trial no longer, which goes on without it. */
  onOut: (out: { reason: string; byFingerprint: boolean }) => void;
}

let membersMade = 0;

interface Working {
  prepared: PreparedTrial;
  work: TrialWork;
}

export class TrialMember {
  /** Resolves when everything of the trial is closed. */
  readonly closed: Promise<void>;
  private readonly stopping = new AbortController();
  private ended = false;
  private isExact = false;
  private isAdmitted = false;
  private readonly control: ControlLink;
  private readonly leases = new LeaseQueue();
  private working: Promise<Working> | undefined;
  private loop: Promise<void> = Promise.resolve();
  private incarnation: Incarnation | undefined;
  private readonly endings = new Set<Promise<void>>();
  private readonly trial: string;
  /** Unlike the trial's key, never used again in this process. */
  private readonly computeName: string;
  private readonly doing: TrialActivity;

  constructor(private readonly options: TrialMemberOptions) {
    this.doing = options.activity.open();
    this.trial = options.trialKey.toString('hex');
    this.computeName = `${this.trial} ${(membersMade += 1)}`;
    this.control = new ControlLink(options.lead, {
      trialKey: options.trialKey,
      worker: options.worker,
      tls: options.tls,
      signal: this.stopping.signal,
      log: options.log,
      onMessage: (message, reply) => this.receive(message, reply),
      onBreak: () => this.leases.voidAll(),
    });
    this.closed = this.run();
  }

  moveTo(lead: string): void {
    this.control.moveTo(lead);
  }

  /** Forgets the trial. Its leases are free at once, and nothing is pushed of which the lead would not hear. */
  async close(): Promise<void> {
    this.leases.close();
    await this.control.leave();
    this.stopping.abort();
    await this.closed;
  }

  private async run(): Promise<void> {
    await this.control.run();
    this.leases.close();
    this.endIncarnation();
    await Promise.all(this.endings);
    await this.loop;
    const working = await this.working?.catch(() => undefined);
    await this.loop;
    await working?.prepared.close();
    this.doing.close();
  }

  private receive(message: LeadMessage__Output, reply: (message: WorkerMessage) => void): void {
    const { log } = this.options;
    if (message.describe) this.prove(message.describe.experiment, reply);
    else if (message.admitted) this.admit(message.admitted);
    else if (message.lease) this.leases.push(new HeldLease(message.lease));
    else if (message.shrink) this.leases.find(message.shrink.lease)?.shrink(message.shrink.endLeaf);
    else if (message.void) this.leases.find(message.void.lease)?.void();
    else if (message.fenced) log.info({ trial: this.trial, reason: message.fenced.message }, 'fenced by the lead');
    else if (message.refused) {
      const { message: reason, byFingerprint } = message.refused;
      log.error({ trial: this.trial, reason }, 'refused; this worker is free for other trials');
      this.stop();
      this.options.onOut({ reason, byFingerprint });
    } else if (message.ended) {
      log.info({ trial: this.trial, state: message.ended.state }, 'the trial has ended');
      this.ended = true;
      this.stop();
    }
  }

  /** Its lead has said so; a trial that goes on after that is joined anew. */
  get hasEnded(): boolean {
    return this.ended;
  }

  /** Nothing more comes of this trial. */
  private stop(): void {
    this.stopping.abort();
  }

  /** Said again to each coordinator. */
  sayAdmitted(): void {
    if (this.isAdmitted && this.isExact && !this.stopping.signal.aborted) this.options.onAdmitted();
  }

  private prove(experimentJson: string, reply: (message: WorkerMessage) => void): void {
    const experiment = JSON.parse(experimentJson) as Experiment;
    this.isExact = experiment.numerics === 'exact';
    this.working ??= this.prepare(experiment).finally(() => this.doing.enter('idle'));
    this.working.then(
      ({ prepared }) => reply({ proof: prepared.proof }),
      (error: unknown) => {
        if (this.stopping.signal.aborted) return;
        const { code, message } = describe(error);
        this.options.log.error({ trial: this.trial, error: stackOf(error) }, 'cannot work on the trial');
        reply({ preparationFailed: { code, message } });
      },
    );
  }

  private async prepare(experiment: Experiment): Promise<Working> {
    const { backend, computeWith, metrics, place, datasets, memories, log } = this.options;
    const { signal } = this.stopping;
    this.doing.enter('prepare');
    const module = await this.obtainModule(experiment);
    const prepared = await prepareTrial({
      ...{ trial: this.computeName, experiment, backend, computeWith, module, place, signal, log },
      ...{ datasets, memories, metrics },
    });
    const send = (message: WorkerMessage) => this.control.send(message);
    const activity = this.doing;
    const known = log.child({ trial: this.trial });
    const renew = () => this.renew(prepared, work);
    const work: TrialWork = new TrialWork({
      ...{ trial: this.computeName, prepared, activity, metrics, send, renew, log: known },
    });
    this.loop = trainingLoop(this.leases, work).catch((error: unknown) => {
      log.error({ trial: this.trial, error: stackOf(error) }, 'the training loop failed');
      if (this.stopping.signal.aborted) return;
      this.stop();
      this.options.onOut({ reason: `its training loop failed: ${describe(error).message}`, byFingerprint: false });
    });
    return { prepared, work };
  }

  /** Errors: `refused` on a worker that runs none. */
  private async obtainModule({ module }: Experiment): Promise<ModuleBundle | undefined> {
    if (!module) return undefined;
    if (!('sha256' in module)) throw new PolyakError('protocol', 'the module of the trial has no sha256');
    if (!this.options.modules) {
      const why = `the trial has a module, ${module.name}, and this worker was started with --no-modules`;
      throw new PolyakError('refused', `${why}: it runs no code of others`);
    }
    const { trialKey, tls } = this.options;
    const fetch = async () =>
      await fetchModule({ lead: () => this.control.address, tls }, trialKey, module.sha256, this.stopping.signal);
    return await obtainModule(module, fetch);
  }

  private admit({ incarnation, shards, hasPreprocess }: Admitted__Output): void {
    this.leases.voidAll();
    this.isAdmitted = true;
    this.sayAdmitted();
    this.working?.then(
      ({ prepared, work }) => {
        if (this.stopping.signal.aborted) return;
        const current = this.incarnation?.is(incarnation, shards)
          ? this.incarnation
          : this.enter(incarnation, shards, prepared, work);
        if (hasPreprocess) work.fetchPreprocess(current);
      },
      () => undefined,
    );
  }

  private enter(number: number, shards: string[], prepared: PreparedTrial, work: TrialWork): Incarnation {
    const { trialKey } = this.options;
    const log = this.options.log.child({ trial: this.trial });
    this.endIncarnation();
    const entered: Incarnation = new Incarnation({
      trialKey,
      number,
      shards,
      transport: this.options.transport,
      tls: this.options.tls,
      chunkCount: prepared.chunks.length,
      log,
      onWeights: (frame) => {
        if (this.incarnation === entered) work.receiveWeights(frame);
      },
      onFenced: (message) => {
        log.info({ incarnation: number, reason: message }, 'fenced; waiting to be admitted again');
        if (this.incarnation === entered) this.leases.voidAll();
      },
    });
    this.incarnation = entered;
    work.enter(entered);
    return entered;
  }

  /** The same incarnation on new connections, unless it is over. */
  private renew(prepared: PreparedTrial, work: TrialWork): void {
    const { incarnation } = this;
    if (incarnation && !incarnation.signal.aborted) this.enter(incarnation.number, incarnation.shards, prepared, work);
  }

  private endIncarnation(): void {
    if (!this.incarnation) return;
    const ended = this.incarnation.close().finally(() => this.endings.delete(ended));
    this.endings.add(ended);
    this.incarnation = undefined;
  }
}

function describe(error: unknown): { code: string; message: string } {
  if (error instanceof PolyakError) return { code: error.code, message: error.message };
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) };
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
