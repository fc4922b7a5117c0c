/**
 * What /metrics shows of sweeps: of those that have not ended, and for a while of those that have, whether the coordinator
 * still has them in mind or not. It is read off the sweeps whenever somebody asks.
 */
import type { Direction } from './search/log.js';
import type { SweepState } from './store/rows.js';
import type { Sweep } from './sweep/sweep.js';
import type { TrialCounts } from './sweep/sweep-snapshot.js';
import type { Sweeps } from './sweep/sweeps.js';

/** Sweeps that have series of their own. */
export const sweepsShownMax = 100;
/** Trials of a sweep whose objectives are shown. */
export const ranksShown = 5;
/** Sweeps that have ended and are still counted. */
const endedMax = 1000;
/** Within a scrape nothing is read twice. */
const sameScrapeMs = 100;

export interface SweepFacts {
  key: string;
  name: string;
  state: SweepState;
  /** ISO 8601. */
  createdAt: string;
  endedAt: string | null;
  metric: string;
  direction: Direction;
  counts: TrialCounts;
  best: number | null;
  /** The newest objectives of trials that have begun and are not over, the best first. */
  top: number[];
  /** From 1 to 0, of those that it has. */
  budgetLeft: Record<string, number>;
  epochs: number;
  computeSeconds: number;
}

export class RecentSweeps {
  /** By key, in the order in which they were first seen to have ended. */
  private readonly ended = new Map<string, SweepFacts>();
  private last: { at: number; facts: SweepFacts[] } | undefined;

  constructor(
    private readonly sweeps: Pick<Sweeps, 'all'>,
    /** For so long a sweep is shown after its end. */
    private readonly keptSeconds: number,
  ) {}

  /** Those that have not ended, and those that have ended not long ago. */
  all(now = Date.now()): readonly SweepFacts[] {
    if (!this.last || Math.abs(now - this.last.at) > sameScrapeMs) this.last = { at: now, facts: this.read(now) };
    return this.last.facts;
  }

  /** So many of them that their number is bounded. */
  shown(now = Date.now()): readonly SweepFacts[] {
    return shownSweeps(this.all(now));
  }

  private read(now: number): SweepFacts[] {
    const open: SweepFacts[] = [];
    for (const sweep of this.sweeps.all()) {
      const facts = factsOf(sweep);
      if (facts.endedAt === null) {
        open.push(facts);
        this.ended.delete(facts.key);
      } else this.ended.set(facts.key, facts);
    }
    for (const [key, { endedAt }] of this.ended) {
      if (now - Date.parse(endedAt ?? '') >= this.keptSeconds * 1000) this.ended.delete(key);
    }
    for (const key of this.ended.keys()) {
      if (this.ended.size <= endedMax) break;
      this.ended.delete(key);
    }
    return [...open, ...this.ended.values()];
  }
}

/** The newest, and before all those that have not ended. */
export function shownSweeps<Each extends Pick<SweepFacts, 'createdAt' | 'endedAt'>>(recent: readonly Each[]): Each[] {
  const hasEnded = ({ endedAt }: Each) => Number(endedAt !== null);
  return recent
    .toSorted(
      (left, right) => hasEnded(left) - hasEnded(right) || Date.parse(right.createdAt) - Date.parse(left.createdAt),
    )
    .slice(0, sweepsShownMax);
}

function factsOf(sweep: Sweep): SweepFacts {
  const { key, name, state, createdAt, endedAt } = sweep.row;
  const { metric, direction } = sweep.plan.search;
  const { epochs, computeSeconds } = sweep.spending;
  return {
    ...{ key, name, state, createdAt, endedAt, metric, direction, epochs, computeSeconds },
    counts: { ...sweep.counts },
    best: sweep.best?.value ?? null,
    top: topObjectives(sweep),
    budgetLeft: budgetLeft(sweep),
  };
}

function topObjectives(sweep: Sweep): number[] {
  const { direction } = sweep.plan.search;
  const values = [...sweep.activeTrials()].flatMap(({ row: { value } }) => (value === null ? [] : [value]));
  return values
    .toSorted((left, right) => (direction === 'maximise' ? right - left : left - right))
    .slice(0, ranksShown);
}

function budgetLeft({ settings: { budget }, spending, counts }: Sweep): Record<string, number> {
  const spent = [
    ['time', spending.seconds, budget.time],
    ['compute time', spending.computeSeconds, budget.computeTime],
    ['epochs', spending.epochs, budget.epochs],
    // So many may fail; one more ends the sweep.
    ['failed trials', counts.failed, budget.failedTrials === undefined ? undefined : budget.failedTrials + 1],
  ] as const;
  return Object.fromEntries(
    spent.flatMap(([name, used, most]) => (most === undefined ? [] : [[name, Math.max(0, 1 - used / most)]])),
  );
}
