/**
 * The folder of a run: its experiment, the coordinator's store, checkpoints, logs, and run.json, which says what the
 * run is and which processes it has. Runs are numbered and never overwritten.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { randomKey } from '../common/random-key.js';
import { isBucket, placeInside } from '../common/checkpoint-location.js';
import { PolyakError } from '../common/errors.js';
import { canonicalExperiment } from '../common/experiment/load.js';
import type { Experiment } from '../common/experiment/schema.js';
import type { TrialRow } from '../coordinator/store/rows.js';
import type { RoleEntry } from './launcher.js';
import type { Provenance } from './provenance.js';
import { findRun } from './run-reference.js';

export interface RunRecord {
  name: string;
  /** Eight bytes, hexadecimal: never used for another run. */
  trialKey: string;
  createdAt: string;
  /** As asked for; 0 for all epochs. */
  untilStep: number;
  workers: number;
  shards: number;
  backend: 'tensorflow' | 'cpu';
  /** Of a cluster elsewhere, host:port; null for the run's own processes. */
  coordinator: string | null;
  /** Processes that run now. */
  roles: RoleEntry[];
  /** The process that follows the run, while it does. */
  pid: number | null;
  provenance: Provenance;
  /** The run whose last weights this one began with. */
  parent: Parent | null;
  /** Where its checkpoints lie, in a bucket; without it in the run's folder. */
  checkpoints?: string | undefined;
  /** Of a sweep's trial: what its sweep says of it. */
  trial?: TrialFacts;
}

export interface TrialFacts {
  /** Name of the sweep. */
  sweep: string;
  number: number;
  status: TrialRow['status'];
  /** Such as validation.accuracy, and its newest and best value. */
  metric: string;
  value: number | null;
  best: number | null;
  bestEpoch: number;
  /** Over folds or repetitions. */
  deviation: number | null;
  /** How many runs it consists of. */
  members: number;
  parameters: TrialRow['columns'];
  /** Why it was stopped or has failed. */
  reason: string | null;
  computeSeconds: number;
  /** The best trials whose weights the sweep keeps. */
  keep: number;
}

export interface Parent {
  /** Its folder's name. */
  run: string;
  trialKey: string;
  /** Of the checkpoint. */
  step: number;
  weightsSha256: string;
}

/** What is given to a new run; the rest is its own. `bucket` is where its checkpoints get a prefix of their own. */
export type NewRun = Omit<RunRecord, 'name' | 'trialKey' | 'createdAt' | 'roles' | 'pid' | 'trial' | 'checkpoints'> & {
  bucket?: string | undefined;
};

export class RunFolder {
  private constructor(
    readonly path: string,
    /** Resolved, as JSON with its keys in order. */
    readonly experiment: string,
    private record: RunRecord,
  ) {}

  /** Makes `<state>/<name>-<n>` with the first free n. */
  static create(state: string, experiment: Experiment, { bucket, ...options }: NewRun): RunFolder {
    const path = claimFolder(resolve(state), experiment.name);
    const text = canonicalExperiment(experiment);
    writeFileSync(join(path, 'experiment.json'), `${text}\n`);
    const identity = {
      name: basename(path),
      trialKey: randomKey(),
      createdAt: new Date().toISOString(),
    };
    // Numbers are given by this folder; other folders may use the same prefix.
    const own = bucket && placeInside(bucket, `${identity.name}-${identity.trialKey}`, 'checkpoints');
    const place = own === undefined ? {} : { checkpoints: own };
    const folder = new RunFolder(path, text, { ...identity, ...options, ...place, roles: [], pid: null });
    folder.makeFolders();
    folder.update({});
    return folder;
  }

  /** `run` is a reference to a run, see run-reference.ts. Nothing is written. Errors: `usage`. */
  static open(state: string, run: string): RunFolder {
    const path = findRun(state, run);
    try {
      const record = JSON.parse(readFileSync(join(path, 'run.json'), 'utf8')) as RunRecord;
      const experiment = readFileSync(join(path, 'experiment.json'), 'utf8').trimEnd();
      return new RunFolder(path, experiment, record);
    } catch (error) {
      throw new PolyakError('usage', `run '${run}': ${path} cannot be read: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  get facts(): Readonly<RunRecord> {
    return this.record;
  }

  get store(): string {
    return join(this.path, 'coordinator.db');
  }

  get checkpoints(): string {
    return this.record.checkpoints ?? join(this.path, 'checkpoints');
  }

  get logs(): string {
    return join(this.path, 'logs');
  }

  get journal(): string {
    return join(this.path, 'events.jsonl');
  }

  /** Rewrites run.json; a reader sees the old one or the new one. */
  update(change: Partial<RunRecord>): void {
    this.record = { ...this.record, ...change };
    const file = join(this.path, 'run.json');
    writeFileSync(`${file}.new`, `${JSON.stringify(this.record, null, 2)}\n`);
    renameSync(`${file}.new`, file);
  }

  makeFolders(): void {
    if (!isBucket(this.checkpoints)) mkdirSync(this.checkpoints, { recursive: true });
    mkdirSync(this.logs, { recursive: true });
  }
}

/** The exclusive mkdir decides between runs that start at once. */
export function claimFolder(state: string, name: string): string {
  mkdirSync(state, { recursive: true });
  for (let number = 1; ; number++) {
    const path = join(state, `${name}-${number}`);
    try {
      mkdirSync(path);
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw new PolyakError('usage', `--state: ${path} cannot be made: ${(error as Error).message}`, {
          cause: error,
        });
      }
    }
  }
}
