/** `@last` where it may mean a run or a sweep: the one that was made last. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runNames } from '../run-reference.js';
import { lookUpSweep, sweepNames } from './find-sweep.js';

/** Its name, where the newest of the state folder's runs and sweeps is a sweep. */
export function newestSweep(state: string): string | undefined {
  const sweep = sweepNames(state).at(-1);
  const run = runNames(state).at(-1);
  if (sweep === undefined || run === undefined) return sweep;
  return createdAt(join(state, sweep, 'sweep.json')) > createdAt(join(state, run, 'run.json')) ? sweep : undefined;
}

/** The folder of the sweep that a command is meant for that takes runs too; undefined where it is meant for a run. */
export function sweepMeant(state: string, text: string): string | undefined {
  if (text !== '@last') return lookUpSweep(state, text);
  const name = newestSweep(state);
  return name === undefined ? undefined : resolve(state, name);
}

function createdAt(file: string): string {
  try {
    return String((JSON.parse(readFileSync(file, 'utf8')) as { createdAt?: unknown }).createdAt);
  } catch {
    return '';
  }
}
