/**
 * Which workers may work on which runs, as far as the coordinator has heard: a run whose numbers must be exact keeps to workers
 * of one fingerprint, and a worker that a run has refused is not sent there again. It only spares what a lead would refuse: after a restart
 * of the coordinator it is found out anew.
 */
import type { RunRow } from './store/rows.js';

/** A worker's process. */
export interface Candidate {
  readonly id: string;
  /** Empty of one that does not say. */
  readonly fingerprint: string;
}

interface Known {
  /** Of the workers that it has; undefined where none was admitted, or numbers may differ. */
  fingerprint: string | undefined;
  /** Why, by worker and by fingerprint. */
  readonly refused: Map<string, string>;
  readonly refusedFingerprints: Map<string, string>;
}

/** Of a run: those that were refused longest ago are tried again. */
const refusedMax = 1000;

export class Suitability {
  /** For as long as the coordinator has a run in mind. */
  private readonly known = new WeakMap<RunRow, Known>();

  suits(candidate: Candidate, run: RunRow): boolean {
    const fingerprint = this.known.get(run)?.fingerprint;
    if (!this.mayTry(candidate, run)) return false;
    return candidate.fingerprint === '' || fingerprint === undefined || fingerprint === candidate.fingerprint;
  }

  /** It has not been refused: of another fingerprint it will be, by words that say what differs. */
  mayTry({ id, fingerprint }: Candidate, run: RunRow): boolean {
    const known = this.known.get(run);
    return !known || !(known.refused.has(id) || known.refusedFingerprints.has(fingerprint));
  }

  /** Its lead has taken the worker, and would take none of another fingerprint. */
  admitted({ fingerprint }: Candidate, run: RunRow): void {
    if (fingerprint !== '') this.of(run).fingerprint = fingerprint;
  }

  refused({ id, fingerprint }: Candidate, run: RunRow, reason: string, byFingerprint: boolean): void {
    const known = this.of(run);
    remember(known.refused, id, reason);
    if (byFingerprint && fingerprint !== '') remember(known.refusedFingerprints, fingerprint, reason);
  }

  /** It begins afresh: whoever comes first decides. */
  forget(run: RunRow): void {
    this.known.delete(run);
  }

  /** False of a run that takes anybody. */
  knows(run: RunRow): boolean {
    return this.known.has(run);
  }

  /** What a run waits for that nobody suits, in words. */
  wants(run: RunRow): string {
    const { refused, fingerprint } = this.of(run);
    const last = [...refused.values()].at(-1);
    const kind = fingerprint === undefined ? 'another worker' : `a worker of fingerprint ${fingerprint}`;
    return last === undefined ? kind : `${kind}; the last that was refused: ${last}`;
  }

  private of(run: RunRow): Known {
    const known = this.known.get(run) ?? { fingerprint: undefined, refused: new Map(), refusedFingerprints: new Map() };
    this.known.set(run, known);
    return known;
  }
}

function remember(reasons: Map<string, string>, name: string, reason: string): void {
  reasons.delete(name);
  reasons.set(name, reason);
  const [oldest] = reasons.keys();
  if (reasons.size > refusedMax && oldest !== undefined) reasons.delete(oldest);
}
