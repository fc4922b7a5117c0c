/** The workers that attend, and which runs each is assigned to. What they have computed for is counted here. */
import type { Attendee } from './attendee.js';
import type { RunRow } from './store/rows.js';

export interface WorkerPlace {
  readonly id: string;
  readonly attendee: Attendee;
  /** By key: since when, and for which sweep. */
  readonly runs: Map<string, { run: RunRow; since: number }>;
}

export class WorkerPlaces {
  private readonly places = new Map<string, WorkerPlace>();
  private readonly byRun = new Map<string, Set<WorkerPlace>>();
  /** By sweep: seconds that nobody has asked for yet. */
  private readonly seconds = new Map<string, number>();

  get size(): number {
    return this.places.size;
  }

  all(): Iterable<WorkerPlace> {
    return this.places.values();
  }

  find(id: string): WorkerPlace | undefined {
    return this.places.get(id);
  }

  add(attendee: Attendee): WorkerPlace {
    const { id } = attendee.register;
    const place = { id, attendee, runs: new Map() };
    this.places.set(id, place);
    return place;
  }

  /** False for one that another stream of the same process has replaced. */
  remove(attendee: Attendee): boolean {
    const place = this.places.get(attendee.register.id);
    if (place?.attendee !== attendee) return false;
    for (const key of place.runs.keys()) this.release(place, key);
    return this.places.delete(place.id);
  }

  assign(place: WorkerPlace, run: RunRow): void {
    if (place.runs.has(run.key)) return;
    place.runs.set(run.key, { run, since: performance.now() });
    const places = this.byRun.get(run.key) ?? new Set();
    this.byRun.set(run.key, places.add(place));
  }

  release(place: WorkerPlace, key: string): void {
    const held = place.runs.get(key);
    if (!held) return;
    this.account(held);
    place.runs.delete(key);
    const places = this.byRun.get(key);
    places?.delete(place);
    if (places?.size === 0) this.byRun.delete(key);
  }

  /** Who works on a run. */
  of(key: string): WorkerPlace[] {
    return [...(this.byRun.get(key) ?? [])];
  }

  /** Those that no sweep has. */
  idle(): WorkerPlace[] {
    return [...this.places.values()].filter(({ runs }) => [...runs.values()].every(({ run }) => run.sweep === null));
  }

  /** Of workers assigned to runs of the sweep, since it was asked last. */
  takeComputeSeconds(sweep: string): number {
    for (const { runs } of this.places.values()) for (const held of runs.values()) this.account(held);
    const seconds = this.seconds.get(sweep) ?? 0;
    this.seconds.delete(sweep);
    return seconds;
  }

  private account(held: { run: RunRow; since: number }): void {
    const now = performance.now();
    const seconds = (now - held.since) / 1000;
    held.since = now;
    const { sweep } = held.run;
    if (sweep === null) return;
    held.run.computeSeconds += seconds;
    this.seconds.set(sweep, (this.seconds.get(sweep) ?? 0) + seconds);
  }
}
