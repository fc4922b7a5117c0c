/** How a person names a run: the same forms for every command, and near misses answered. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findRun, parseReference, runNames } from '../../cli/run-reference.js';

let state: string;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'polyak-reference-'));
  // digits-10 is the newest, although digits-9 comes last in the alphabet.
  makeRun('digits-9', '2026-01-02T00:00:00.000Z');
  makeRun('digits-10', '2026-01-03T00:00:00.000Z');
  makeRun('flowers-1', '2026-01-01T00:00:00.000Z');
});
afterEach(() => rmSync(state, { recursive: true }));

function makeRun(name: string, createdAt: string): void {
  mkdirSync(join(state, name));
  writeFileSync(join(state, name, 'run.json'), JSON.stringify({ name, createdAt }));
}

it('a run is found by its folder, by its id, and the newest by @last', () => {
  expect(findRun('elsewhere', join(state, 'digits-9'))).toBe(join(state, 'digits-9'));
  expect(findRun(state, 'flowers-1')).toBe(join(state, 'flowers-1'));
  expect(findRun(state, '@last')).toBe(join(state, 'digits-10'));
});

it('runs are listed from the oldest to the newest, and folders that are none are left out', () => {
  mkdirSync(join(state, 'notes'));
  expect(runNames(state)).toEqual(['flowers-1', 'digits-9', 'digits-10']);
});

it('a run made in the same moment as another comes after it by its number', () => {
  makeRun('digits-11', '2026-01-03T00:00:00.000Z');
  expect(findRun(state, '@last')).toBe(join(state, 'digits-11'));
});

it('a name that is nearly right is answered with the right one', () => {
  expect(() => findRun(state, 'flower-1')).toThrow(/there is no run 'flower-1'.*did you mean flowers-1\?/);
  expect(() => findRun(state, 'something')).toThrow(/there are flowers-1, digits-9, digits-10/);
  expect(() => findRun(state, 'something')).not.toThrow(/did you mean/);
});

it('another word after @ is told what there is', () => {
  expect(() => findRun(state, '@latest')).toThrow(/'@latest' names no run; @last is the newest one/);
});

it('trials of a sweep are understood, and the sweep is said to be missing', () => {
  expect(parseReference('lr-search/17')).toEqual({ kind: 'trial', sweep: 'lr-search', trial: 17 });
  expect(parseReference('lr-search@best')).toEqual({ kind: 'trial', sweep: 'lr-search', trial: 'best' });
  for (const text of ['lr-search/17', 'lr-search@best']) {
    expect(() => findRun(state, text)).toThrow(
      `there is no sweep 'lr-search' (wanted for '${text}'); the runs are flowers-1, digits-9, digits-10`,
    );
  }
});

it('a path whose last part is a number is a folder where it holds a run', () => {
  mkdirSync(join(state, 'team'));
  makeRun('team/17', '2026-01-01T00:00:00.000Z');
  expect(findRun(state, 'team/17')).toBe(join(state, 'team/17'));
});
