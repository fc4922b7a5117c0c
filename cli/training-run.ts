/**
 * Training from a program: `train` and `resume` answer at once, with a run whose events and result are still to come. Also
 * the library's. The command line shows the same run by the same code, `run.ts`.
 */
import { PolyakError } from '../common/errors.js';
import { RunInterrupted } from '../common/error-classes.js';
import type { Experiment } from '../common/experiment/schema.js';
import type { TlsOptions } from '../common/tls/tls-options.js';
import { createRun, defaultState, type RunSettings } from './train.js';
import { openForResume, type ResumeSettings } from './resume.js';
import type { FinishedEvent, RunEnd, RunEvent } from './run-event.js';
import { RunEventStream } from './run-event-stream.js';
import type { RunFolder } from './run-folder.js';
import { errorOf, run } from './run.js';

interface Following {
  /** How long a coordinator may be out of reach before the run is given up here; a minute unless given. */
  patienceMs?: number;
  /** Aborted: the run ends at a checkpoint, its processes drain, and `result` rejects with RunInterrupted. */
  signal?: AbortSignal;
  /** Folder that event files for TensorBoard are written to, in one of the run's name. */
  tensorboard?: string;
  /** Files of TLS; for a cluster elsewhere those of POLYAK_TLS_… without it, for processes of its own none. */
  tls?: TlsOptions | undefined;
}

export interface TrainOptions extends RunSettings, Following {}

export interface ResumeOptions extends ResumeSettings, Following {
  /** Folder in which runs are kept. */
  state?: string;
}

export interface RunIdentity {
  /** Such as digits-1: what every command and `loadRun` take. */
  id: string;
  folder: string;
  /** Sixteen hexadecimal digits, by which a coordinator knows it. */
  trialKey: string;
}

export interface TrainResult extends RunIdentity, Omit<FinishedEvent, 'event'> {}

export interface TrainingRun {
  /** As soon as the run has a folder. Rejects as `result` does where it never gets one. */
  readonly created: Promise<RunIdentity>;
  /**
   * From the first to the last, for any number of readers; each may begin at any time and read as slowly as it likes: of
   * progress it gets the newest, and all else as long as no more than a thousand wait. The last is finished, stopped,
   * diverged or failed, whatever went wrong, so that who reads the events need not wait for the result.
   */
  readonly events: AsyncIterable<RunEvent>;
  /**
   * Rejects with TrainingDiverged; with RunInterrupted after an abort or a stop, when the processes have gone; with
   * ClusterUnreachable when a coordinator stays away; and with a PolyakError of another code for all else.
   */
  readonly result: Promise<TrainResult>;
}

/** Trains an experiment in a new folder: on processes of this machine, or by `coordinator` on a cluster elsewhere. */
export function train(experiment: Experiment, options: TrainOptions = {}): TrainingRun {
  return begin(async () => await createRun(experiment, options, undefined, options.signal), options);
}

/** Goes on with a run (its folder, its id, or `@last`) from its newest checkpoint. Errors, of the result: as for train. */
export function resume(reference: string, options: ResumeOptions = {}): TrainingRun {
  return begin(async () => await openForResume(reference, { state: defaultState, ...options }), options);
}

function begin(open: () => Promise<RunFolder>, options: Following): TrainingRun {
  const events = new RunEventStream();
  const folder = openUnlessAborted(open, options.signal);
  const created = folder.then(identityOf);
  const result = resultOf(folder, events, options);
  // The result says the same; and whoever reads the events learns of it there.
  created.catch(() => undefined);
  return {
    created,
    result,
    get events() {
      result.catch(() => undefined);
      return events;
    },
  };
}

async function openUnlessAborted(open: () => Promise<RunFolder>, signal?: AbortSignal): Promise<RunFolder> {
  if (!signal?.aborted) return await open();
  throw new RunInterrupted('aborted before there was a run', 0, undefined, { cause: signal.reason });
}

async function resultOf(
  opening: Promise<RunFolder>,
  events: RunEventStream,
  { signal, patienceMs, tensorboard, tls }: Following,
): Promise<TrainResult> {
  try {
    const folder = await opening;
    const onEvent = (event: { event: string }) => events.push(event);
    const end = await run({
      ...{ folder, onEvent, tensorboard, tls },
      ...(signal && { stop: signal }),
      ...(patienceMs !== undefined && { patienceMs }),
    });
    return finishedOf(end as unknown as RunEnd, identityOf(folder), signal?.reason);
  } catch (error) {
    // Not told where the run's own end was.
    events.push(failedEvent(error));
    throw error;
  }
}

/** The result of a run that finished. Errors: what its end means otherwise. */
export function finishedOf(end: RunEnd, identity: RunIdentity, reason?: unknown): TrainResult {
  if (end.event === 'finished') {
    const { event: _, ...results } = end;
    return { ...identity, ...results };
  }
  if (end.event === 'stopped') {
    const { id, folder } = identity;
    const message = `${id} was stopped at step ${end.step}; 'polyak resume ${folder}' goes on`;
    throw new RunInterrupted(message, end.step, folder, { cause: reason });
  }
  throw errorOf({ ...end }) ?? new PolyakError('internal', `a run ended with ${end.event}`);
}

function identityOf({ path, facts }: RunFolder): RunIdentity {
  return { id: facts.name, folder: path, trialKey: facts.trialKey };
}

function failedEvent(error: unknown): RunEvent {
  const known = error instanceof PolyakError;
  const message = error instanceof Error ? error.message : String(error);
  return { event: 'failed', code: known ? error.code : 'internal', message };
}
