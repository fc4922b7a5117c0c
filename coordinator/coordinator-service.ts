/** The coordinator's gRPC methods: what arrives is checked, kept in the store, and passed on. */
import { randomBytes } from 'node:crypto';
import type { handleUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { leadShardOf } from '../common/chunk-layout.js';
import { PolyakError } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import { toServiceError } from '../common/rpc.js';
import type { CoordinatorHandlers } from '../proto/gen/polyak/v1/Coordinator.js';
import type { StatusReply } from '../proto/gen/polyak/v1/StatusReply.js';
import type { SubmitRequest__Output } from '../proto/gen/polyak/v1/SubmitRequest.js';
import type { TrialReport__Output } from '../proto/gen/polyak/v1/TrialReport.js';
import { Attendee } from './attendee.js';
import type { CoordinatorMetrics } from './coordinator-metrics.js';
import { replacedMessage, type Dispatcher } from './dispatcher.js';
import type { RunEvents } from './run-events.js';
import type { Store } from './store.js';
import { isEnd, isOver } from './trial.js';

const shardsMax = 1024;

export interface ServiceParts {
  store: Store;
  dispatcher: Dispatcher;
  events: RunEvents;
  metrics: CoordinatorMetrics;
  log: Logger;
  /** A younger coordinator has the store. */
  fenced: (error: PolyakError) => void;
}

export function coordinatorService(parts: ServiceParts): CoordinatorHandlers {
  const unary =
    <Request, Reply>(handle: (request: Request) => Reply): handleUnaryCall<Request, Reply> =>
    ({ request }, callback: sendUnaryData<Reply>) => {
      try {
        callback(null, handle(request));
      } catch (error) {
        callback(failed(parts, error));
      }
    };
  return {
    Attend: attendHandler(parts),
    Report: unary((request: TrialReport__Output) => report(parts, request)),
    Submit: unary((request: SubmitRequest__Output) => submit(parts, request)),
    Stop: unary(({ trialKey }: { trialKey: Buffer }) => stop(parts, trialKey)),
    Watch: watchHandler(parts),
    Status: unary(() => status(parts)),
  };
}

function attendHandler(parts: ServiceParts): CoordinatorHandlers['Attend'] {
  const { dispatcher, metrics } = parts;
  return (call) => {
    let attendee: Attendee | undefined;
    const leave = () => {
      if (attendee) dispatcher.remove(attendee);
    };
    call.on('data', (message) => {
      if (attendee) attendee.lastHeardAt = Date.now();
      try {
        if (message.register) {
          const { register } = message;
          const epoch = dispatcher.admit(register);
          if (epoch === undefined) {
            metrics.fenced.inc();
            call.write({ replaced: { message: replacedMessage(register.shard) } });
            call.end();
            return;
          }
          attendee = new Attendee(
            register,
            epoch,
            (order) => call.write(order),
            () => call.end(),
          );
          dispatcher.add(attendee);
        } else if (message.goodbye) leave();
      } catch (error) {
        call.emit('error', failed(parts, error));
      }
    });
    call.on('end', () => {
      leave();
      call.end();
    });
    call.on('cancelled', leave);
    call.on('error', leave);
  };
}

function report(parts: ServiceParts, request: TrialReport__Output): Record<string, never> {
  const { store, events, dispatcher, metrics } = parts;
  const { kind, step, body, leadEpoch } = request;
  const key = request.trialKey.toString('hex');
  const trial = store.find(key);
  if (!trial) throw new PolyakError('fenced', `report: there is no trial ${key} here`);
  const lead = leadShardOf(request.trialKey, trial.shards);
  const epoch = store.shardEpoch(lead);
  if (leadEpoch !== epoch) {
    throw new PolyakError(
      'fenced',
      `report of trial ${key}: it comes from lead epoch ${leadEpoch}, shard ${lead} is at ${epoch}`,
    );
  }
  metrics.reports.inc({ kind });
  // Its acknowledgement was lost, or the lead has not heard yet of the end.
  if (isOver(trial.state)) {
    dispatcher.drop(key);
    return {};
  }
  if (kind === 'PROGRESS') events.send(key, body, true);
  else if (kind === 'END') endTrial(parts, key, step, body);
  else if (store.report(key, kind === 'PAUSED' ? 'EPOCH' : kind, step, body)) events.send(key, body, false);
  return {};
}

function endTrial({ store, events, dispatcher, log }: ServiceParts, key: string, step: number, body: string): void {
  const { event } = JSON.parse(body) as { event?: unknown };
  if (!isEnd(event)) throw new PolyakError('protocol', `report of trial ${key}: '${String(event)}' is not an end`);
  if (!store.end(key, event, step, body)) return;
  log.info({ trial: key, event, step }, 'trial has ended');
  events.end(key, body);
  dispatcher.drop(key);
}

function submit({ store, dispatcher, log }: ServiceParts, request: SubmitRequest__Output): { trialKey: Buffer } {
  const { experiment, directory, untilStep, shards } = request;
  const trialKey = request.trialKey.length > 0 ? request.trialKey : randomBytes(8);
  if (trialKey.length !== 8)
    throw new PolyakError('usage', `submit: trial_key has ${trialKey.length} bytes, it must have 8`);
  if (shards < 1 || shards > shardsMax)
    throw new PolyakError('usage', `submit: shards is ${shards}, it must be 1 to ${shardsMax}`);
  if (directory === '')
    throw new PolyakError('usage', 'submit: directory is empty; it must be a folder that the servers see');
  assertJsonObject(experiment);
  const trial = store.submit({ key: trialKey.toString('hex'), experiment, directory, untilStep, shards });
  log.info({ trial: trial.key, shards, untilStep, state: trial.state }, 'trial submitted');
  dispatcher.dispatch();
  return { trialKey };
}

function stop(parts: ServiceParts, trialKey: Buffer): Record<string, never> {
  const { store, dispatcher } = parts;
  const key = trialKey.toString('hex');
  const trial = store.find(key);
  if (!trial) throw new PolyakError('usage', `stop: there is no trial ${key}`);
  if (trial.state === 'waiting') {
    // Nobody leads it, so nobody else will report its end.
    const step = Math.max(0, ...store.reports(key).map((known) => known.step));
    endTrial(parts, key, step, JSON.stringify({ event: 'stopped', step }));
  } else {
    store.advance(key, 'stop');
    dispatcher.dispatch();
  }
  return {};
}

function status({ store, dispatcher }: ServiceParts): StatusReply {
  return {
    trials: store.trials().map(({ key, state, directory, untilStep, shards }) => ({
      ...{ trialKey: Buffer.from(key, 'hex'), state, directory, untilStep, shards },
    })),
    processes: dispatcher.attendees().map(({ register: { role, shard, address, id } }) => ({
      ...{ role, shard, address, id },
    })),
  };
}

function watchHandler(parts: ServiceParts): CoordinatorHandlers['Watch'] {
  return (call) => {
    try {
      const key = call.request.trialKey.toString('hex');
      const trial = parts.store.find(key);
      if (!trial) throw new PolyakError('usage', `watch: there is no trial ${key}`);
      for (const { body } of parts.store.reports(key)) call.write({ body });
      if (isOver(trial.state)) call.end();
      else parts.events.add(key, call);
    } catch (error) {
      call.emit('error', failed(parts, error));
    }
  };
}

function assertJsonObject(text: string): void {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return;
  } catch {
    // Said below.
  }
  throw new PolyakError('usage', 'submit: experiment is not a JSON object');
}

/** An error as the peer sees it; what is not ours stays in the log. */
function failed(parts: ServiceParts, error: unknown) {
  const { log, metrics, store, fenced } = parts;
  if (!(error instanceof PolyakError))
    log.error({ error: error instanceof Error ? error.stack : String(error) }, 'internal error');
  else if (error.code === 'fenced') {
    metrics.fenced.inc();
    log.warn({ reason: error.message }, 'Fenced');
    try {
      store.assertCurrent();
    } catch (replaced) {
      if (replaced instanceof PolyakError && replaced.code === 'fenced') fenced(replaced);
    }
  }
  return toServiceError(error);
}
