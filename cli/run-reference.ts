/**
 * How a person names a run, the same for every command: its folder, its id such as `digits-1`, or `@last`. The forms
 * `sweep/17` and `sweep@best` name trials of a sweep.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { PolyakError } from '../common/errors.js';
import { closest } from '../common/experiment/suggest-value.js';

/** What a reference says, before it is looked up. */
export type Reference =
  | { kind: 'last' }
  | { kind: 'trial'; sweep: string; trial: number | 'best' }
  /** A folder or an id. */
  | { kind: 'run'; name: string };

const namesShown = 10;

export function parseReference(text: string): Reference {
  if (text === '@last') return { kind: 'last' };
  const match = /^(?<sweep>[a-z0-9][a-z0-9-]*)(?:\/(?<number>\d{1,9})|@(?<best>best))$/.exec(text);
  const { sweep, number, best } = match?.groups ?? {};
  if (sweep === undefined) return { kind: 'run', name: text };
  return { kind: 'trial', sweep, trial: best === undefined ? Number(number) : 'best' };
}

/** The run's folder. Errors: `usage`, with what is there and what was perhaps meant. */
export function findRun(state: string, text: string): string {
  const folder = [resolve(text), ...(isAbsolute(text) ? [] : [resolve(state, text)])].find(isRun);
  if (folder !== undefined) return folder;
  const reference = parseReference(text);
  if (reference.kind === 'last') return newestRun(state);
  if (reference.kind === 'trial') {
    const names = runNames(state).slice(-namesShown).join(', ');
    const runs = names === '' ? '' : `; the runs are ${names}`;
    throw new PolyakError('usage', `there is no sweep '${reference.sweep}' (wanted for '${text}')${runs}`);
  }
  if (text.startsWith('@')) {
    throw new PolyakError('usage', `'${text}' names no run; @last is the newest one${known(state, text)}`);
  }
  const places = [...new Set([resolve(text), resolve(state, text)])].join(' and ');
  throw new PolyakError('usage', `there is no run '${text}' (looked for run.json in ${places}${known(state, text)})`);
}

/** Names of the state folder's runs, oldest first. */
export function runNames(state: string): string[] {
  if (!existsSync(state)) return [];
  const runs = readdirSync(state).filter((name) => isRun(join(state, name)));
  return runs
    .map((name) => ({ name, createdAt: createdAt(join(state, name)) }))
    .toSorted((left, right) => compare(left.createdAt, right.createdAt) || compareNames(left.name, right.name))
    .map(({ name }) => name);
}

function newestRun(state: string): string {
  const name = runNames(state).at(-1);
  if (name !== undefined) return resolve(state, name);
  throw new PolyakError('usage', `@last: there are no runs in ${resolve(state)}; 'polyak train FILE' makes one`);
}

function known(state: string, wanted: string): string {
  const names = runNames(state);
  if (names.length === 0) return `; there are no runs in ${resolve(state)}`;
  const near = closest(wanted, names);
  const meant = near === undefined ? '' : `; did you mean ${near}?`;
  const shown = names.slice(-namesShown);
  const more = names.length - shown.length;
  return `${meant}; there are ${more > 0 ? `${more} more and ` : ''}${shown.join(', ')}`;
}

function isRun(folder: string): boolean {
  return existsSync(join(folder, 'run.json'));
}

/** Of a run whose record cannot be read, nothing is known. */
function createdAt(folder: string): string {
  try {
    return String((JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as { createdAt?: unknown }).createdAt);
  } catch {
    return '';
  }
}

function compare(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

/** digits-2 before digits-10. */
function compareNames(left: string, right: string): number {
  return left.localeCompare(right, 'en', { numeric: true });
}
