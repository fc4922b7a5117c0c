/** `polyak train`: a run of an experiment file, from its folder to its last words. `train` is also the library's. */
import { availableParallelism } from 'node:os';
import { relative } from 'node:path';
import { PolyakError } from '../common/errors.js';
import { loadExperiment } from '../common/experiment/load.js';
import type { Experiment } from '../common/experiment/schema.js';
import type { RunEvent } from './follow-run.js';
import { jsonView, summary, textView } from './live-view.js';
import { RunFolder, type RunRecord } from './run-folder.js';
import { errorOf, run } from './run.js';

export const defaultState = '.polyak';

export interface TrainOptions {
  /** Worker processes; as many as cores allow with `train.threads` each, at most 4, unless given. Changes no number. */
  workers?: number;
  /** Server processes. Changes no number. */
  shards?: number;
  /** Step not to pass; all epochs unless given. */
  steps?: number;
  /** Folder in which runs are kept. */
  state?: string;
  backend?: 'tensorflow' | 'cpu';
  /** host:port of a cluster that runs elsewhere. */
  coordinator?: string;
  onEvent?: (event: RunEvent) => void;
  /** Aborted: checkpoint, and end as stopped. */
  signal?: AbortSignal;
}

export interface TrainResult {
  /** The event `finished`, or `stopped` after an abort. */
  event: RunEvent;
  /** Folder of the run. */
  folder: string;
}

/** Trains an experiment to its end. Errors: PolyakError: `data`, `training` when it diverged, and what the roles say. */
export async function train(experiment: Experiment, options: TrainOptions = {}): Promise<TrainResult> {
  const folder = createRun(experiment, options);
  const { onEvent = () => undefined, signal } = options;
  const event = await run({ folder, onEvent, ...(signal ? { stop: signal } : {}) });
  const error = errorOf(event);
  if (error) throw error;
  return { event, folder: folder.path };
}

export function createRun(experiment: Experiment, options: TrainOptions): RunFolder {
  const { steps = 0, shards = 1, state = defaultState, backend = 'tensorflow', coordinator = null } = options;
  const fitting = Math.floor(availableParallelism() / experiment.train.threads);
  const workers = options.workers ?? Math.max(1, Math.min(4, fitting));
  return RunFolder.create(state, experiment, { untilStep: steps, workers, shards, backend, coordinator });
}

export interface TrainCommandOptions extends TrainOptions {
  epochs?: number;
  set: string[];
  json: boolean;
}

/** Answers with the exit code. */
export async function trainCommand(file: string, options: TrainCommandOptions): Promise<number> {
  const { steps, epochs, set, json } = options;
  if (steps !== undefined && epochs !== undefined) {
    throw new PolyakError('usage', `--steps ${steps} and --epochs ${epochs} exclude each other: give one`);
  }
  const overrides = epochs === undefined ? set : [...set, `train.epochs=${epochs}`];
  const experiment = await loadExperiment(file, overrides);
  const again = [file, ...set.map((override) => `--set ${quoted(override)}`)];
  if (steps !== undefined) again.push(`--steps ${steps}`);
  if (epochs !== undefined) again.push(`--epochs ${epochs}`);
  return await runInForeground(createRun(experiment, options), { json, again: again.join(' ') });
}

export interface ForegroundOptions {
  json: boolean;
  /** Arguments that make the run again, if known. */
  again?: string;
}

/** Shows the run until its end, with Ctrl-C in the user's hands. Answers with the exit code. */
export async function runInForeground(folder: RunFolder, { json, again }: ForegroundOptions): Promise<number> {
  const { facts } = folder;
  const { workers, shards } = facts;
  const place = displayPath(folder.path);
  const view = json ? jsonView(process.stdout) : textView(process.stdout);
  const say = (text: string) => (json ? process.stderr : process.stdout).write(`${text}\n`);
  const interruption = listenToSignals(() => {
    const message = 'stopping at a checkpoint; once more to end at once';
    if (json) say(message);
    else view.show({ event: 'notice', kind: 'stopping', message });
  });
  const resumeCommand = `npx polyak resume ${place}`;
  try {
    if (!json) say(`${facts.name}: ${count(workers, 'worker')}, ${count(shards, 'shard')}, in ${place}`);
    view.show(started(folder.path, facts));
    const { stop, kill } = interruption;
    const event = await run({ folder, onEvent: (each) => view.show(each), stop, kill });
    view.close();
    const error = errorOf(event);
    if (error) {
      process.stderr.write(`polyak: ${error.message}\n`);
      return error.exitCode;
    }
    if (event.event === 'stopped') {
      say(`stopped at step ${String(event['step'])}; go on with\n  ${resumeCommand}`);
      return interruption.exitCode() ?? 0;
    }
    if (!json) say(summary(event, { folder: place, again, workers, shards }));
    return 0;
  } catch (error) {
    view.close();
    const exitCode = interruption.exitCode();
    if (exitCode === undefined) throw error;
    say(`ended; go on from the last checkpoint with\n  ${resumeCommand}`);
    return exitCode;
  } finally {
    interruption.close();
  }
}

function started(path: string, { trialKey, workers, shards }: RunRecord): RunEvent {
  return { event: 'started', run: path, trialKey, workers, shards };
}

/** The first signal stops the run in order, the second at once. */
function listenToSignals(onFirst: () => void) {
  const stop = new AbortController();
  const kill = new AbortController();
  let code: number | undefined;
  const handle = (exitCode: number) => () => {
    if (code !== undefined) return kill.abort();
    code = exitCode;
    onFirst();
    stop.abort();
  };
  const onInterrupt = handle(130);
  const onTerminate = handle(143);
  process.on('SIGINT', onInterrupt).on('SIGTERM', onTerminate);
  return {
    stop: stop.signal,
    kill: kill.signal,
    exitCode: () => code,
    close: () => process.off('SIGINT', onInterrupt).off('SIGTERM', onTerminate),
  };
}

/** As a shell reads it. */
function quoted(text: string): string {
  return /^[\w./:=@,+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function displayPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
