/** The coordinator's gRPC methods for sweeps: what arrives is checked, decided on, kept in the store, and carried out. */
import type { ServerWritableStream } from '@grpc/grpc-js';
import { PolyakError } from '../common/errors.js';
import type { ChangeSweepRequest__Output } from '../proto/gen/polyak/v1/ChangeSweepRequest.js';
import type { ListTrialsRequest__Output } from '../proto/gen/polyak/v1/ListTrialsRequest.js';
import type { RunEvent } from '../proto/gen/polyak/v1/RunEvent.js';
import type { SubmitSweepRequest__Output } from '../proto/gen/polyak/v1/SubmitSweepRequest.js';
import type { TrialReport__Output } from '../proto/gen/polyak/v1/TrialReport.js';
import type { WatchSweepRequest__Output } from '../proto/gen/polyak/v1/WatchSweepRequest.js';
import { shardsMax, type ServiceParts } from './coordinator-service.js';
import { hasLead, isEnd } from './run-state.js';
import type { Change, RunRow, SweepRow, TrialRow } from './store/rows.js';
import { searchSettings } from './sweep/search-settings.js';
import { endFactsOf, epochReportOf } from './sweep/run-report.js';
import type { Sweep } from './sweep/sweep.js';
import { changedSettings, checkedSettings } from './sweep/sweep-settings.js';
import { endLine } from './sweep/sweep-watchers.js';

const trialsMax = 1000;
const experimentBytesMax = 4 << 20;

export async function submitSweep(parts: ServiceParts, request: SubmitSweepRequest__Output): Promise<object> {
  const { sweepKey, name, experiment, folder, directory, shards, list, settings, replayOf, external } = request;
  if (sweepKey.length !== 8)
    throw new PolyakError('usage', `submit: sweep_key has ${sweepKey.length} bytes, it must have 8`);
  if (!external && (shards < 1 || shards > shardsMax))
    throw new PolyakError('usage', `submit: shards is ${shards}, it must be 1 to ${shardsMax}`);
  if (!external && directory === '')
    throw new PolyakError('usage', 'submit: directory is empty; it must be a folder that the servers see');
  if (experiment.length > experimentBytesMax)
    throw new PolyakError(
      'usage',
      `submit: experiment has ${experiment.length} bytes, the most is ${experimentBytesMax}`,
    );
  const value = objectOf('experiment', experiment);
  const given = settings === '' ? {} : objectOf('settings', settings);
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
  await parts.sweeps.submit(row);
  parts.dispatcher.dispatchSoon();
  return {};
}

export async function changeSweep(
  parts: ServiceParts,
  request: ChangeSweepRequest__Output,
): Promise<{ sweep: string }> {
  const sweep = await parts.sweeps.get(request.sweepKey.toString('hex'));
  const failed = request.action === 'RETRY' ? await failedTrial(parts, sweep, request.trial) : undefined;
  await parts.ledger.commit(failed ? sweep.retry(failed.row, failed.runs) : changesOf(sweep, request));
  if (sweep.isExternal) parts.work.settle(sweep);
  parts.dispatcher.dispatchSoon();
  return { sweep: JSON.stringify(sweep.snapshot()) };
}

/** Trials that are over are not kept in mind. Errors: `usage` where there is none of that number. */
async function failedTrial({ store }: ServiceParts, { key, row: { name } }: Sweep, number: number) {
  const row = await store.trial(key, number);
  if (!row) throw new PolyakError('usage', `${name} has no trial ${number}; it has not begun`);
  return { row, runs: await store.runs({ sweep: key, trial: number }) };
}

function changesOf(
  sweep: Sweep,
  { action, settings }: Pick<ChangeSweepRequest__Output, 'action' | 'settings'>,
): Change[] {
  switch (action) {
    case 'PAUSE':
      return sweep.halt('paused', null);
    case 'STOP':
      return sweep.halt('stopped', null);
    case 'RESUME':
      return sweep.resume();
    case 'RETRY':
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

export async function watchSweep(
  { sweeps, watchers, ledger }: ServiceParts,
  call: ServerWritableStream<WatchSweepRequest__Output, RunEvent>,
): Promise<void> {
  const key = call.request.sweepKey.toString('hex');
  const sweep = await sweeps.get(key);
  const hasEnded = sweep.state !== 'running' && sweep.state !== 'paused' && !sweep.isLed;
  const known = { key, committed: sweep.logLength, ended: hasEnded ? endLine(sweep.row) : undefined };
  // Until now it is only in mind.
  await ledger.settled();
  await watchers.add(call, known);
}

/** A report of a run that belongs to a trial of a sweep. */
export async function reportOfTrial(
  parts: ServiceParts,
  sweep: Sweep,
  run: RunRow,
  { kind, step, body }: TrialReport__Output,
): Promise<void> {
  const { runs, ledger, dispatcher } = parts;
  if (kind === 'PROGRESS') return parts.progress.keep(run, body);
  const written: Change = { table: 'reports', row: { run: run.key, kind, step, body } };
  switch (kind) {
    case 'NOTICE':
      return await ledger.commit([written]);
    case 'EPOCH':
      await runs.once(run.key, kind, step, async () => {
        await ledger.commit([written, ...epochChanges(sweep, run, body)]);
      });
      break;
    case 'PAUSED':
      await ledger.commit([written, ...sweep.paused(run, endFactsOf(body).epoch)]);
      break;
    case 'END':
      // Said again, of what has been ordered anew since.
      if (run.state !== 'running' && run.state !== 'stopping') await ledger.settled();
      else await ledger.commit([written, ...endChanges(sweep, run, body)]);
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
  const { event } = JSON.parse(body) as { event?: unknown };
  if (!isEnd(event)) throw new PolyakError('protocol', `report of run ${run.key}: '${String(event)}' is not an end`);
  return sweep.ended(run, event, endFactsOf(body));
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
