/** The folder that a trial's checkpoints lie in: made once, and what its disk says, as errors that say what to do. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { PolyakError } from '../../common/errors.js';

/** Of these no trial is to blame, and none gets better by being begun again. */
const complaints: Readonly<Record<string, string>> = {
  ENOSPC: 'its disk is full; free some space, then go on',
  EDQUOT: 'the quota of its disk is used up; free some space, then go on',
  EROFS: 'its disk can only be read; make it writable, then go on',
  EIO: 'its disk has failed; see what the system says of it, then go on',
  EACCES: 'this user may not write there; give them the right, then go on',
  EPERM: 'this user may not write there; give them the right, then go on',
};

/** What it lies in is made too, but for `within`: where that is not there, it was deleted. Errors: those of `mkdir`. */
export async function makeFolder(directory: string, { within }: { within: string | undefined }): Promise<void> {
  if (within === undefined) return void (await mkdir(directory, { recursive: true }));
  let folder = within;
  for (const name of relative(within, directory).split(sep)) {
    folder = join(folder, name);
    await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

/** Of a failure to write in a folder of checkpoints: `disk` or `lost`, or what it was where the disk is not to blame. */
export function folderError(directory: string, error: unknown): unknown {
  if (error instanceof PolyakError || !(error instanceof Error)) return error;
  const { code = '' } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' && !existsSync(directory)) return deletedFolder(directory);
  const complaint = complaints[code];
  if (complaint === undefined) return error;
  return new PolyakError('disk', `${directory} cannot be written: ${complaint} (${error.message})`, { cause: error });
}

/** Of a folder of checkpoints that is gone: `disk` where all trials of its sweep are, `lost` where it is this one's alone. */
export function deletedFolder(directory: string): PolyakError {
  const missing = outermostMissing(directory);
  const trials = trialsFolder(directory);
  const isTheTrials = trials === undefined || missing.length > trials.length;
  if (isTheTrials) return new PolyakError('lost', `${missing} has been deleted, and the trial's checkpoints with it`);
  return new PolyakError('disk', `${missing} has been deleted, and the trials in it; put it back, then go on`);
}

/** What the trials of a sweep lie in; undefined of a run alone. */
export function trialsFolder(directory: string): string | undefined {
  return /^(.*[/\\]trials)[/\\]\d+(?:[/\\]member-\d+)?[/\\]checkpoints$/.exec(directory)?.[1];
}

function outermostMissing(folder: string): string {
  let missing = folder;
  while (!existsSync(dirname(missing))) missing = dirname(missing);
  return missing;
}
