/** What SQLite and the disk say, as an error that says what to do. */
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { PolyakError } from '../../../common/errors.js';

/** SQLite's primary result codes, of which each binding gives either the name or the number. */
const names = new Map([
  [5, 'SQLITE_BUSY'],
  [8, 'SQLITE_READONLY'],
  [10, 'SQLITE_IOERR'],
  [11, 'SQLITE_CORRUPT'],
  [13, 'SQLITE_FULL'],
  [14, 'SQLITE_CANTOPEN'],
  [26, 'SQLITE_NOTADB'],
]);

/** Anything else than an error of SQLite, and those that only a mistake of ours can cause, comes back as it is. */
export function sqliteError(path: string, error: unknown): Error {
  if (error instanceof PolyakError) return error;
  if (!(error instanceof Error)) return new Error(String(error));
  const tell = (code: 'usage' | 'data' | 'exhausted' | 'unreachable', message: string): PolyakError =>
    new PolyakError(code, `store '${path}': ${message}`, { cause: error });
  switch (nameOf(error)) {
    case 'SQLITE_FULL':
    case 'ENOSPC':
      return tell('exhausted', fullDisk(path));
    case 'SQLITE_IOERR':
      // What a full disk does to the files beside the database is told as any error of reading or writing.
      return isFull(path) ? tell('exhausted', fullDisk(path)) : tell('data', `the disk failed: ${error.message}`);
    case 'SQLITE_BUSY':
      return tell('unreachable', 'another process has kept it locked for seconds; find it and end it, then try again');
    case 'SQLITE_READONLY':
      return tell('usage', 'it cannot be written; give the coordinator the right to write the file and its folder');
    case 'SQLITE_CANTOPEN':
      return tell('usage', 'it cannot be opened; is it a file, and may this user read and write it and its folder?');
    case 'SQLITE_CORRUPT':
      return tell('data', `the file is damaged (${error.message}); put back a copy of it`);
    case 'SQLITE_NOTADB':
      return tell('usage', 'the file is no SQLite database; name another one');
    case 'EACCES':
    case 'ENOTDIR':
    case 'EEXIST':
    case 'EROFS':
      return tell('usage', `its folder cannot be made: ${error.message}`);
    default:
      return error;
  }
}

function fullDisk(path: string): string {
  const folder = dirname(path);
  return `the disk of ${folder} is full; free some space, then start the coordinator again: all that was acknowledged is kept`;
}

function isFull(path: string): boolean {
  try {
    return statfsSync(dirname(path)).bavail === 0;
  } catch {
    return false;
  }
}

function nameOf(error: Error): string | undefined {
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  // An extended code has the primary one in its lowest byte.
  if (typeof errcode === 'number') return names.get(errcode & 0xff);
  if (typeof code !== 'string') return undefined;
  return [...names.values()].find((name) => code === name || code.startsWith(`${name}_`)) ?? code;
}
