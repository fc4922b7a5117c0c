/** A run that another process follows, reached through its coordinator: what it does now, and to stop it. */
import { PolyakError } from '../common/errors.js';
import { RunFollower, type RunEvent } from './follow-run.js';
import type { RunFolder } from './run-folder.js';
import { tlsOfRunning } from './tls.js';

const patienceMs = 5000;
const progressMsMax = 3000;

/** The next progress that it reports; undefined where it reports none for a while: it reads data, or evaluates. */
export async function progressOf(folder: RunFolder): Promise<RunEvent | undefined> {
  const address = coordinatorOf(folder);
  if (address === undefined) return undefined;
  const follower = new RunFollower(address, keyOf(folder), patienceMs, tlsOfRunning(folder.facts));
  const found = new AbortController();
  const late = setTimeout(() => found.abort(), progressMsMax);
  let progress: RunEvent | undefined;
  try {
    await follower.follow((event) => {
      if (event.event !== 'progress') return;
      progress = event;
      found.abort();
    }, found.signal);
  } catch (error) {
    if (!found.signal.aborted && !(error instanceof PolyakError)) throw error;
  } finally {
    clearTimeout(late);
    follower.close();
  }
  return progress;
}

/** Asks the run to end at a checkpoint; resolves with its last event. Errors: `unreachable`. */
export async function stopRun(folder: RunFolder): Promise<RunEvent> {
  const address = coordinatorOf(folder);
  if (address === undefined) {
    throw new PolyakError('unreachable', `${folder.facts.name} has no coordinator that runs now`);
  }
  const follower = new RunFollower(address, keyOf(folder), patienceMs, tlsOfRunning(folder.facts));
  const { signal } = new AbortController();
  try {
    await follower.stop(signal);
    return await follower.follow(() => undefined, signal);
  } finally {
    follower.close();
  }
}

function coordinatorOf({ facts }: RunFolder): string | undefined {
  return facts.coordinator ?? facts.roles.find(({ role }) => role === 'coordinator')?.address;
}

function keyOf({ facts }: RunFolder): Buffer {
  return Buffer.from(facts.trialKey, 'hex');
}
