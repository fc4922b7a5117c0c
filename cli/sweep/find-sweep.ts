/** How a person names a sweep: its folder, its id such as `digits-search-1`, or `@last` for the newest. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { PolyakError } from '../../common/errors.js';
import { closest } from '../../common/experiment/suggest-value.js';

export function isSweep(folder: string): boolean {
  return existsSync(join(folder, 'sweep.json'));
}

/** Its folder; undefined where there is none of that name. */
export function lookUpSweep(state: string, text: string): string | undefined {
  if (text === '@last') {
    const newest = sweepNames(state).at(-1);
    return newest === undefined ? undefined : resolve(state, newest);
  }
  return [resolve(text), ...(isAbsolute(text) ? [] : [resolve(state, text)])].find(isSweep);
}

/** Errors: `usage`, with what is there and what was perhaps meant. */
export function findSweep(state: string, text: string): string {
  const found = lookUpSweep(state, text);
  if (found !== undefined) return found;
  const names = sweepNames(state);
  if (names.length === 0) {
    throw new PolyakError(
      'usage',
      `there is no sweep '${text}': none in ${resolve(state)}; 'polyak sweep FILE' makes one`,
    );
  }
  const near = closest(text, names);
  const hint = near === undefined ? `; there are ${names.slice(-10).join(', ')}` : `; did you mean ${near}?`;
  throw new PolyakError('usage', `there is no sweep '${text}' in ${resolve(state)}${hint}`);
}

/** Names of the state folder's sweeps, oldest first. */
export function sweepNames(state: string): string[] {
  if (!existsSync(state)) return [];
  return readdirSync(state)
    .filter((name) => isSweep(join(state, name)))
    .map((name) => ({ name, createdAt: createdAt(join(state, name)) }))
    .toSorted((left, right) => left.createdAt.localeCompare(right.createdAt) || left.name.localeCompare(right.name))
    .map(({ name }) => name);
}

function createdAt(folder: string): string {
  try {
    return String((JSON.parse(readFileSync(join(folder, 'sweep.json'), 'utf8')) as { createdAt?: unknown }).createdAt);
  } catch {
    return '';
  }
}
