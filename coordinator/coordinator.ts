/** The coordinator process: knows runs and processes, never weights. Everything it must remember is in its store. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { PolyakError } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import { observe } from '../common/observability.js';
import { createGrpcServer, listen, services } from '../common/rpc.js';
import { coordinatorMetrics } from './coordinator-metrics.js';
import { coordinatorService } from './coordinator-service.js';
import { Dispatcher } from './dispatcher.js';
import { RunEvents } from './run-events.js';
import { Store } from './store.js';

export interface CoordinatorOptions {
  /** host:port; port 0 takes any. */
  listen: string;
  /** What other machines reach it by; the listening address unless given. */
  advertise?: string;
  metricsPort: number;
  /** File of the SQLite store; its folder is made. */
  store: string;
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
/** A process that says nothing for so long is taken to be gone; it may attend again. */
const silenceMsMax = 15_000;

function openStore(path: string): Store {
  try {
    mkdirSync(dirname(path), { recursive: true });
    return Store.open(path, `${process.pid}`);
  } catch (error) {
    if (error instanceof PolyakError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new PolyakError('usage', `--store '${path}': cannot be opened as a database: ${reason}`, { cause: error });
  }
}

/** Errors: `usage` for an address or a store that cannot be had, `setup` without SQLite. */
export async function startCoordinator(options: CoordinatorOptions): Promise<RunningCoordinator> {
  const { log } = options;
  const host = options.listen.slice(0, options.listen.lastIndexOf(':'));
  const store = openStore(options.store);
  const dispatcher = new Dispatcher(store, log);
  const events = new RunEvents();
  let replaced: PolyakError | undefined;
  const observability = await observe('coordinator', { host, port: options.metricsPort }, () => replaced?.message);
  const metrics = coordinatorMetrics(observability.registry, store, dispatcher);
  const grpcServer = createGrpcServer();

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
    for (const attendee of dispatcher.attendees()) attendee.end();
    grpcServer.forceShutdown();
    observability.close();
    store.close();
    finish();
  };
  const fenced = (error: PolyakError) => {
    if (replaced) return;
    replaced = error;
    log.error({ reason: error.message }, 'Fenced');
    fail(error);
    // After the answer that is being given.
    setImmediate(() => void close());
  };
  const beats = setInterval(() => {
    try {
      store.assertCurrent();
    } catch (error) {
      return fenced(error as PolyakError);
    }
    for (const attendee of dispatcher.attendees()) {
      if (Date.now() - attendee.lastHeardAt > silenceMsMax) {
        dispatcher.remove(attendee);
        attendee.end();
      } else attendee.send({ beat: {} });
    }
  }, beatMs);

  grpcServer.addService(
    services.coordinator.service,
    coordinatorService({ store, dispatcher, events, metrics, log, fenced }),
  );
  const port = await listen(grpcServer, options.listen);
  return { address: options.advertise ?? `${host}:${port}`, metricsPort: observability.port, closed, close };
}
