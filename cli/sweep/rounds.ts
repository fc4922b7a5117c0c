/**
 * What is told of the rounds of coarse to fine, and of best values at a bound of what they were drawn from. The log explains each
 * round but the last, which no decision follows: that one is explained here, by the rows of its trials.
 */
import type { Distribution } from '../../common/experiment/search-schema.js';
import type { SawRound } from '../../coordinator/search/log.js';
import { narrowSpace, type Narrowed } from '../../coordinator/search/narrow-space.js';
import type { PlannedSchedule } from '../../coordinator/search/plan.js';
import { compareResults } from '../../coordinator/search/ranking.js';
import { edgeText, explainLastRound } from '../../coordinator/search/round-explanation.js';
import type { TrialRow } from '../../coordinator/store/rows.js';
import type { TrialPlan } from '../../coordinator/sweep/trial-plan.js';
import { hasResult } from '../report/trial-results.js';
import type { SweepReader } from './open-reader.js';
import type { CreatedTrials } from './sweep-follower.js';

export type Explanation = readonly [string, string];

export interface Rounds {
  /** As the log has it, of each round that another followed; empty for other schedules. */
  explained: Explanation[];
  /** Of the last, once it is over. */
  last: Explanation | undefined;
  /** Of the best trial's parameters: those that lie at a bound of what it was drawn from. */
  edges: string[];
}

/** `rows` are all trials, `best` is the best of them. Only rounds need the log, which may be long. */
export async function roundsOf(
  reader: SweepReader,
  rows: readonly TrialRow[],
  best: Pick<TrialRow, 'number' | 'parameters'> | undefined,
): Promise<Rounds> {
  const { plan } = reader;
  const { schedule } = plan.search;
  const creates = schedule.name === 'coarseToFine' ? await reader.creates() : [];
  const last = schedule.name === 'coarseToFine' ? lastRound(plan, schedule, creates, rows) : undefined;
  return {
    explained: explanationsOf(creates),
    last,
    edges: best ? edgesOf(plan, creates, best) : [],
  };
}

/** A repetition creates a round in several parts, each with what was told of the round before. */
function explanationsOf(creates: readonly CreatedTrials[]): Explanation[] {
  const byRound = new Map<number | undefined, Explanation>();
  for (const { round, explanation } of creates) if (explanation) byRound.set(round, explanation);
  return [...byRound.values()];
}

/** Undefined while it is not over. */
export function lastRound(
  plan: TrialPlan,
  { rounds, quantile }: PlannedSchedule & { name: 'coarseToFine' },
  creates: readonly CreatedTrials[],
  rows: readonly TrialRow[],
): Explanation | undefined {
  const round = rounds.length - 1;
  const own = rows.filter((row) => row.round === round);
  const isOver = own.length === rounds[round]!.trials && own.every(({ endedAt }) => endedAt !== null);
  if (!isOver) return undefined;
  const { metric, direction } = plan.search;
  const results = own.map((row) => {
    const value = hasResult(row) ? row.value : null;
    return { trial: row.number, step: row.epoch, value, row };
  });
  const ranked = results.toSorted((left, right) => compareResults(left, right, direction));
  const count = Math.max(1, Math.round(ranked.length * quantile));
  const saw: SawRound = {
    results: ranked.length,
    best: ranked.slice(0, count).flatMap(({ trial, step, value }) => (value === null ? [] : [{ trial, step, value }])),
  };
  const lost = results.filter(({ value }) => value === null).length;
  const [best] = ranked;
  const edges = best && saw.best.length > 0 ? edgesIn(plan, creates, best.row) : [];
  return explainLastRound({ round, rounds, metric, saw, lost }, edges);
}

export function edgesOf(
  plan: TrialPlan,
  creates: readonly CreatedTrials[],
  best: Pick<TrialRow, 'number' | 'parameters'>,
): string[] {
  return edgesIn(plan, creates, best).map((edge) => edgeText(edge, false));
}

/** By the space of its round, where rounds narrow it. */
function edgesIn(
  { section }: TrialPlan,
  creates: readonly CreatedTrials[],
  { number, parameters }: Pick<TrialRow, 'number' | 'parameters'>,
): Narrowed['edges'] {
  const create = creates.find(({ first, count }) => number >= first && number < first + count);
  const space: Record<string, Distribution> = create?.space ?? section.space;
  return narrowSpace(space, [parameters], { quantile: 1, widen: false, outer: section.space }).edges;
}
