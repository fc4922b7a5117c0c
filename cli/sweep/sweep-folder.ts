/**
 * The folder of a sweep: its template, the coordinator's store, logs, its trials' folders, and sweep.json, which says what
 * the sweep is and which processes it has. Sweeps are numbered and never overwritten, in one row with runs.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { randomKey } from '../../common/random-key.js';
import { placeInside } from '../../common/checkpoint-location.js';
import { PolyakError } from '../../common/errors.js';
import type { RoleEntry } from '../launcher.js';
import type { Provenance } from '../provenance.js';
import { isAlive } from '../run-facts.js';
import { claimFolder } from '../run-folder.js';
import { findSweep } from './find-sweep.js';

export interface SweepRecord {
  name: string;
  /** Eight bytes, hexadecimal: never used for another sweep. */
  sweepKey: string;
  createdAt: string;
  workers: number;
  shards: number;
  backend: 'tensorflow' | 'cpu';
  /** Of a cluster elsewhere, host:port; null for the sweep's own processes. */
  coordinator: string | null;
  /** Path or URL of the coordinator's store, where it is this machine's. */
  store: string;
  /** Where its trials' checkpoints lie, in a bucket; without it in the sweep's folder. */
  checkpoints?: string | undefined;
  /** Settings beside those of the experiment. */
  settings: Record<string, unknown>;
  /** Settings that were changed while it did not run, and hold when it goes on. */
  pending?: Record<string, unknown>;
  /** Key of the sweep that this one repeats. */
  replayOf: string | null;
  /** Processes that run now. */
  roles: RoleEntry[];
  /** The process that follows the sweep, while it does. */
  pid: number | null;
  provenance: Provenance;
}

export interface StoredTemplate {
  /** With parameters still open, and `search` with its defaults. */
  experiment: Record<string, unknown>;
  /** What relative paths count from. */
  folder: string;
  /** The text of the list of trials, where the sampler is one. */
  list?: string;
}

export type NewSweep = Omit<
  SweepRecord,
  'name' | 'sweepKey' | 'createdAt' | 'roles' | 'pid' | 'store' | 'checkpoints'
> & {
  store?: string;
  /** Where its checkpoints get a prefix of their own. */
  bucket?: string | undefined;
  /** That of a submission which may be repeated; unless given one that nobody has. */
  sweepKey?: string | undefined;
};

export class SweepFolder {
  private constructor(
    readonly path: string,
    readonly template: StoredTemplate,
    private record: SweepRecord,
  ) {}

  /** Makes `<state>/<name>-<n>` with the first free n. */
  static create(
    state: string,
    name: string,
    template: StoredTemplate,
    { bucket, sweepKey = randomKey(), ...options }: NewSweep,
  ): SweepFolder {
    const path = claimFolder(resolve(state), name);
    const identity = { name: basename(path), sweepKey };
    // Numbers are given by this folder; other folders may use the same prefix.
    const own = bucket && placeInside(bucket, `${identity.name}-${identity.sweepKey}`);
    writeFileSync(join(path, 'template.json'), `${JSON.stringify(template, null, 2)}\n`);
    const folder = new SweepFolder(path, template, {
      store: join(path, 'coordinator.db'),
      ...options,
      ...identity,
      ...(own === undefined ? {} : { checkpoints: own }),
      createdAt: new Date().toISOString(),
      roles: [],
      pid: null,
    });
    mkdirSync(folder.logs, { recursive: true });
    mkdirSync(folder.trials, { recursive: true });
    folder.update({});
    return folder;
  }

  /** `sweep` is its folder, its id, or `@last`. Nothing is written. Errors: `usage`. */
  static open(state: string, sweep: string): SweepFolder {
    const path = findSweep(state, sweep);
    try {
      const record = JSON.parse(readFileSync(join(path, 'sweep.json'), 'utf8')) as SweepRecord;
      const template = JSON.parse(readFileSync(join(path, 'template.json'), 'utf8')) as StoredTemplate;
      return new SweepFolder(path, template, record);
    } catch (error) {
      throw new PolyakError('usage', `sweep '${sweep}': ${path} cannot be read: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  get facts(): Readonly<SweepRecord> {
    return this.record;
  }

  get logs(): string {
    return join(this.path, 'logs');
  }

  get trials(): string {
    return join(this.path, 'trials');
  }

  /** What the trials' checkpoints lie in, by whatever the servers call it. */
  get place(): string {
    return this.record.checkpoints ?? this.path;
  }

  trial(number: number): string {
    return join(this.trials, String(number));
  }

  /** Whether the process that follows it is alive. */
  get isFollowed(): boolean {
    return this.record.pid !== null && isAlive(this.record.pid);
  }

  /** Of the coordinator that has it now, host:port; undefined where none runs. */
  get coordinator(): string | undefined {
    if (this.record.coordinator !== null) return this.record.coordinator;
    return this.record.roles.find(({ role, pid }) => role === 'coordinator' && isAlive(pid))?.address;
  }

  /** The modules of a sweep that this one repeats. */
  linkModules(other: string): void {
    const modules = join(other, 'modules');
    if (existsSync(modules)) cpSync(modules, join(this.path, 'modules'), { recursive: true });
  }

  /** Whether its store has been made; before, nothing of it is known. */
  get hasStore(): boolean {
    return this.record.store.includes('://') || existsSync(this.record.store);
  }

  /** Rewrites sweep.json; a reader sees the old one or the new one. */
  update(change: Partial<SweepRecord>): void {
    this.record = { ...this.record, ...change };
    const file = join(this.path, 'sweep.json');
    writeFileSync(`${file}.new`, `${JSON.stringify(this.record, null, 2)}\n`);
    renameSync(`${file}.new`, file);
  }
}
