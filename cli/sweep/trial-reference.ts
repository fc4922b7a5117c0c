/** Which trial of which sweep a reference means: `digits-search-1/17`, `digits-search-1@best`, or the folder of a trial. */
import { basename, dirname, resolve } from 'node:path';
import { isSweep, lookUpSweep } from './find-sweep.js';

export interface TrialReference {
  /** Folder of the sweep. */
  sweep: string;
  trial: number | 'best';
}

/** Undefined for what names no trial of a sweep that is there. */
export function lookUpTrial(state: string, text: string): TrialReference | undefined {
  return byName(state, text) ?? byFolder(resolve(text)) ?? byFolder(resolve(state, text));
}

function byName(state: string, text: string): TrialReference | undefined {
  const match = /^(?<name>.+?)(?:\/(?<number>\d{1,9})|@(?<best>best))$/.exec(text)?.groups;
  if (!match) return undefined;
  const { name = '', number } = match;
  const sweep = lookUpSweep(state, name);
  return sweep === undefined ? undefined : { sweep, trial: number === undefined ? 'best' : Number(number) };
}

/** `<sweep>/trials/17` */
function byFolder(path: string): TrialReference | undefined {
  const trials = dirname(path);
  const isTrial = basename(trials) === 'trials' && /^\d{1,9}$/.test(basename(path)) && isSweep(dirname(trials));
  return isTrial ? { sweep: dirname(trials), trial: Number(basename(path)) } : undefined;
}
