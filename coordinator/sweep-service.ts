/** The coordinator's gRPC methods for sweeps: what arrives is checked, decided on, kept in the store, and carried out. */
import { isAbsolute, normalize, resolve as resolvePath } from 'node:path';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { bucketLocation, isBucket } from '../common/checkpoint-location.js';
import { PolyakError } from '../common/errors.js';
import type { ChangeSweepRequest__Output } from '../proto/gen/polyak/v1/ChangeSweepRequest.js';
import type { ListTrialsRequest__Output } from '../proto/gen/polyak/v1/ListTrialsRequest.js';
import type { ReadTrialRequest__Output } from '../proto/gen/polyak/v1/ReadTrialRequest.js';
import type { RunEvent } from '../proto/gen/polyak/v1/RunEvent.js';
import type { SubmitSweepRequest__Output } from '../proto/gen/polyak/v1/SubmitSweepRequest.js';
import type { TrialLine } from '../proto/gen/polyak/v1/TrialLine.js';
import type { TrialReport__Output } from '../proto/gen/polyak/v1/TrialReport.js';
import type { WatchSweepRequest__Output } from '../proto/gen/polyak/v1/WatchSweepRequest.js';
import type { ServiceParts } from './coordinator-service.js';
import { shardsMax } from './epochs.js';
import { hasLead } from './run-state.js';
import type { Change, RunRow, SweepRow, TrialRow } from './store/rows.js';
import { epochsOf } from './sweep/open-sweep.js';
import { followLog, type LogSink } from './sweep/follow-log.js';
import { lineOf, type SweepLine } from './sweep/log-line.js';
import { searchSettings } from './sweep/search-settings.js';
import { endFactsOf, endOf, epochReportOf } from './sweep/run-report.js';
import type { Sweep } from './sweep/sweep.js';
import { changedSettings, checkedSettings } from './sweep/sweep-settings.js';

export type WatchSweepCall = ServerWritableStream<WatchSweepRequest__Output, RunEvent>;
export type ReadTrialCall = ServerWritableStream<ReadTrialRequest__Output, TrialLine>;

const trialsMax = 1000;
export const experimentBytesMax = 4 << 20;
/** Of a path, as systems have it. */
export const directoryLengthMax = 4096;
const listBytesMax = 8 << 20;
const nameLengthMax = 200;
/** Far beyond what an experiment has, and far below what the stack holds. */
const depthMax = 100;

export async function submitSweep(parts: ServiceParts, request: SubmitSweepRequest__Output): Promise<object> {
  requireRightRequest(request);
  const { sweepKey, name, experiment, folder, directory, shards, list, settings, replayOf, external } = request;
  const value = objectOf('experiment', experiment);
  const given = settings === '' ? {} : objectOf('settings', settings);
  requireSameTrials(value, given);
  const row: SweepRow = {
    ...{ key: sweepKey.toString('hex'), name, experiment, state: 'running', reason: null },
    ...(external ? { directory: '', shards: 0 } : { directory, shards }),
    settings: JSON.stringify({
      settings: checkedSettings(
        { ...searchSettings(value, external ? undefined : folder), ...given },
        'submit: settings',
      ),
      ...(external ? { external, folder: '' } : { folder }),
      ...(list === '' ? {} : { list }),
      ...(replayOf.length === 0 ? {} : { replayOf: replayOf.toString('hex') }),
    }),
    createdAt: new Date().toISOString(),
    endedAt: null,
  };
  const sweep = await parts.sweeps.submit(row);
  // It goes on, on others than before.
  if (!external && sweep.row.shards !== shards)
    await parts.ledger.commit(sweep.reshard(shards, (count) => parts.dispatcher.canLead(count)));
  parts.dispatcher.dispatchSoon();
  return {};
}

/** Errors: `usage`, with what would be right. */
function requireRightRequest(request: SubmitSweepRequest__Output): void {
  const { sweepKey, name, experiment, directory, shards, settings, external } = request;
  const refuse = (what: string) => {
    throw new PolyakError('usage', `submit: ${what}`);
  };
  if (sweepKey.length !== 8) refuse(`sweep_key has ${sweepKey.length} bytes, it must have 8`);
  if (name.length > nameLengthMax) refuse(`name has ${name.length} characters, the most is ${nameLengthMax}`);
  if (/\p{Cc}/u.test(name)) refuse(`name is ${JSON.stringify(name)}, it must have no control characters`);
  if (experiment.length > experimentBytesMax)
    refuse(`experiment has ${experiment.length} bytes, the most is ${experimentBytesMax}`);
  for (const [what, text] of Object.entries({ experiment, settings })) {
    if (depthOf(text) > depthMax) refuse(`${what} is nested ${depthOf(text)} deep, the most is ${depthMax}`);
  }
  for (const [what, text, most] of [
    ['settings', settings, experimentBytesMax],
    ['list', request.list, listBytesMax],
    ['folder', request.folder, directoryLengthMax],
    ['directory', directory, directoryLengthMax],
  ] as const) {
    if (text.length > most) refuse(`${what} has ${text.length} characters, the most is ${most}`);
  }
  if (external) return;
  if (shards < 1 || shards > shardsMax) refuse(`shards is ${shards}, it must be 1 to ${shardsMax}`);
  if (directory === '') refuse('directory is empty; it must be a folder that the servers see, or s3://bucket/prefix');
  if (isBucket(directory)) {
    const { bucket, prefix } = bucketLocation(directory, 'submit: directory');
    const plain = prefix === '' ? `s3://${bucket}` : `s3://${bucket}/${prefix}`;
    if (directory !== plain) refuse(`directory is '${directory}', it must be without slashes at its end: ${plain}`);
    return;
  }
  // What is relative would be another folder for every process.
  if (!isAbsolute(directory) || normalize(directory) !== directory)
    refuse(
      `directory is '${directory}', it must be an absolute path without . and .., such as ${resolvePath('/', directory)}`,
    );
}

/** The search is made for the experiment's number. Errors: `usage`. */
function requireSameTrials({ search }: Record<string, unknown>, { trials }: Record<string, unknown>): void {
  const planned = (search as { trials?: unknown } | null | undefined)?.trials;
  if (trials === undefined || trials === planned) return;
  const both = `settings.trials is ${JSON.stringify(trials)} and the experiment's search.trials ${JSON.stringify(planned)}`;
  throw new PolyakError('usage', `submit: ${both}; leave settings.trials out and give the number as search.trials`);
}

/** Of brackets within each other, outside of strings. */
function depthOf(json: string): number {
  let depth = 0;
  let deepest = 0;
  let isText = false;
  for (let at = 0; at < json.length; at += 1) {
    const letter = json[at];
    if (isText && letter === '\\') at += 1;
    else if (letter === '"') isText = !isText;
    else if (isText) continue;
    else if (letter === '[' || letter === '{') deepest = Math.max(deepest, (depth += 1));
    else if (letter === ']' || letter === '}') depth -= 1;
  }
  return deepest;
}

export async function changeSweep(
  parts: ServiceParts,
  request: ChangeSweepRequest__Output,
): Promise<{ sweep: string }> {
  const sweep = await parts.sweeps.get(request.sweepKey.toString('hex'));
  const { action, settings, trial } = request;
  if (action === 'RETRY') await retryInTurn(parts, sweep, trial);
  else await parts.ledger.commit(changesOf(sweep, action, settings));
  if (sweep.isExternal) parts.work.settle(sweep);
  parts.dispatcher.dispatchSoon();
  return { sweep: JSON.stringify(sweep.snapshot()) };
}

/** The last of each sweep. */
const retries = new WeakMap<Sweep, Promise<void>>();

/** One after another: what has been read of a trial is old when another request has taken it up meanwhile. */
async function retryInTurn(parts: ServiceParts, sweep: Sweep, trial: number): Promise<void> {
  const before = retries.get(sweep) ?? Promise.resolve();
  const retry = before.catch(() => undefined).then(async () => await retryNow(parts, sweep, trial));
  retries.set(sweep, retry);
  await retry;
}

async function retryNow(parts: ServiceParts, sweep: Sweep, trial: number): Promise<void> {
  const { ledger } = parts;
  // It may have failed just now.
  await ledger.settled();
  const { row, runs, epochs } = await failedTrial(parts, sweep, trial);
  await ledger.commit(sweep.retry(row, runs, epochs));
  await ledger.settled();
}

/** Trials that are over are not kept in mind. Errors: `usage` where there is none of that number. */
async function failedTrial({ store }: ServiceParts, { key, plan, row: { name } }: Sweep, number: number) {
  const row = await store.trial(key, number);
  if (!row) throw new PolyakError('usage', `${name} has no trial ${number}; it has not begun`);
  const runs = await store.runs({ sweep: key, trial: number });
  const epochs = plan.members === 1 ? undefined : await epochsOf(runs, plan.search.metric, store);
  return { row, runs, epochs };
}

function changesOf(
  sweep: Sweep,
  action: Exclude<ChangeSweepRequest__Output['action'], 'RETRY'>,
  settings: string,
): Change[] {
  switch (action) {
    case 'PAUSE':
      return sweep.halt('paused', null);
    case 'STOP':
      return sweep.halt('stopped', null);
    case 'RESUME':
      return sweep.resume();
    case 'SET':
      return sweep.change(changedSettings(sweep.settings, objectOf('settings', settings)));
  }
}

export async function listTrials(
  { store }: ServiceParts,
  { sweepKey, sort, descending, status, offset, limit }: ListTrialsRequest__Output,
): Promise<{ trials: string[]; total: number }> {
  const page = await store.trials({
    ...{ sweep: sweepKey.toString('hex'), descending, offset },
    ...(sort === '' ? {} : { sort }),
    ...(status.length === 0 ? {} : { status: status as TrialRow['status'][] }),
    limit: limit === 0 ? trialsMax : Math.min(limit, trialsMax),
  });
  return { trials: page.rows.map((row) => JSON.stringify(row)), total: page.total };
}

/** Errors: `usage` where there is no such trial. */
export async function readTrial({ store, sweeps }: ServiceParts, call: ReadTrialCall): Promise<void> {
  const { sweepKey, trial } = call.request;
  const { key, row } = await sweeps.get(sweepKey.toString('hex'));
  if (!(await store.trial(key, trial)))
    throw new PolyakError('usage', `${row.name} has no trial ${trial}; it has not begun`);
  const line = async (value: object) => await writeLine(call, { body: JSON.stringify(value) });
  for (const run of await store.runs({ sweep: key, trial })) {
    await line({ run });
    for (const report of await store.reports(run.key)) await line({ report });
  }
  await line({ end: true });
  call.end();
}

/** When the reader has room for more, or has gone. */
async function writeLine(call: ReadTrialCall, line: TrialLine): Promise<void> {
  if (call.cancelled || call.write(line)) return;
  await new Promise<void>((resolve) => {
    const goOn = () => {
      call.off('drain', goOn).off('cancelled', goOn);
      resolve();
    };
    call.on('drain', goOn).on('cancelled', goOn);
  });
}

export async function watchSweep(parts: ServiceParts, call: WatchSweepCall): Promise<void> {
  const sweep = await parts.sweeps.get(call.request.sweepKey.toString('hex'));
  await followLog(parts, sweep, call.request.from, sinkOf(call));
  call.end();
}

export function sinkOf(call: WatchSweepCall): LogSink {
  const write = (line: SweepLine) => void call.write({ body: JSON.stringify(line) });
  return {
    isFull: () => call.writableNeedDrain,
    isGone: () => call.cancelled || call.writableEnded,
    onChange: (wake) => void call.on('drain', wake).on('cancelled', wake),
    log: (row) => write(lineOf(row)),
    progress: write,
    end: write,
  };
}

/** A report of a run that belongs to a trial of a sweep. */
export async function reportOfTrial(
  parts: ServiceParts,
  sweep: Sweep,
  run: RunRow,
  { kind, step, body }: TrialReport__Output,
): Promise<void> {
  const { runs, ledger, dispatcher } = parts;
  if (kind === 'PROGRESS') {
    const { stepsPerEpoch } = parts.progress.keep(run, body) ?? {};
    return await ledger.commit(stepsPerEpoch === undefined ? [] : sweep.trains(stepsPerEpoch));
  }
  dispatcher.workers.countUntilNow(run.key);
  const written: Change = { table: 'reports', row: { run: run.key, kind, step, body } };
  switch (kind) {
    case 'NOTICE':
      return await ledger.commit([written]);
    case 'EPOCH':
      await runs.once(run.key, kind, step, async () => {
        await ledger.commit([written, ...epochChanges(sweep, run, body)]);
      });
      break;
    case 'PAUSED': {
      const { epoch, step: checkpointed } = endFactsOf(body);
      await ledger.commit([written, ...sweep.paused(run, epoch, checkpointed)]);
      break;
    }
    case 'END':
      // Said again, of what has been ordered anew since.
      if (run.state !== 'running' && run.state !== 'stopping') await ledger.settled();
      else {
        parts.metrics.runsEnded.inc({ end: endOf(body) });
        await ledger.commit([written, ...endChanges(sweep, run, body)]);
      }
      break;
  }
  for (const directory of sweep.takeDiscards()) dispatcher.discard(directory);
  if (!hasLead(run.state)) {
    parts.progress.forget(run);
    dispatcher.drop(run.key);
    sweep.settled(run);
  }
  dispatcher.dispatchSoon();
}

function epochChanges(sweep: Sweep, run: RunRow, body: string): Change[] {
  const { metric } = sweep.plan.search;
  const { epoch, report, stepsPerEpoch, isValidated } = epochReportOf(body, metric);
  if (!isValidated) {
    return sweep.halt(
      'failed',
      `trials are ranked by ${metric}, and data.validation leaves nothing to validate by; give it a count or a fraction`,
    );
  }
  return sweep.epoch(run, epoch, report, stepsPerEpoch);
}

function endChanges(sweep: Sweep, run: RunRow, body: string): Change[] {
  return sweep.ended(run, endOf(body), endFactsOf(body));
}

function objectOf(what: string, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Said below.
  }
  throw new PolyakError('usage', `${what} is not a JSON object`);
}
