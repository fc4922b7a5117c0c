/** The workers that attend, and which runs each is assigned to. What they have computed for is counted here. */
import type { Attendee } from './attendee.js';
import type { RunRow } from './store/rows.js';

/** Of its time; a trial more then costs little, and gives as much. */
const waitingShareMin = 0.1;
/** One that comes back later has to do without the time that it was away. */
const returnMsMax = 3_600_000;

export interface WorkerPlace {
  readonly id: string;
  /** As in Register. */
  readonly fingerprint: string;
  readonly attendee: Attendee;
  /** By key: since when, and for which sweep. */
  readonly runs: Map<string, { run: RunRow; since: number }>;
  /** By `performance.now()`: when it went and left runs behind, if it has come back since. */
  readonly leftAt: number | undefined;
  /** By `performance.now()`: when it came, or was left without a run. */
  freeSince: number;
}

export class WorkerPlaces {
  private readonly places = new Map<string, WorkerPlace>();
  private readonly byRun = new Map<string, Set<WorkerPlace>>();
  /** By sweep: seconds that nobody has asked for yet. */
  private readonly seconds = new Map<string, number>();
  /** By id of workers that have left runs behind: when. */
  private readonly left = new Map<string, number>();

  /** `taken` is told how long a worker that is given a run had none. */
  constructor(private readonly taken: (freeSeconds: number) => void = () => undefined) {}

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
    const { id, fingerprint } = attendee.register;
    const leftAt = this.left.get(id);
    const place = { id, fingerprint, attendee, runs: new Map(), leftAt, freeSince: performance.now() };
    this.left.delete(id);
    this.places.set(id, place);
    return place;
  }

  /** False for one that another stream of the same process has replaced. */
  remove(attendee: Attendee): boolean {
    const place = this.places.get(attendee.register.id);
    if (place?.attendee !== attendee) return false;
    const now = performance.now();
    for (const [id, at] of this.left) if (now - at > returnMsMax) this.left.delete(id);
    if (place.runs.size > 0) this.left.set(place.id, now);
    for (const key of place.runs.keys()) this.release(place, key);
    return this.places.delete(place.id);
  }

  /** `since` is by `performance.now()`; of one that comes back with the run, it has worked on it all the time. */
  assign(place: WorkerPlace, run: RunRow, since = performance.now()): void {
    if (place.runs.has(run.key)) return;
    if (place.runs.size === 0) this.taken((performance.now() - place.freeSince) / 1000);
    place.runs.set(run.key, { run, since });
    const places = this.byRun.get(run.key) ?? new Set();
    this.byRun.set(run.key, places.add(place));
  }

  release(place: WorkerPlace, key: string): void {
    const held = place.runs.get(key);
    if (!held) return;
    this.account(place, held);
    place.runs.delete(key);
    if (place.runs.size === 0) place.freeSince = performance.now();
    const places = this.byRun.get(key);
    places?.delete(place);
    if (places?.size === 0) this.byRun.delete(key);
  }

  /** Who works on a run. */
  of(key: string): WorkerPlace[] {
    return [...(this.byRun.get(key) ?? [])];
  }

  /** The run's own seconds are then those until now. */
  countUntilNow(key: string): void {
    for (const place of this.of(key)) {
      const held = place.runs.get(key);
      if (held) this.account(place, held);
    }
  }

  /** Those that no sweep has. */
  idle(): WorkerPlace[] {
    return [...this.places.values()].filter(({ runs }) => [...runs.values()].every(({ run }) => run.sweep === null));
  }

  /** Those that have one run of a sweep and wait for its server so much that they could work on another between. */
  waiting(): WorkerPlace[] {
    return [...this.places.values()].filter(
      ({ attendee, runs }) =>
        attendee.waiting > waitingShareMin && runs.size === 1 && [...runs.values()][0]?.run.sweep !== null,
    );
  }

  /** Of workers assigned to runs of the sweep, since it was asked last. */
  takeComputeSeconds(sweep: string): number {
    for (const place of this.places.values()) for (const held of place.runs.values()) this.account(place, held);
    const seconds = this.seconds.get(sweep) ?? 0;
    this.seconds.delete(sweep);
    return seconds;
  }

  /** A worker's time is shared by the runs that it has. */
  private account(place: WorkerPlace, held: { run: RunRow; since: number }): void {
    const now = performance.now();
    const seconds = (now - held.since) / 1000 / place.runs.size;
    held.since = now;
    const { sweep } = held.run;
    if (sweep === null) return;
    held.run.computeSeconds += seconds;
    this.seconds.set(sweep, (this.seconds.get(sweep) ?? 0) + seconds);
  }
}
