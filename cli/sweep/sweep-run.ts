/**
 * Sweeps from a program: `sweep` answers at once, with a search whose events and result are still to come. Also the library's;
 * the command line shows the same by the same code, `run-sweep.ts`.
 */
import { PolyakError } from '../../common/errors.js';
import { RunInterrupted } from '../../common/error-classes.js';
import type { ExperimentTemplate } from '../../common/experiment/load.js';
import type { TlsOptions } from '../../common/tls/tls-options.js';
import type { SweepLine } from '../../coordinator/sweep/log-line.js';
import type { TrialRow } from '../../coordinator/store/rows.js';
import type { SweepSnapshot } from '../../coordinator/sweep/sweep-snapshot.js';
import { EventStream, type MissedEvent } from '../event-stream.js';
import { patienceMsDefault } from '../run.js';
import { defaultState } from '../train.js';
import { bestTrials } from './best.js';
import { openReader } from './open-reader.js';
import { createSweep, prepareSweep, type SweepPlace } from './prepare-sweep.js';
import { runSweep } from './run-sweep.js';
import type { SweepFolder } from './sweep-folder.js';

/** A line of the sweep's log, or what stands for lines that were not read in time. */
export type SweepEvent = SweepLine | MissedEvent;

export interface SweepOptions extends Partial<SweepPlace> {
  /** Beside those of the experiment's `search`: `parallel`, `priority`, `budget`, `keep`, … */
  settings?: Record<string, unknown>;
  /** How long a coordinator may be out of reach; a minute unless given. */
  patienceMs?: number;
  /** Files of TLS; for a cluster elsewhere those of POLYAK_TLS_… without it, for processes of its own none. */
  tls?: TlsOptions | undefined;
  /** Aborted: its trials stop at checkpoints, and `result` rejects with RunInterrupted. */
  signal?: AbortSignal;
}

export interface SweepIdentity {
  /** Such as digits-search-1. */
  id: string;
  folder: string;
  /** Sixteen hexadecimal digits, by which a coordinator knows it. */
  sweepKey: string;
}

export interface SweepResult extends SweepIdentity {
  sweep: SweepSnapshot;
  /** By number. */
  trials: TrialRow[];
  /** By the objective, of the weights that a trial ended with; undefined where no trial has a value. */
  best: TrialRow | undefined;
}

export interface SweepRun {
  /** As soon as the sweep has a folder. */
  readonly created: Promise<SweepIdentity>;
  /** From the first to the last, for any number of readers. */
  readonly events: AsyncIterable<SweepEvent>;
  /**
   * Rejects with RunInterrupted when it was stopped (by the signal, another process or its budget), and with a PolyakError
   * when it cannot go on.
   */
  readonly result: Promise<SweepResult>;
}

const ends: ReadonlySet<string> = new Set(['sweep-finished', 'sweep-stopped', 'sweep-failed']);

/** Searches in a new folder: on processes of this machine, or by `coordinator` on a cluster elsewhere. */
export function sweep(template: ExperimentTemplate, options: SweepOptions = {}): SweepRun {
  const events = new EventStream<SweepLine>(({ event }) => ends.has(event));
  const opening = open(template, options);
  const created = opening.then(identityOf);
  created.catch(() => undefined);
  const result = run(opening, events, options);
  return {
    created,
    result,
    get events() {
      result.catch(() => undefined);
      return events;
    },
  };
}

async function open(template: ExperimentTemplate, { settings = {}, ...place }: SweepOptions): Promise<SweepFolder> {
  const where = { ...place, state: place.state ?? defaultState };
  return await createSweep(await prepareSweep(template, where), where, { settings });
}

async function run(
  opening: Promise<SweepFolder>,
  events: EventStream<SweepLine>,
  { signal = new AbortController().signal, patienceMs = patienceMsDefault, tls }: SweepOptions,
): Promise<SweepResult> {
  try {
    const folder = await opening;
    const kill = new AbortController().signal;
    const last = await runSweep({ folder, onLine: (line) => events.push(line), stop: signal, kill, patienceMs, tls });
    return await resultOf(folder, last, tls);
  } catch (error) {
    events.fail(error);
    throw error;
  }
}

async function resultOf(folder: SweepFolder, last: SweepLine | undefined, tls?: TlsOptions): Promise<SweepResult> {
  const identity = identityOf(folder);
  const reason = typeof last?.['reason'] === 'string' ? `: ${last['reason']}` : '';
  if (last?.event === 'sweep-failed') throw new PolyakError('training', `${identity.id} has failed${reason}`);
  if (last?.event !== 'sweep-finished') {
    throw new RunInterrupted(
      `${identity.id} was stopped${reason}; 'polyak resume ${identity.folder}' goes on`,
      0,
      identity.folder,
    );
  }
  const reader = await openReader(folder, { tls });
  try {
    const [best] = await bestTrials(reader, 1);
    return { ...identity, sweep: await reader.sweep(), trials: (await reader.trials({})).rows, best };
  } finally {
    await reader.close();
  }
}

function identityOf({ path, facts }: SweepFolder): SweepIdentity {
  return { id: facts.name, folder: path, sweepKey: facts.sweepKey };
}
