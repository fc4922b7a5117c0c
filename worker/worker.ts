/**
 * The worker process: it computes gradients for whatever trials it is told to join, and keeps nothing that matters. It
 * has one compute thread, because TensorFlow is loaded once per process.
 */
import { randomUUID } from 'node:crypto';
import { attend } from '../common/attendance.js';
import type { Transport } from '../common/chunk-streams.js';
import { exitForRestart } from '../common/exit-for-restart.js';
import type { Logger } from '../common/log.js';
import { memoryLimitBytes } from '../common/memory-limit.js';
import { observe } from '../common/observability.js';
import type { TlsFiles } from '../common/tls/tls-files.js';
import type { TrialLines } from '../common/trial-lines.js';
import { withResolvers } from '../common/with-resolvers.js';
import type { Order__Output } from '../proto/gen/polyak/v1/Order.js';
import { ActivityClock } from './activity.js';
import { Compute } from './compute.js';
import { DatasetCache } from './data/dataset-cache.js';
import { DeviceMemoryReader } from './device-memory.js';
import type { DataPlace } from './data/location/data-place.js';
import { machineFingerprint } from './machine-fingerprint.js';
import { MemoryPool } from './memory-pool.js';
import { configureTensorFlow, hasCudaBuild, type Backend } from './tensorflow/load.js';
import { TrialMember } from './trial-member.js';
import { workerMetrics } from './worker-metrics.js';

export interface WorkerOptions {
  /** host:port */
  coordinator: string;
  backend: Backend;
  /** What carries gradients and weights, plain sockets unless given. */
  transport?: Transport;
  /** Where this machine has its data; as the environment says unless given. */
  place?: DataPlace;
  /** Whether it runs trials that have a module, that is code of their own; yes unless given. */
  modules?: boolean;
  metricsPort: number;
  /** Where /metrics and /healthz listen. */
  metricsHost?: string;
  /** Plain without it. */
  tls?: TlsFiles | undefined;
  log: Logger;
  /** What it logs of trials. */
  lines?: TrialLines | undefined;
}

export interface RunningWorker {
  metricsPort: number;
  /** Resolves when the process should exit, with `process.exitCode` set; rejects when the compute thread has died. */
  closed: Promise<void>;
  /** Hands back the leases and closes. */
  close(): Promise<void>;
  /** Whose lines bear its id. */
  log: Logger;
}

export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { backend, transport = 'socket', modules = true, place, tls } = options;
  const id = randomUUID();
  const log = options.log.child({ worker: id });
  const fingerprint = machineFingerprint(backend);
  const stopping = new AbortController();
  const ended = withResolvers<void>();
  ended.promise.catch(() => undefined);
  const address = { host: options.metricsHost ?? '127.0.0.1', port: options.metricsPort };
  let computeFailure: string | undefined;
  let notReady: () => string | undefined = () => 'it starts';
  const observability = await observe('worker', address, { alive: () => computeFailure, ready: () => notReady() });
  const activity = new ActivityClock();
  const bytesMax = Math.floor(memoryLimitBytes() / 4);
  const datasets = new DatasetCache({ bytesMax, reading: () => metrics.datasets.inc() });
  const memories = new MemoryPool();
  const members = new Map<string, TrialMember>();
  /** Those that are out of their trial, and not closed yet. */
  const leaving = new Set<Promise<void>>();
  let compute: { thread: Compute; threads: number } | undefined;
  const devices = new DeviceMemoryReader(backend === 'tensorflow' && hasCudaBuild());
  const metrics = workerMetrics(observability.registry, {
    activity,
    tensors: () => compute?.thread.tensors,
    deviceMemory: async () => await devices.read(),
    trials: () => members.size,
    fingerprint,
  });

  const computeWith = (threads: number): Compute => {
    if (!compute) {
      configureTensorFlow({ backend, threads });
      const thread = new Compute({ backend });
      compute = { thread, threads };
      thread.failed.catch((error: unknown) => {
        if (stopping.signal.aborted) return;
        computeFailure = String(error);
        ended.reject(error instanceof Error ? error : new Error(String(error)));
      });
    } else if (compute.threads !== threads) {
      log.warn(
        { threads, loaded: compute.threads },
        'the trial needs other TensorFlow threads; exiting to start afresh',
      );
      process.exitCode = exitForRestart;
      close().catch((error: unknown) => log.error({ error: String(error) }, 'closing failed'));
      throw new Error(`TensorFlow runs with ${compute.threads} threads, the trial needs ${threads}`);
    }
    return compute.thread;
  };

  const join = (trialKey: Buffer, lead: string) => {
    const key = trialKey.toString('hex');
    const known = members.get(key);
    if (known && !known.hasEnded) return known.moveTo(lead);
    log.info({ trial: key, lead }, 'joining a trial');
    const shared = { worker: id, backend, transport, modules, place, computeWith, datasets, memories, log };
    const member: TrialMember = new TrialMember({
      ...{ trialKey, lead, tls, ...shared, activity, metrics },
      onAdmitted: () => attendance.tell({ admitted: { trialKey } }),
      onOut: (out) => {
        attendance.tell({ out: { trialKey, ...out } });
        // Told to join once more, it is refused once more, and says so again if that was lost.
        if (members.get(key) === member) members.delete(key);
        const left = member.closed
          .catch((error: unknown) => log.error({ trial: key, error: String(error) }, 'leaving a trial failed'))
          .finally(() => leaving.delete(left));
        leaving.add(left);
      },
    });
    members.set(key, member);
  };

  const drop = async (trialKey: Buffer) => {
    const key = trialKey.toString('hex');
    const member = members.get(key);
    members.delete(key);
    await member?.close();
  };

  const onOrder = (order: Order__Output) => {
    if (stopping.signal.aborted) return;
    if (order.welcome) for (const member of members.values()) member.sayAdmitted();
    if (order.join) join(order.join.trialKey, order.join.lead);
    else if (order.drop) {
      drop(order.drop.trialKey).catch((error: unknown) => log.error({ error: String(error) }, 'dropping failed'));
    }
  };
  const attendance = attend({
    coordinator: options.coordinator,
    register: { role: 'WORKER', id, fingerprint },
    beat: () => ({ waiting: compute?.thread.takeWaitingShare() ?? 0 }),
    trials: () => [...members.keys()].map((key) => Buffer.from(key, 'hex')),
    onOrder,
    signal: stopping.signal,
    log,
    tls,
    lines: options.lines,
  });

  notReady = () => {
    if (stopping.signal.aborted) return 'the worker is to end';
    return attendance.isAttending ? undefined : `the coordinator ${options.coordinator} is away`;
  };

  const close = async () => {
    if (stopping.signal.aborted) return await ended.promise;
    stopping.abort();
    attendance.close();
    await Promise.all([...[...members.values()].map((member) => member.close()), ...leaving]);
    await compute?.thread.close();
    observability.close();
    ended.resolve();
  };
  return { metricsPort: observability.port, closed: ended.promise, close, log };
}
