/** The server process: one shard of the parameter server, for any number of trials. It loads no TensorFlow and no data. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { attend, type Attendance } from '../common/attendance.js';
import type { ConnectionLimits } from '../common/connection-limit.js';
import { PolyakError } from '../common/errors.js';
import type { Experiment } from '../common/experiment/schema.js';
import type { Logger } from '../common/log.js';
import { memoryLimitBytes } from '../common/memory-limit.js';
import { messageSizeGuard } from '../common/message-size-guard.js';
import { observe } from '../common/observability.js';
import { coordinatorClient, createGrpcServer, services, unary } from '../common/rpc.js';
import { messageBytesMax } from '../common/socket-stream.js';
import { Refusals } from '../common/tls/refusals.js';
import { roleGuard } from '../common/tls/role-guard.js';
import type { TlsFiles } from '../common/tls/tls-files.js';
import type { TrialLines } from '../common/trial-lines.js';
import type { Lead__Output } from '../proto/gen/polyak/v1/Lead.js';
import type { Order__Output } from '../proto/gen/polyak/v1/Order.js';
import { ArenaPool } from './arithmetic/arena-pool.js';
import { MemoryBudget } from './arithmetic/arena.js';
import { Arithmetic } from './arithmetic/arithmetic.js';
import { chunkService } from './chunk-service.js';
import { FrameCache } from './frame-cache.js';
import { discardCheckpoints } from './checkpoint/checkpoint.js';
import { LeadOrders } from './lead-orders.js';
import { ReportQueue } from './lead/report-queue.js';
import { TrialLead } from './lead/trial-lead.js';
import { parameterService } from './parameter-service.js';
import { measureTrials, serverMetrics } from './server-metrics.js';
import { listenShared } from './shared-port.js';
import { TrialTable } from './trial-table.js';

/** For checkpoints of its trials when it is to end: less than it is given before it is killed. */
const drainMsMax = 20_000;

export interface ServerOptions {
  /** host:port; port 0 takes any. */
  listen: string;
  /** What other machines reach it by; the listening address unless given. */
  advertise?: string;
  metricsPort: number;
  coordinator: string;
  /** This server's shard number, from 0. */
  shard: number;
  /** Bytes of weights, slots and gradients it may hold; half of the machine's memory unless given. */
  memoryBytesMax?: number;
  /** Arithmetic threads. */
  threads: number;
  /** Of its port; those of connection-limit.ts unless given. */
  limits?: ConnectionLimits | undefined;
  /** Plain without it. */
  tls?: TlsFiles | undefined;
  log: Logger;
  /** What it logs of trials. */
  lines?: TrialLines | undefined;
}

export interface RunningServer {
  address: string;
  metricsPort: number;
  /** Resolves when the process should exit; rejects with `fenced` when another has taken its shard number. */
  closed: Promise<void>;
  close(): Promise<void>;
}

export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { log, shard, tls } = options;
  const stopping = new AbortController();
  const arithmetic = new Arithmetic(options.threads);
  let notReady: () => string | undefined = () => 'the port for gRPC is not open yet';
  const observability = await observe(
    'server',
    { host: hostOf(options.listen), port: options.metricsPort },
    { alive: () => arithmetic.failure, ready: () => notReady() },
  );
  const metrics = serverMetrics(observability.registry);
  const pools = new Map<number, ArenaPool>();
  const budget = new MemoryBudget(options.memoryBytesMax ?? Math.floor(memoryLimitBytes() / 2));
  const poolFor = (chunkBytes: number) => {
    const pool = pools.get(chunkBytes) ?? new ArenaPool({ chunkBytes, budget });
    pools.set(chunkBytes, pool);
    return pool;
  };
  const table = new TrialTable({ poolFor, arithmetic, frames: new FrameCache(), metrics, log });
  metrics.parts.arithmetic = () => arithmetic.seconds;
  measureTrials(observability.registry, table, () => budget.bytesInUse);
  const refusals = new Refusals(observability.registry, log);
  const roles = tls?.isMutual ? [roleGuard(refusals)] : [];
  const grpcServer = createGrpcServer([messageSizeGuard(refusals, messageBytesMax), ...roles]);
  const chunks = chunkService(table, log);
  grpcServer.addService(services.parameterServer.service, parameterService(table, chunks));
  const listening = await listenShared(grpcServer, chunks, options.listen, { tls, refusals, limits: options.limits });
  const address = options.advertise ?? `${hostOf(options.listen)}:${listening.port}`;
  const client = coordinatorClient(options.coordinator, tls);

  const createLead = (order: Lead__Output) => {
    const { trialKey, leadEpoch } = order;
    const trialLog = log.child({ trial: trialKey.toString('hex') });
    const send = async (kind: string, step: number, body: string) => {
      const report = { trialKey, kind: kind as 'EPOCH', step, body, leadEpoch };
      const deadline = Date.now() + 5000;
      await unary(`coordinator ${options.coordinator}`, (callback) => client.report(report, { deadline }, callback));
    };
    return new TrialLead({
      trialKey,
      experimentJson: order.experiment,
      experiment: JSON.parse(order.experiment) as Experiment,
      shard,
      shards: order.shards,
      directory: order.directory,
      untilStep: order.untilStep,
      untilEpoch: order.untilEpoch,
      checkpointStep: order.checkpointStep,
      hasFolder: order.hasFolder,
      leadEpoch,
      beginLocally: async (begin, report) => await table.begin(begin, report),
      release: (trial) => table.release(trial),
      reports: new ReportQueue(send, trialLog, stopping.signal),
      metrics,
      tls,
      log: trialLog,
    });
  };
  const leads = new LeadOrders(table, createLead, log);

  let fail: (error: Error) => void = () => undefined;
  let finish: () => void = () => undefined;
  const closed = new Promise<void>((resolve, reject) => ([finish, fail] = [resolve, reject]));
  closed.catch(() => undefined);
  let coordinatorEpoch = 0;
  const onOrder = (order: Order__Output) => {
    if (order.welcome) coordinatorEpoch = Math.max(coordinatorEpoch, order.welcome.coordinatorEpoch);
    else if (order.lead) {
      if (order.lead.coordinatorEpoch < coordinatorEpoch) metrics.fenced.inc({ what: 'coordinator' });
      else leads.take(order.lead);
    } else if (order.drop) {
      leads.forget(order.drop.trialKey);
      table.drop(order.drop.trialKey).catch((error: unknown) => log.error({ error: String(error) }, 'dropping failed'));
    } else if (order.discard) {
      discardCheckpoints(order.discard.directory).catch((error: unknown) =>
        log.warn({ directory: order.discard?.directory, error: String(error) }, 'checkpoints were not deleted'),
      );
    } else if (order.stop) table.findLead(order.stop.trialKey)?.stop();
    else if (order.replaced) fail(new PolyakError('fenced', order.replaced.message));
  };
  const attendance: Attendance = attend({
    coordinator: options.coordinator,
    register: { role: 'SERVER', shard, address, id: randomUUID() },
    trials: () => table.trialKeys(),
    onOrder,
    signal: stopping.signal,
    log,
    tls,
    lines: options.lines,
  });

  let isClosing = false;
  notReady = () => {
    if (isClosing) return 'the server is to end';
    return attendance.isAttending ? undefined : `the coordinator ${options.coordinator} is away`;
  };
  const close = async () => {
    if (isClosing) return;
    isClosing = true;
    // What comes to this shard from now on waits for its next process.
    attendance.close();
    await drained(table, log);
    stopping.abort();
    await table.closeAll();
    listening.close();
    client.close();
    observability.close();
    await arithmetic.close();
    finish();
  };
  return { address, metricsPort: observability.port, closed, close };
}

/** Until all trials are in a checkpoint, or time is up: those go back to their newest. */
async function drained(table: TrialTable, log: Logger): Promise<void> {
  const late = new AbortController();
  const timeUp = delay(drainMsMax, 'late', { signal: late.signal }).catch(() => 'drained');
  const end = await Promise.race([table.drain().then(() => 'drained'), timeUp]);
  late.abort();
  if (end === 'late')
    log.warn(`no checkpoint of all trials within ${drainMsMax / 1000} s: some go back to their newest`);
}

function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':'));
}
