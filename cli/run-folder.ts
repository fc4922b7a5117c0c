/** Where a run is kept: `<state>/<name>-<number>`, never used twice. */
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PolyakError } from '../common/errors.js';
import type { Experiment } from '../common/experiment/schema.js';

/** What is written once, when the run is made. */
export interface RunRecord {
  experiment: Experiment;
  trialKey?: string;
  untilStep: number;
  workers: number;
  shards: number;
}

export function stateFolder(state: string | undefined): string {
  return resolve(state ?? process.env['POLYAK_STATE'] ?? '.polyak');
}

export function createRunFolder(state: string, name: string): string {
  mkdirSync(state, { recursive: true });
  const taken = readdirSync(state).map((entry) => Number(new RegExp(`^${name}-(\\d+)$`).exec(entry)?.[1] ?? 0));
  for (let number = Math.max(0, ...taken) + 1; ; number++) {
    const folder = join(state, `${name}-${number}`);
    try {
      mkdirSync(folder);
      return folder;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** A folder, or a run's name within the state folder. */
export function findRunFolder(state: string, run: string): string {
  const candidates = [resolve(run), join(state, run)];
  const found = candidates.find((folder) => existsSync(join(folder, 'experiment.json')));
  if (!found) throw new PolyakError('usage', `run '${run}' does not exist (looked for ${candidates.join(' and ')})`);
  return found;
}

export function writeRecord(folder: string, record: RunRecord): void {
  writeFileSync(join(folder, 'experiment.json'), JSON.stringify(record, null, 2));
}

export function readRecord(folder: string): RunRecord {
  return JSON.parse(readFileSync(join(folder, 'experiment.json'), 'utf8')) as RunRecord;
}
