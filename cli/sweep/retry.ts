/** `polyak retry SWEEP/17`: through the sweep's coordinator where it runs, else the sweep goes on in the foreground. */
import { PolyakError } from '../../common/errors.js';
import { printJson, printText } from '../output.js';
import { withFollower } from './change-sweep.js';
import { openReader } from './open-reader.js';
import { SweepFolder } from './sweep-folder.js';
import { sweepInForeground } from './sweep.js';
import { lookUpTrial } from './trial-reference.js';

export interface RetryFlags {
  state: string;
  patience?: number;
  json: boolean;
}

/** Answers with the exit code. Errors: `usage` for what has not failed, and where its schedule has decided on it. */
export async function retryCommand(text: string, { state, patience, json }: RetryFlags): Promise<number> {
  const found = lookUpTrial(state, text);
  if (!found || found.trial === 'best') {
    throw new PolyakError('usage', `'${text}' names no trial of a sweep; such as digits-search-1/17`);
  }
  const { sweep, trial } = found;
  const folder = SweepFolder.open(state, sweep);
  const change = { action: 'RETRY' as const, trial };
  if (folder.coordinator === undefined) {
    await requireFailed(folder, trial);
    return await sweepInForeground(folder, { json, ...(patience !== undefined && { patience }) }, [change]);
  }
  const { signal } = new AbortController();
  const snapshot = await withFollower(folder, async (follower) => await follower.change(change, signal));
  if (json) printJson(snapshot);
  else printText(`${folder.facts.name}/${trial}: tried again; the sweep is ${snapshot.state}`);
  return 0;
}

/** Before processes are started for nothing. */
async function requireFailed(folder: SweepFolder, trial: number): Promise<void> {
  const reader = await openReader(folder);
  try {
    const { name } = folder.facts;
    const row = await reader.trial(trial);
    if (row?.status === 'failed') return;
    const how = row === undefined ? 'has not begun' : `is ${row.status}`;
    throw new PolyakError('usage', `${name}/${trial} ${how}, only a trial that has failed can be tried again`);
  } finally {
    await reader.close();
  }
}
