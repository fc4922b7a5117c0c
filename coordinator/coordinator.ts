/**
 * The coordinator process: knows every server, worker and run, and tells who leads and who joins. It touches no weights;
 * while it is away, runs go on.
 */
import { randomBytes } from 'node:crypto';
import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js';
import { Gauge } from 'prom-client';
import { leadShardOf } from '../common/chunk-layout.js';
import { PolyakError } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import { observe } from '../common/observability.js';
import { createGrpcServer, listen, services, toServiceError } from '../common/rpc.js';
import type { Attendance__Output } from '../proto/gen/polyak/v1/Attendance.js';
import type { CoordinatorHandlers } from '../proto/gen/polyak/v1/Coordinator.js';
import type { Order } from '../proto/gen/polyak/v1/Order.js';
import type { Register__Output } from '../proto/gen/polyak/v1/Register.js';
import type { RunEvent } from '../proto/gen/polyak/v1/RunEvent.js';
import type { SubmitRequest__Output } from '../proto/gen/polyak/v1/SubmitRequest.js';
import type { WatchRequest__Output } from '../proto/gen/polyak/v1/WatchRequest.js';
import { Store, type TrialRow } from './store.js';
import { isOver, type TrialState } from './trial.js';

export interface CoordinatorOptions {
  /** host:port; port 0 takes any. */
  listen: string;
  metricsPort: number;
  /** SQLite file. */
  store: string;
  log: Logger;
}

export interface RunningCoordinator {
  address: string;
  metricsPort: number;
  /** Rejects with `fenced` when another coordinator took the store. */
  closed: Promise<void>;
  close(): Promise<void>;
}

type AttendStream = ServerDuplexStream<Attendance__Output, Order>;

interface Shard {
  id: string;
  address: string;
  epoch: number;
  stream: AttendStream;
}

const beatMs = 1000;

class Coordinator {
  readonly shards = new Map<number, Shard>();
  readonly workers = new Map<string, AttendStream>();
  private readonly watchers = new Map<string, Set<ServerWritableStream<WatchRequest__Output, RunEvent>>>();

  constructor(
    readonly store: Store,
    private readonly log: Logger,
    private readonly fenced: (error: PolyakError) => void,
  ) {}

  attend(stream: AttendStream): void {
    let leave: () => void = () => undefined;
    stream.on('data', (message: Attendance__Output) => {
      if (message.register) leave = this.guard(stream, () => this.register(stream, message.register!)) ?? leave;
      else if (message.goodbye) leave();
    });
    for (const event of ['end', 'error', 'cancelled'] as const) stream.on(event, () => leave());
    stream.on('end', () => stream.end());
  }

  submit(request: SubmitRequest__Output): Buffer {
    const old = request.trialKey.length > 0 ? request.trialKey.toString('hex') : undefined;
    const known = old === undefined ? undefined : this.store.trial(old);
    const key = request.trialKey.length > 0 ? request.trialKey : randomBytes(8);
    const { experiment, directory, untilStep, shards } = request;
    if (!known) {
      this.store.createTrial({ trialKey: key.toString('hex'), experiment, directory, untilStep, shards, state: 'queued' });
    } else if (known.state === 'finished' || known.state === 'diverged') {
      throw new PolyakError('usage', `the run has ${known.state}; start a new one with 'polyak train'`);
    } else if (isOver(known.state) || known.shards !== shards) {
      if (known.state === 'running') this.store.move(known.trialKey, 'stopped');
      this.store.reopenTrial(known.trialKey, shards, untilStep);
    }
    this.direct();
    return key;
  }

  report(trialKey: string, kind: string, step: number, body: string): void {
    const trial = this.store.trial(trialKey);
    if (!trial) throw new PolyakError('fenced', `trial ${trialKey} is not known here`);
    if (kind === 'EPOCH') this.store.report(trialKey, kind, step, body);
    if (kind === 'END' && !isOver(trial.state)) {
      const { event } = JSON.parse(body) as { event: TrialState };
      this.store.report(trialKey, kind, step, body, event);
    }
    this.tell(trialKey, body);
    if (kind === 'END') this.drop(trialKey);
  }

  watch(stream: ServerWritableStream<WatchRequest__Output, RunEvent>): void {
    const key = stream.request.trialKey.toString('hex');
    const trial = this.store.trial(key);
    if (!trial) {
      stream.emit('error', toServiceError(new PolyakError('usage', `there is no run ${key}`)));
      return;
    }
    for (const body of this.store.reports(key)) stream.write({ body });
    if (isOver(trial.state)) {
      stream.end();
      return;
    }
    const watchers = this.watchers.get(key) ?? new Set();
    this.watchers.set(key, watchers.add(stream));
    const forget = () => watchers.delete(stream);
    stream.on('cancelled', forget);
    stream.on('error', forget);
  }

  stop(trialKey: Buffer): void {
    const trial = this.store.trial(trialKey.toString('hex'));
    if (!trial || isOver(trial.state)) return;
    if (trial.state === 'queued') {
      const body = JSON.stringify({ event: 'stopped', step: 0 });
      return this.report(trial.trialKey, 'END', 0, body);
    }
    this.shards.get(leadShardOf(trialKey, trial.shards))?.stream.write({ stop: { trialKey } });
  }

  beat(): void {
    for (const { stream } of this.shards.values()) stream.write({ beat: {} });
    for (const stream of this.workers.values()) stream.write({ beat: {} });
  }

  trialsByState(): Map<TrialState, number> {
    const counts = new Map<TrialState, number>();
    for (const { state } of this.store.trials()) counts.set(state, (counts.get(state) ?? 0) + 1);
    return counts;
  }

  private register(stream: AttendStream, register: Register__Output): () => void {
    if (register.role === 'WORKER') {
      this.workers.set(register.id, stream);
      stream.write({ welcome: { coordinatorEpoch: this.store.epoch } });
      this.direct();
      return () => {
        if (this.workers.get(register.id) === stream) this.workers.delete(register.id);
      };
    }
    const { shard, id, address } = register;
    const before = this.shards.get(shard);
    const epoch = this.store.shardEpoch(shard, id);
    // A process that had the number, lost it to another, and comes back: it is the older one.
    if (register.shardEpoch > 0 && register.shardEpoch < epoch) {
      stream.write({ replaced: { message: `Fenced: shard ${shard} is another process now (epoch ${epoch})` } });
      stream.end();
      return () => undefined;
    }
    if (before && before.id !== id) {
      before.stream.write({ replaced: { message: `Fenced: shard ${shard} is another process now (epoch ${epoch})` } });
      before.stream.end();
    }
    this.shards.set(shard, { id, address, epoch, stream });
    stream.write({ welcome: { coordinatorEpoch: this.store.epoch, shardEpoch: epoch } });
    this.direct();
    return () => {
      if (this.shards.get(shard)?.stream === stream) this.shards.delete(shard);
    };
  }

  /** Tells leads and workers what they must do now; safe to repeat. */
  private direct(): void {
    for (const trial of this.store.trials()) {
      if (isOver(trial.state)) continue;
      const addresses = Array.from({ length: trial.shards }, (_, shard) => this.shards.get(shard)?.address);
      if (addresses.includes(undefined)) continue;
      this.assign(trial, addresses as string[]);
    }
  }

  private assign(trial: TrialRow, shards: string[]): void {
    const trialKey = Buffer.from(trial.trialKey, 'hex');
    const lead = this.shards.get(leadShardOf(trialKey, trial.shards));
    if (!lead) return;
    if (trial.state === 'queued') this.store.move(trial.trialKey, 'running');
    lead.stream.write({
      lead: {
        trialKey,
        experiment: trial.experiment,
        shards,
        directory: trial.directory,
        untilStep: trial.untilStep,
        coordinatorEpoch: this.store.epoch,
        leadEpoch: lead.epoch,
      },
    });
    for (const worker of this.workers.values()) worker.write({ join: { trialKey, lead: lead.address } });
  }

  private drop(trialKey: string): void {
    const drop = { trialKey: Buffer.from(trialKey, 'hex') };
    for (const { stream } of this.shards.values()) stream.write({ drop });
    for (const stream of this.workers.values()) stream.write({ drop });
    for (const watcher of this.watchers.get(trialKey) ?? []) watcher.end();
    this.watchers.delete(trialKey);
  }

  private tell(trialKey: string, body: string): void {
    for (const watcher of this.watchers.get(trialKey) ?? []) watcher.write({ body });
  }

  /** Runs what may find out that this coordinator is the older one. */
  private guard<Value>(stream: AttendStream, run: () => Value): Value | undefined {
    try {
      return run();
    } catch (error) {
      this.log.error({ error: String(error) }, 'a registration failed');
      if (error instanceof PolyakError && error.code === 'fenced') this.fenced(error);
      stream.end();
      return undefined;
    }
  }
}

export async function startCoordinator(options: CoordinatorOptions): Promise<RunningCoordinator> {
  const { log } = options;
  const store = Store.open(options.store);
  let fail: (error: Error) => void = () => undefined;
  let finish: () => void = () => undefined;
  const closed = new Promise<void>((resolve, reject) => ([finish, fail] = [resolve, reject]));
  closed.catch(() => undefined);
  const coordinator = new Coordinator(store, log, fail);
  const host = options.listen.slice(0, options.listen.lastIndexOf(':'));
  const observability = await observe('coordinator', { host, port: options.metricsPort });
  new Gauge({
    name: 'polyak_coordinator_trials',
    help: 'Trials by state.',
    labelNames: ['state'],
    registers: [observability.registry],
    collect() {
      this.reset();
      for (const [state, count] of coordinator.trialsByState()) this.set({ state }, count);
    },
  });
  new Gauge({
    name: 'polyak_coordinator_processes',
    help: 'Servers and workers attending.',
    labelNames: ['of'],
    registers: [observability.registry],
    collect() {
      this.set({ of: 'server' }, coordinator.shards.size);
      this.set({ of: 'worker' }, coordinator.workers.size);
    },
  });

  const answer = <Reply>(callback: (error: object | null, reply?: Reply) => void, run: () => Reply) => {
    try {
      callback(null, run());
    } catch (error) {
      if (!(error instanceof PolyakError)) log.error({ error: error instanceof Error ? error.stack : String(error) }, 'a call failed');
      callback(toServiceError(error));
      if (error instanceof PolyakError && error.code === 'fenced' && error.message.includes('coordinator')) fail(error);
    }
  };
  const handlers: CoordinatorHandlers = {
    Attend: (stream) => coordinator.attend(stream),
    Report: ({ request }, callback) =>
      answer(callback, () => {
        coordinator.report(request.trialKey.toString('hex'), request.kind, request.step, request.body);
        return {};
      }),
    Submit: ({ request }, callback) => answer(callback, () => ({ trialKey: coordinator.submit(request) })),
    Watch: (stream) => coordinator.watch(stream),
    Stop: ({ request }, callback) =>
      answer(callback, () => {
        coordinator.stop(request.trialKey);
        return {};
      }),
  };
  const server = createGrpcServer();
  server.addService(services.coordinator.service, handlers);
  const port = await listen(server, options.listen);
  const beat = setInterval(() => coordinator.beat(), beatMs);
  const close = async () => {
    clearInterval(beat);
    server.forceShutdown();
    observability.close();
    store.close();
    finish();
    await closed.catch(() => undefined);
  };
  return { address: `${host}:${port}`, metricsPort: observability.port, closed, close };
}
