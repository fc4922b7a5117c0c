/** The coordinator's gRPC methods: what arrives is checked, kept in the store, and passed on. */
import { randomBytes } from 'node:crypto';
import type { handleUnaryCall, sendUnaryData, ServerWritableStream } from '@grpc/grpc-js';
import { leadShardOf } from '../common/chunk-layout.js';
import { PolyakError } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import { toServiceError } from '../common/rpc.js';
import type { CertificateRole } from '../common/tls/certificate-role.js';
import { textOf } from '../common/tls/method-roles.js';
import type { Refusals } from '../common/tls/refusals.js';
import { callerRoles } from '../common/tls/role-guard.js';
import { assertCompatible } from '../common/version.js';
import type { ChangeSweepRequest__Output } from '../proto/gen/polyak/v1/ChangeSweepRequest.js';
import type { CoordinatorHandlers } from '../proto/gen/polyak/v1/Coordinator.js';
import type { ListTrialsRequest__Output } from '../proto/gen/polyak/v1/ListTrialsRequest.js';
import type { Register__Output } from '../proto/gen/polyak/v1/Register.js';
import type { StatusRequest__Output } from '../proto/gen/polyak/v1/StatusRequest.js';
import type { StatusReply } from '../proto/gen/polyak/v1/StatusReply.js';
import type { SubmitSweepRequest__Output } from '../proto/gen/polyak/v1/SubmitSweepRequest.js';
import type { SubmitRequest__Output } from '../proto/gen/polyak/v1/SubmitRequest.js';
import type { TrialReport__Output } from '../proto/gen/polyak/v1/TrialReport.js';
import { Attendee } from './attendee.js';
import type { CoordinatorMetrics } from './coordinator-metrics.js';
import { replacedMessage, type Departure, type Dispatcher } from './dispatcher.js';
import { shardsMax, type Epochs } from './epochs.js';
import type { ExternalWork } from './external/external-work.js';
import { workHandler } from './external/work-handler.js';
import type { Ledger } from './ledger.js';
import { readLogs, takeLogs, type ReadLogsCall } from './log-service.js';
import type { RunEvents, WatchCall } from './run-events.js';
import { isOver } from './run-state.js';
import type { Runs } from './runs.js';
import {
  changeSweep,
  directoryLengthMax,
  experimentBytesMax,
  listTrials,
  readTrial,
  reportOfTrial,
  submitSweep,
  watchSweep,
  type ReadTrialCall,
  type WatchSweepCall,
} from './sweep-service.js';
import type { Progress } from './sweep/progress.js';
import { endOf } from './sweep/run-report.js';
import type { Sweeps } from './sweep/sweeps.js';
import type { SweepWatchers } from './sweep/sweep-watchers.js';
import { eventChange } from './store/event-change.js';
import type { Change, RunRow } from './store/rows.js';
import type { Store } from './store/store.js';
import type { TrialLogs } from './trial-logs.js';

/** Of what the last report of a run says, which has a number for each metric. */
const reportBytesMax = 1 << 20;

export interface ServiceParts {
  store: Store;
  epochs: Epochs;
  ledger: Ledger;
  runs: Runs;
  sweeps: Sweeps;
  dispatcher: Dispatcher;
  work: ExternalWork;
  events: RunEvents;
  watchers: SweepWatchers;
  progress: Progress;
  metrics: CoordinatorMetrics;
  /** Undefined where none are kept. */
  logs: TrialLogs | undefined;
  refusals: Refusals;
  log: Logger;
}

export function coordinatorService(parts: ServiceParts): CoordinatorHandlers {
  const unary =
    <Request, Reply>(handle: (request: Request) => Promise<Reply>): handleUnaryCall<Request, Reply> =>
    ({ request }, callback: sendUnaryData<Reply>) => {
      const answer = async () => {
        try {
          callback(null, await handle(request));
        } catch (error) {
          callback(failed(parts, error));
        }
      };
      void answer();
    };
  const streaming =
    <Request, Line>(handle: (call: ServerWritableStream<Request, Line>) => Promise<void>) =>
    (call: ServerWritableStream<Request, Line>) =>
      void handle(call).catch((error: unknown) => call.emit('error', failed(parts, error)));
  return {
    Attend: attendHandler(parts),
    Report: unary(async (request: TrialReport__Output) => await report(parts, request)),
    Submit: unary(async (request: SubmitRequest__Output) => await submit(parts, request)),
    Stop: unary(async ({ trialKey }: { trialKey: Buffer }) => await stop(parts, trialKey)),
    Watch: streaming(async (call: WatchCall) => await watch(parts, call)),
    SubmitSweep: unary(async (request: SubmitSweepRequest__Output) => await submitSweep(parts, request)),
    WatchSweep: streaming(async (call: WatchSweepCall) => await watchSweep(parts, call)),
    ChangeSweep: unary(async (request: ChangeSweepRequest__Output) => await changeSweep(parts, request)),
    ListTrials: unary(async (request: ListTrialsRequest__Output) => await listTrials(parts, request)),
    ReadTrial: streaming(async (call: ReadTrialCall) => await readTrial(parts, call)),
    ReadLogs: streaming(async (call: ReadLogsCall) => await readLogs(parts, call)),
    Work: workHandler(parts.work, (error) => failed(parts, error)),
    Status: unary(async ({ sweepKey }: StatusRequest__Output) => await status(parts, sweepKey)),
  };
}

function attendHandler(parts: ServiceParts): CoordinatorHandlers['Attend'] {
  const { dispatcher, metrics } = parts;
  return (call) => {
    let attendee: Attendee | undefined;
    let hasLeft = false;
    const leave = (reason: Departure) => {
      hasLeft = true;
      if (attendee) dispatcher.remove(attendee, reason);
    };
    const lose = () => leave('stream broken');
    const register = async (registration: Register__Output) => {
      assertCompatible(`the ${registration.role.toLowerCase()}`, registration.version);
      const impostor = impostorOf(registration.role === 'SERVER' ? 'server' : 'worker', callerRoles(call));
      if (impostor) {
        parts.refusals.add('role', call.getPeer(), impostor.message);
        throw impostor;
      }
      const epoch = await dispatcher.admit(registration);
      if (hasLeft) return;
      if (epoch === undefined) {
        metrics.fenced.inc();
        call.write({ replaced: { message: replacedMessage(registration.shard) } });
        call.end();
        return;
      }
      attendee = new Attendee(
        registration,
        epoch,
        (order) => call.write(order),
        () => call.end(),
      );
      dispatcher.add(attendee);
    };
    call.on('data', (message) => {
      if (attendee) attendee.lastHeardAt = Date.now();
      if (message.register) {
        register(message.register).catch((error: unknown) => call.emit('error', failed(parts, error)));
      } else if (message.goodbye) leave('left');
      else if (message.beat) attendee?.heard(message.beat.waiting);
      else if (message.admitted && attendee) dispatcher.admitted(attendee, message.admitted.trialKey);
      else if (message.out && attendee) dispatcher.out(attendee, message.out);
      else if (message.log && attendee) {
        takeLogs(parts, attendee, message.log).catch((error: unknown) => {
          parts.log.warn({ error: String(error) }, 'lines of a log were not taken');
        });
      }
    });
    call.on('end', () => {
      lose();
      call.end();
    });
    call.on('cancelled', lose);
    call.on('error', lose);
  };
}

/** A worker that registered as a server would be given trials to lead. Undefined for who has the role. */
function impostorOf(role: CertificateRole, roles: ReadonlySet<CertificateRole> | undefined): PolyakError | undefined {
  if (!roles || roles.has(role)) return undefined;
  const has = `the client's certificate has ${textOf(roles)}`;
  return new PolyakError('refused', `Coordinator.Attend: ${has}, and the process registers as a ${role}`);
}

async function report(parts: ServiceParts, request: TrialReport__Output): Promise<Record<string, never>> {
  const { runs, sweeps, epochs, dispatcher, metrics } = parts;
  const { kind, leadEpoch } = request;
  assertFits('report: body', request.body, reportBytesMax);
  const key = request.trialKey.toString('hex');
  const run = await runs.findAny(key);
  if (!run) throw new PolyakError('fenced', `report: there is no trial ${key} here`);
  if (run.shards === 0) throw new PolyakError('fenced', `report of trial ${key}: it is external, and has no lead`);
  const lead = leadShardOf(request.trialKey, run.shards);
  const epoch = epochs.ofShard(lead);
  if (leadEpoch !== epoch) {
    throw new PolyakError(
      'fenced',
      `report of trial ${key}: it comes from lead epoch ${leadEpoch}, shard ${lead} is at ${epoch}`,
    );
  }
  metrics.reports.inc({ kind });
  const isForgotten = run.sweep !== null && !runs.find(key);
  if (isForgotten || isOver(run.state)) {
    // Its acknowledgement was lost, or the lead has not heard yet of the end.
    await parts.ledger.settled();
    if (isForgotten || isOver(run.state)) dispatcher.drop(key);
  } else if (run.sweep === null) await reportAlone(parts, run, request);
  else {
    const sweep = sweeps.ofRun(run);
    if (!sweep) throw new PolyakError('fenced', `report of trial ${key}: its sweep ${run.sweep} does not go on`);
    await reportOfTrial(parts, sweep, run, request);
  }
  return {};
}

async function reportAlone(parts: ServiceParts, run: RunRow, { kind, step, body }: TrialReport__Output): Promise<void> {
  const { runs, ledger, events, dispatcher, metrics, log } = parts;
  const { key } = run;
  if (kind === 'PROGRESS') return events.progress(key, body);
  if (kind === 'PAUSED') throw new PolyakError('protocol', `report of trial ${key}: it was not asked to pause`);
  await runs.once(key, kind, step, async () => {
    const written: Change = { table: 'reports', row: { run: key, kind, step, body } };
    const noted = eventChange(`report-${kind.toLowerCase()}`, key, { step });
    if (kind !== 'END') {
      await ledger.commit([written, noted]);
      events.send(key, body);
      return;
    }
    const event = endOf(body);
    await ledger.commit([written, noted, ...runs.advance(run, event)]);
    metrics.runsEnded.inc({ end: event });
    log.info({ trial: key, event, step }, 'trial has ended');
    events.end(key, body);
    dispatcher.drop(key);
  });
}

async function submit(parts: ServiceParts, request: SubmitRequest__Output): Promise<{ trialKey: Buffer }> {
  const { runs, ledger, dispatcher, events, log } = parts;
  const { experiment, directory, untilStep, shards } = request;
  const trialKey = request.trialKey.length > 0 ? request.trialKey : randomBytes(8);
  if (trialKey.length !== 8)
    throw new PolyakError('usage', `submit: trial_key has ${trialKey.length} bytes, it must have 8`);
  if (shards < 1 || shards > shardsMax)
    throw new PolyakError('usage', `submit: shards is ${shards}, it must be 1 to ${shardsMax}`);
  if (directory === '')
    throw new PolyakError('usage', 'submit: directory is empty; it must be a folder that the servers see');
  assertFits('submit: directory', directory, directoryLengthMax);
  assertFits('submit: experiment', experiment, experimentBytesMax);
  assertJsonObject(experiment);
  const key = trialKey.toString('hex');
  const known = await runs.findAny(key);
  if (known && known.experiment !== experiment) {
    throw new PolyakError('usage', `trial ${key} has another experiment; start a new run for this one`);
  }
  if (known) await submitAgain(parts, known, { directory, untilStep, shards });
  else {
    events.open(key, []);
    await ledger.commit(runs.create(newRun(request, key)));
  }
  const { state } = runs.find(key) ?? { state: 'waiting' };
  log.info({ trial: key, shards, untilStep, state }, 'trial submitted');
  dispatcher.dispatch();
  return { trialKey };
}

/** Errors: `usage`, naming both lengths. */
function assertFits(what: string, text: string, most: number): void {
  if (text.length <= most) return;
  throw new PolyakError('usage', `${what} has ${text.length} characters, the most is ${most}`);
}

function newRun({ experiment, directory, untilStep, shards }: SubmitRequest__Output, key: string): RunRow {
  return {
    ...{ key, experiment, directory, untilStep, untilEpoch: 0, shards, state: 'waiting', retries: 0 },
    ...{ checkpointStep: 0, sweep: null, trial: 0, member: 0, computeSeconds: 0, createdAt: new Date().toISOString() },
  };
}

/** An earlier attempt goes on; one that finished or diverged stays as it is. */
async function submitAgain(parts: ServiceParts, run: RunRow, change: Partial<RunRow>): Promise<void> {
  const { store, runs, ledger, events } = parts;
  if (run.state === 'finished' || run.state === 'diverged') return;
  if (isOver(run.state)) {
    const stored = await store.reports(run.key);
    events.open(
      run.key,
      stored.filter(({ kind }) => kind !== 'END').map(({ body }) => body),
    );
  }
  await ledger.commit([...runs.advance(run, 'submit', change), ...runs.forgetEnd(run.key)]);
}

async function stop(parts: ServiceParts, trialKey: Buffer): Promise<Record<string, never>> {
  const { store, runs, ledger, events, dispatcher } = parts;
  const key = trialKey.toString('hex');
  const run = await runs.findAny(key);
  if (!run) throw new PolyakError('usage', `stop: there is no trial ${key}`);
  // Its sweep decides upon it, and counts what it may still train.
  if (run.sweep !== null)
    throw new PolyakError('usage', `stop: run ${key} is of trial ${run.trial} of sweep ${run.sweep}; stop the sweep`);
  if (run.state === 'waiting') {
    // Nobody leads it, so nobody else will report its end.
    const step = Math.max(0, ...(await store.reports(key)).map((known) => known.step));
    const body = JSON.stringify({ event: 'stopped', step });
    const written: Change = { table: 'reports', row: { run: key, kind: 'END', step, body } };
    await ledger.commit([written, ...runs.advance(run, 'stopped')]);
    events.end(key, body);
  } else if (!isOver(run.state)) {
    await ledger.commit(runs.advance(run, 'stop'));
    dispatcher.dispatch();
  }
  return {};
}

/** All that were ever submitted, oldest first; of those not in mind, what their row has. */
export async function sweepsNow({ store, sweeps }: Pick<ServiceParts, 'store' | 'sweeps'>): Promise<object[]> {
  return (await store.sweeps()).map(
    ({ key, name, state, reason, directory, createdAt, endedAt }) =>
      sweeps.find(key)?.snapshot() ?? { key, name, state, reason, directory, createdAt, endedAt },
  );
}

async function status(parts: ServiceParts, sweepKey: Buffer): Promise<StatusReply> {
  const { runs, dispatcher, sweeps } = parts;
  const shown =
    sweepKey.length === 0 ? await sweepsNow(parts) : [(await sweeps.get(sweepKey.toString('hex'))).snapshot()];
  return {
    trials: runs.alone().map(({ key, state, directory, untilStep, shards }) => ({
      ...{ trialKey: Buffer.from(key, 'hex'), state, directory, untilStep, shards },
    })),
    processes: dispatcher.processes(),
    sweeps: shown.map((sweep) => JSON.stringify(sweep)),
  };
}

async function watch({ store, runs, events }: ServiceParts, call: WatchCall): Promise<void> {
  const key = call.request.trialKey.toString('hex');
  const run = await runs.findAny(key);
  if (!run) throw new PolyakError('usage', `watch: there is no trial ${key}`);
  if (!isOver(run.state)) return events.follow(key, call);
  for (const { body } of await store.reports(key)) call.write({ body });
  call.end();
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
function failed({ log, metrics }: ServiceParts, error: unknown) {
  if (!(error instanceof PolyakError))
    log.error({ error: error instanceof Error ? error.stack : String(error) }, 'internal error');
  else if (error.code === 'fenced') {
    metrics.fenced.inc();
    log.warn({ reason: error.message }, 'Fenced');
  }
  return toServiceError(error);
}
