/**
 * Which worker works on which run of a sweep: one worker a trial while trials are many, and a second trial for a worker that
 * waits for the first one's server; who has nothing to do joins a trial that runs, and leaves it again when another waits. It never changes a number, only when it is there.
 */
import type { Ledger } from './ledger.js';
import type { Runs } from './runs.js';
import { startRun } from './sweep/start-run.js';
import type { Sweep } from './sweep/sweep.js';
import type { Sweeps } from './sweep/sweeps.js';
import type { RunRow } from './store/rows.js';
import type { Suitability } from './suitability.js';
import type { WorkerPlace, WorkerPlaces } from './worker-places.js';

export interface AssignmentParts {
  runs: Runs;
  sweeps: Sweeps;
  workers: WorkerPlaces;
  suitability: Suitability;
  ledger: Ledger;
  /** Whether the shards are there that such a sweep needs. */
  canLead: (shards: number) => boolean;
  /** The run has changed, or who works on it. */
  tell: (run: RunRow) => void;
  leave: (place: WorkerPlace, run: RunRow) => void;
  /** A run of a sweep has been given to a worker, after it had waited so long. */
  started: (waitedSeconds: number) => void;
}

export class Assignment {
  constructor(private readonly parts: AssignmentParts) {}

  /** `settled`: all workers that were there before the coordinator started have had time to come back. */
  assign(settled: boolean): void {
    const left: WorkerPlace[] = [];
    for (const place of this.parts.workers.idle()) {
      const run = (settled ? this.orphan(place) : undefined) ?? this.start(place);
      if (run) this.give(place, run);
      else left.push(place);
    }
    if (settled) for (const place of left) this.joinThinnest(place);
    // Who is left found nothing to begin; of what there is, it may only be that nothing suits it.
    for (const place of this.parts.workers.waiting()) {
      const run = this.start(place);
      if (run) this.give(place, run);
    }
    this.freeOne();
  }

  private give(place: WorkerPlace, run: RunRow): void {
    this.parts.workers.assign(place, run);
    this.parts.tell(run);
  }

  /** A run that has lost its workers. */
  private orphan(place: WorkerPlace): RunRow | undefined {
    const { runs, sweeps, workers, suitability } = this.parts;
    for (const run of runs.withLead()) {
      const isOrphan = run.sweep !== null && sweeps.ofRun(run) && workers.of(run.key).length === 0;
      if (isOrphan && suitability.suits(place, run)) return run;
    }
    return undefined;
  }

  private start(place: WorkerPlace): RunRow | undefined {
    for (const sweep of this.parts.sweeps.inOrder()) {
      if (sweep.isExternal || !this.mayStart(sweep, place)) continue;
      const run = this.startOf(sweep, place);
      if (run) return run;
    }
    return undefined;
  }

  private startOf(sweep: Sweep, place: WorkerPlace): RunRow | undefined {
    const { ledger, started, suitability } = this.parts;
    const { run, changes, waitedSeconds } = startRun(sweep, (waiting) => suitability.suits(place, waiting));
    ledger.commitSoon(changes);
    if (run) started(waitedSeconds);
    return run;
  }

  /** Within `parallel` and `workers`, and where its shards are there. */
  private mayStart(sweep: Sweep, place?: WorkerPlace): boolean {
    const { settings, row } = sweep;
    const led = this.ledOf(sweep);
    if (settings.parallel !== undefined && new Set(led.map(({ trial }) => trial)).size >= settings.parallel)
      return false;
    return this.mayHave(sweep, led, place) && this.parts.canLead(row.shards);
  }

  /** Whether that worker may work for the sweep, or any more where none is named. One that works on two of its trials is one. */
  private mayHave({ settings }: Sweep, led: readonly RunRow[], place?: WorkerPlace): boolean {
    if (settings.workers === undefined) return true;
    const working = new Set(led.flatMap(({ key }) => this.parts.workers.of(key)));
    return working.size < settings.workers || (place !== undefined && working.has(place));
  }

  private ledOf({ key }: Sweep): RunRow[] {
    return [...this.parts.runs.withLead()].filter(({ sweep }) => sweep === key);
  }

  /** A trial waits and all workers are taken: one of a trial that has several leaves it. */
  private freeOne(): void {
    const { sweeps, workers, runs, leave, suitability } = this.parts;
    const waiting = sweeps.inOrder().filter((sweep) => !sweep.isExternal && sweep.canStart && this.mayStart(sweep));
    if (waiting.length === 0) return;
    const isWantedBy = (place: WorkerPlace) =>
      waiting.some((sweep) => sweep.canStartFor((run) => suitability.suits(place, run)));
    for (const run of runs.withLead()) {
      const working = run.sweep === null ? [] : workers.of(run.key);
      const spare = working.length > 1 ? working.findLast(isWantedBy) : undefined;
      if (spare) return leave(spare, run);
    }
  }

  /** More workers than micro-batches a step would only wait. */
  private joinThinnest(place: WorkerPlace): void {
    const { runs, sweeps, workers, suitability } = this.parts;
    let thinnest: { run: RunRow; count: number } | undefined;
    for (const run of runs.withLead()) {
      const sweep = sweeps.ofRun(run);
      if (!sweep || run.state !== 'running' || !this.mayHave(sweep, this.ledOf(sweep), place)) continue;
      const working = workers.of(run.key);
      // Of those that have not been admitted yet, each kind could come to be refused.
      const fits = !sweep.plan.isExact || working.every(({ fingerprint }) => fingerprint === place.fingerprint);
      if (!fits || !suitability.suits(place, run)) continue;
      const count = working.length;
      if (count < sweep.leavesOf(run) && (!thinnest || count < thinnest.count)) thinnest = { run, count };
    }
    if (thinnest) this.give(place, thinnest.run);
  }
}
