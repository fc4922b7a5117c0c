/** One sweep from submission to its end, on processes of its own or on a cluster elsewhere. */
import { dirname, join } from 'node:path';
import { PolyakError } from '../../common/errors.js';
import type { TlsOptions } from '../../common/tls/tls-options.js';
import type { SweepLine } from '../../coordinator/sweep/log-line.js';
import { Launcher } from '../launcher.js';
import { setup } from '../setup.js';
import { tlsElsewhere, tlsHere } from '../tls.js';
import { SweepFollower, type SweepChange, type SweepSubmission } from './sweep-follower.js';
import { sweepNames } from './find-sweep.js';
import { SweepFolder } from './sweep-folder.js';

export interface SweepRunOptions {
  folder: SweepFolder;
  onLine: (line: SweepLine) => void;
  /** Aborted: its trials stop at checkpoints, and it ends as stopped. On a cluster elsewhere: it is followed no longer. */
  stop: AbortSignal;
  /** Aborted: end at once. */
  kill: AbortSignal;
  /** How long the coordinator may be out of reach. */
  patienceMs: number;
  /** What to do with a sweep that was there before, before it is followed: to go on with it, for instance. */
  first?: SweepChange[];
  /** Files of TLS, where they are not the command's or the environment's. */
  tls?: TlsOptions | undefined;
}

/** Resolves with its last line; undefined where it goes on elsewhere and is followed no longer. */
export async function runSweep(options: SweepRunOptions): Promise<SweepLine | undefined> {
  const { folder, onLine, kill } = options;
  const { facts } = folder;
  if (facts.coordinator === null) requireFree(folder);
  folder.update({ pid: process.pid, roles: [] });
  try {
    if (facts.coordinator !== null) return await follow(options, facts.coordinator, undefined);
    if (facts.backend === 'tensorflow') await setup({ quiet: true });
    const { workers, shards, backend, store } = facts;
    const launcher = await Launcher.start({
      ...{ workers, shards, backend, store, logs: folder.logs, tls: tlsHere(options.tls) },
      onNotice: (kind, message) => onLine({ event: 'notice', kind, message }),
      onRoles: (roles) => note(folder, { roles }),
    });
    const killAll = () => launcher.kill();
    kill.addEventListener('abort', killAll, { once: true });
    try {
      if (kill.aborted) launcher.kill();
      return await Promise.race([follow(options, launcher.coordinator, launcher), launcher.failed]);
    } finally {
      await launcher.stop();
      kill.removeEventListener('abort', killAll);
    }
  } finally {
    note(folder, { pid: null });
  }
}

/** A folder that was deleted, or whose disk is full, is told of by what failed for it; processes that are gone are seen to be. */
function note(folder: SweepFolder, change: Parameters<SweepFolder['update']>[0]): void {
  try {
    folder.update(change);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}

async function follow(
  { folder, onLine, stop, kill, patienceMs, first = [], tls }: SweepRunOptions,
  coordinator: string,
  launcher: Launcher | undefined,
): Promise<SweepLine | undefined> {
  const { facts, template } = folder;
  const follower = new SweepFollower(
    coordinator,
    Buffer.from(facts.sweepKey, 'hex'),
    patienceMs,
    launcher ? launcher.tls : tlsElsewhere(tls),
  );
  const ending = new AbortController();
  const end = () =>
    ending.abort(new PolyakError('internal', 'the sweep was ended at once; what its trials had kept is kept'));
  kill.addEventListener('abort', end, { once: true });
  launcher?.failed.catch(end);
  const leave = new AbortController();
  const askToStop = () => {
    // Elsewhere it goes on without whoever follows it.
    if (!launcher) return leave.abort();
    follower.change({ action: 'STOP' }, ending.signal).catch((error: unknown) => ending.abort(error));
  };
  try {
    if (kill.aborted) end();
    const submission = {
      ...{ name: facts.name, experiment: JSON.stringify(template.experiment), folder: template.folder },
      ...{ directory: folder.place, shards: facts.shards, list: template.list ?? '' },
      settings: JSON.stringify(facts.settings),
      replayOf: Buffer.from(facts.replayOf ?? '', 'hex'),
    };
    await submit(follower, submission, { isElsewhere: !launcher, signal: ending.signal });
    for (const change of first) await follower.change(change, ending.signal);
    if (stop.aborted) askToStop();
    else stop.addEventListener('abort', askToStop, { once: true });
    const signal = AbortSignal.any([ending.signal, leave.signal]);
    return await follower.follow((line) => {
      if (line.sequence !== undefined) launcher?.progressed();
      onLine(line);
    }, signal);
  } catch (error) {
    if (leave.signal.aborted && !ending.signal.aborted) return undefined;
    throw error;
  } finally {
    stop.removeEventListener('abort', askToStop);
    kill.removeEventListener('abort', end);
    follower.close();
  }
}

/** The same sweep may have been submitted from another folder, where it has another number: it keeps the name that it has. */
async function submit(
  follower: SweepFollower,
  submission: SweepSubmission,
  { isElsewhere, signal }: { isElsewhere: boolean; signal: AbortSignal },
): Promise<void> {
  try {
    await follower.submit(submission, signal);
  } catch (error) {
    if (!isElsewhere || !(error instanceof PolyakError) || error.code !== 'usage') throw error;
    const known = await follower.snapshot(signal).catch(() => undefined);
    if (!known || known.name === submission.name) throw error;
    await follower.submit({ ...submission, name: known.name, directory: known.directory }, signal);
  }
}

/** A second coordinator on a store would end the first, and what it runs. Errors: `usage`. */
export function requireFree({ path, facts }: SweepFolder): void {
  const state = dirname(path);
  for (const name of sweepNames(state)) {
    const other = openOrUndefined(join(state, name));
    if (!other) continue;
    const { pid, store } = other.facts;
    if (store !== facts.store || pid === process.pid || !other.isFollowed) continue;
    const way = `wait for its end, or stop it first: polyak stop ${name}`;
    if (other.path === path) throw new PolyakError('usage', `${name} is followed by process ${pid}; ${way}`);
    throw new PolyakError(
      'usage',
      `${facts.name} and ${name} are in one store, and process ${pid} runs ${name}; ${way}`,
    );
  }
}

/** One that cannot be read is nobody's. */
function openOrUndefined(path: string): SweepFolder | undefined {
  try {
    return SweepFolder.open('.', path);
  } catch {
    return undefined;
  }
}
