/** One run from submission to its end, on processes of its own or on a cluster elsewhere. `train` and `resume` share it. */
import { TrainingDiverged } from '../common/error-classes.js';
import { PolyakError, isErrorCode } from '../common/errors.js';
import type { Experiment } from '../common/experiment/schema.js';
import { modulePath, readModule } from '../common/module-bundle.js';
import type { TlsOptions } from '../common/tls/tls-options.js';
import { listCheckpoints } from '../server/checkpoint/checkpoint.js';
import { RunFollower, type RunEvent } from './follow-run.js';
import { Launcher } from './launcher.js';
import type { RunFolder } from './run-folder.js';
import { RunJournal } from './run-journal.js';
import { setup } from './setup.js';
import { tlsElsewhere, tlsHere } from './tls.js';
import { TensorBoard } from './tensorboard/tensorboard.js';

export interface RunOptions {
  folder: RunFolder;
  onEvent: (event: RunEvent) => void;
  /** Aborted: checkpoint and end as stopped. */
  stop?: AbortSignal;
  /** Aborted: end at once. */
  kill?: AbortSignal;
  /** How long the coordinator may be out of reach. */
  patienceMs?: number;
  /** Folder that event files for TensorBoard are written to. */
  tensorboard?: string | undefined;
  /** Files of TLS, where they are not the command's or the environment's. */
  tls?: TlsOptions | undefined;
}

export const patienceMsDefault = 60_000;

/**
 * Resolves with the last event: finished, diverged, failed or stopped. Errors: what keeps a run from starting, and
 * `unreachable` when the coordinator stays away.
 */
export async function run(options: RunOptions): Promise<RunEvent> {
  const { folder } = options;
  const { workers, shards } = folder.facts;
  folder.makeFolders();
  await requireSeed(folder);
  await requireModule(folder);
  const journal = new RunJournal(folder.journal);
  folder.update({ pid: process.pid, roles: [] });
  journal.note({ event: 'started', workers, shards });
  const tensorboard = options.tensorboard === undefined ? undefined : new TensorBoard(options.tensorboard, folder);
  const onEvent = (event: RunEvent) => {
    if (journal.add(event)) tensorboard?.add(event);
    options.onEvent(event);
  };
  try {
    options.onEvent(startedEvent(folder));
    return await runProcesses({ ...options, onEvent }, (kind, message) => {
      const notice = { event: 'notice', kind, message };
      journal.note(notice);
      options.onEvent(notice);
    });
  } finally {
    folder.update({ pid: null });
  }
}

function startedEvent({ path, facts }: RunFolder): RunEvent {
  const { trialKey, workers, shards, parent } = facts;
  return { event: 'started', run: path, trialKey, workers, shards, ...(parent ? { parent: parent.run } : {}) };
}

/** A branch that was cut off before its parent's weights were written must not begin with drawn ones. */
async function requireSeed({ facts, checkpoints }: RunFolder): Promise<void> {
  if (!facts.parent || (await listCheckpoints(checkpoints)).length > 0) return;
  const why = `${facts.name} is a branch of ${facts.parent.run} and has not got its weights`;
  throw new PolyakError('usage', `${why}; 'polyak train FILE --from ${facts.parent.run}' makes another`);
}

/** Said before anything starts, instead of by every worker. */
async function requireModule({ path, experiment }: RunFolder): Promise<void> {
  const { module } = JSON.parse(experiment) as Experiment;
  if (module && 'sha256' in module) await readModule(modulePath(path, module.sha256), module);
}

async function runProcesses(options: RunOptions, onNotice: (kind: string, message: string) => void): Promise<RunEvent> {
  const { folder, kill } = options;
  const { facts } = folder;
  if (facts.coordinator !== null) return await follow(options, facts.coordinator, undefined);
  if (facts.backend === 'tensorflow') await setup({ quiet: true });
  const launcher = await Launcher.start({
    ...{ workers: facts.workers, shards: facts.shards, backend: facts.backend, store: folder.store, logs: folder.logs },
    tls: tlsHere(options.tls),
    onNotice,
    onRoles: (roles) => folder.update({ roles }),
  });
  const killAll = () => launcher.kill();
  kill?.addEventListener('abort', killAll, { once: true });
  try {
    if (kill?.aborted) launcher.kill();
    return await Promise.race([follow(options, launcher.coordinator, launcher), launcher.failed]);
  } finally {
    await launcher.stop();
    kill?.removeEventListener('abort', killAll);
  }
}

async function follow(options: RunOptions, coordinator: string, launcher: Launcher | undefined): Promise<RunEvent> {
  const { folder, onEvent, stop, kill, patienceMs = patienceMsDefault } = options;
  const { facts } = folder;
  const trialKey = Buffer.from(facts.trialKey, 'hex');
  const tls = launcher ? launcher.tls : tlsElsewhere(options.tls);
  const follower = new RunFollower(coordinator, trialKey, patienceMs, tls);
  const ending = new AbortController();
  const end = () => ending.abort(new PolyakError('internal', 'the run was ended at once; its last checkpoint is kept'));
  kill?.addEventListener('abort', end, { once: true });
  launcher?.failed.catch(end);
  const { untilStep, shards } = facts;
  let lastStep = -1;
  const askToStop = () => {
    follower.stop(ending.signal).catch((error: unknown) => {
      if (!ending.signal.aborted) ending.abort(error);
    });
  };
  try {
    if (kill?.aborted) end();
    const submission = { trialKey, experiment: folder.experiment, directory: folder.checkpoints, untilStep, shards };
    await follower.submit(submission, ending.signal);
    if (stop?.aborted) askToStop();
    else stop?.addEventListener('abort', askToStop, { once: true });
    return await follower.follow((event) => {
      const step = Number(event['step'] ?? -1);
      if (step > lastStep) launcher?.progressed();
      lastStep = Math.max(lastStep, step);
      onEvent(event);
    }, ending.signal);
  } finally {
    stop?.removeEventListener('abort', askToStop);
    kill?.removeEventListener('abort', end);
    follower.close();
  }
}

/** The error of a run that ended badly; undefined for one that finished or was stopped. */
export function errorOf(event: RunEvent): PolyakError | undefined {
  const message = typeof event['message'] === 'string' ? event['message'] : '';
  if (event.event === 'diverged') {
    const { step, layer } = event;
    const text = `diverged at step ${String(step)} in layer '${String(layer)}': ${message}`;
    return new TrainingDiverged(text, Number(step), String(layer));
  }
  if (event.event !== 'failed') return undefined;
  const code = String(event['code']);
  return new PolyakError(isErrorCode(code) ? code : 'internal', message);
}
