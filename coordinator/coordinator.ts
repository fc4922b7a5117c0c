/** The coordinator process: knows runs and processes, never weights. Everything it must remember is in its store. */
import { dirname, join } from 'node:path';
import type { ConnectionLimits } from '../common/connection-limit.js';
import type { PolyakError } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import { messageSizeGuard } from '../common/message-size-guard.js';
import { roleRegistry } from '../common/observability.js';
import { createGrpcServer, services } from '../common/rpc.js';
import { Refusals } from '../common/tls/refusals.js';
import { roleGuard } from '../common/tls/role-guard.js';
import { listenForGrpc } from '../common/tls/grpc-port.js';
import type { TlsFiles } from '../common/tls/tls-files.js';
import { coordinatorMetrics } from './coordinator-metrics.js';
import { coordinatorService } from './coordinator-service.js';
import { Dispatcher } from './dispatcher.js';
import { Epochs } from './epochs.js';
import { ExternalWork } from './external/external-work.js';
import { readApiTokens } from './http/api-tokens.js';
import { startHttpServer } from './http/http-server.js';
import { Ledger } from './ledger.js';
import { RunEvents } from './run-events.js';
import { isOver } from './run-state.js';
import { Runs } from './runs.js';
import { openStore } from './store/open-store.js';
import type { RunRow } from './store/rows.js';
import { Progress } from './sweep/progress.js';
import { Sweeps } from './sweep/sweeps.js';
import { SweepWatchers } from './sweep/sweep-watchers.js';
import { TrialLogs } from './trial-logs.js';

export interface CoordinatorOptions {
  /** host:port; port 0 takes any. */
  listen: string;
  /** What other machines reach it by; the listening address unless given. */
  advertise?: string;
  /** Of HTTP: /metrics, /healthz, /readyz and /api/v1. */
  metricsPort: number;
  /** File of the tokens that the HTTP API asks for. */
  apiTokens?: string;
  /** File of an SQLite store, whose folder is made, or the URL of a PostgreSQL database. */
  store: string;
  /** Folder of the logs of trials; unless given, beside an SQLite store, and none with PostgreSQL; '' for none. */
  logs?: string;
  /** For so long a sweep that has ended is in /metrics; an hour unless given. */
  sweepMetricsSeconds?: number;
  /** For so long the store may be silent before nobody is sent here, and before the process is to be started again. */
  storeSilenceMs?: { ready: number; alive: number };
  /** Of each port; those of connection-limit.ts unless given. */
  limits?: ConnectionLimits | undefined;
  /** Of gRPC and HTTP; plain without it. */
  tls?: TlsFiles | undefined;
  log: Logger;
}

export interface RunningCoordinator {
  address: string;
  metricsPort: number;
  /** Resolves after `close`; rejects with `fenced` when a younger coordinator has taken the store. */
  closed: Promise<void>;
  close(): Promise<void>;
}

const beatMs = 1000;
/** An experiment has 4 MiB at most, and its list of trials as much. */
const requestBytesMax = 16 << 20;
/** A process that says nothing for so long is taken to be gone; it may attend again. */
const silenceMsMax = 15_000;
/** Of the store, which is asked once a second. */
const storeSilenceMsMax = { ready: 10_000, alive: 60_000 };

/** Errors: `usage` for an address or a store that cannot be had, `setup` without SQLite. */
export async function startCoordinator(options: CoordinatorOptions): Promise<RunningCoordinator> {
  const { log, tls, limits, sweepMetricsSeconds = 3600, storeSilenceMs = storeSilenceMsMax } = options;
  const host = options.listen.slice(0, options.listen.lastIndexOf(':'));
  const tokens = options.apiTokens === undefined ? undefined : readApiTokens(options.apiTokens);
  const store = await openStore(options.store, `${process.pid}`);
  const kept = await store.open();
  const runs = new Runs(store, kept.runs);
  const events = new RunEvents();
  for (const { key, state } of runs.alone()) {
    if (!isOver(state))
      events.open(
        key,
        (await store.reports(key)).map(({ body }) => body),
      );
  }
  const watchers = new SweepWatchers();
  const progress = new Progress();
  const epochs = new Epochs(kept.epochs);
  const { registry, stop: stopMeasuring } = roleRegistry('coordinator');
  const refusals = new Refusals(registry, log);
  const roles = tls?.isMutual ? [roleGuard(refusals)] : [];
  const grpcServer = createGrpcServer([messageSizeGuard(refusals, requestBytesMax), ...roles], requestBytesMax);
  let endConnections: () => void = () => undefined;
  let failure: PolyakError | undefined;
  let finish: () => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const closed = new Promise<void>((resolve, reject) => ([finish, fail] = [resolve, reject]));
  closed.catch(() => undefined);
  let closing = false;
  const close = async () => {
    if (closing) return;
    closing = true;
    clearInterval(beats);
    events.close();
    watchers.close();
    work.close();
    for (const attendee of dispatcher.attendees()) attendee.end();
    grpcServer.forceShutdown();
    endConnections();
    await http.close();
    stopMeasuring();
    await logs?.close();
    await store.close();
    finish();
  };
  const end = (error: PolyakError) => {
    if (failure || closing) return;
    failure = error;
    log.error({ reason: error.message }, error.code === 'fenced' ? 'Fenced' : 'the store has failed');
    fail(error);
    // After the answer that is being given.
    setImmediate(() => void close());
  };
  const tell = ({ key }: RunRow) => {
    const run = runs.find(key);
    if (run) dispatcher.tell(run);
  };
  const ledger = new Ledger(
    store,
    {
      log: (row) => watchers.wake(row.sweep),
      sweep: (row) => watchers.wake(row.key),
      run: tell,
    },
    end,
  );
  const sweeps = new Sweeps(store, runs, ledger, log, (key) => watchers.has(key) || work.isAttended(key));
  await sweeps.restore(kept.sweeps);
  const { coordinatorEpoch } = store;
  const notice = (run: RunRow, kind: string, message: string) => {
    const body = JSON.stringify({ event: 'notice', kind, message });
    const written = ledger.commit([{ table: 'reports', row: { run: run.key, kind: 'NOTICE', step: 0, body } }]);
    written.then(
      () => run.sweep === null && events.send(run.key, body),
      () => undefined,
    );
  };
  const dispatcher = new Dispatcher({ epochs, runs, sweeps, ledger, coordinatorEpoch, log, notice });
  const work = new ExternalWork({ store, runs, sweeps, ledger });
  await work.restore();
  const metrics = coordinatorMetrics(registry, { runs, sweeps, dispatcher, coordinatorEpoch, sweepMetricsSeconds });
  work.metrics = metrics;
  dispatcher.metrics = metrics;
  const logFolder = options.logs ?? logFolderOf(options.store);
  const logs =
    logFolder === undefined || logFolder === ''
      ? undefined
      : new TrialLogs({ folder: logFolder, lines: metrics.logLines, log });
  const parts = {
    store,
    epochs,
    ledger,
    runs,
    sweeps,
    dispatcher,
    work,
    events,
    watchers,
    progress,
    metrics,
    logs,
    refusals,
    log,
  };
  let isOpen = false;
  let storeHeardAt = performance.now();
  const silentStore = (most: number) => {
    const silentMs = performance.now() - storeHeardAt;
    return silentMs > most ? `the store has not answered for ${Math.round(silentMs / 1000)} s` : undefined;
  };
  const http = await startHttpServer({
    ...{ host, port: options.metricsPort, tokens, registry, parts, tls, refusals, limits },
    probes: {
      alive: () => failure?.message ?? silentStore(storeSilenceMs.alive),
      ready: () => (isOpen ? silentStore(storeSilenceMs.ready) : 'the port for gRPC is not open yet'),
    },
  });
  let beatAt = performance.now();
  const beats = setInterval(() => {
    store.assertCurrent().then(() => (storeHeardAt = performance.now()), end);
    for (const attendee of dispatcher.attendees()) {
      if (Date.now() - attendee.lastHeardAt > silenceMsMax) {
        dispatcher.remove(attendee, 'silent');
        attendee.end();
      } else attendee.send({ beat: {} });
    }
    const seconds = (performance.now() - beatAt) / 1000;
    beatAt += seconds * 1000;
    sweeps.tick(seconds, (sweep) => dispatcher.workers.takeComputeSeconds(sweep) + work.takeComputeSeconds(sweep));
    for (const run of runs.stopping()) dispatcher.tell(run);
    work.beat();
    for (const key of watchers.sweeps) {
      const sweep = sweeps.find(key);
      if (sweep) watchers.tell(key, { event: 'progress', ...sweep.snapshot(), running: progress.of(sweep) });
    }
    dispatcher.dispatchSoon();
    dispatcher.sayStranded();
  }, beatMs);

  grpcServer.addService(services.coordinator.service, coordinatorService(parts));
  const grpcPort = await listenForGrpc(grpcServer, options.listen, { tls, refusals, limits });
  isOpen = true;
  endConnections = () => grpcPort.close();
  return { address: options.advertise ?? `${host}:${grpcPort.port}`, metricsPort: http.port, closed, close };
}

/** Beside the file of the store. */
function logFolderOf(store: string): string | undefined {
  return store.includes('://') ? undefined : join(dirname(store), 'trial-logs');
}
