/**
 * Coarse to fine: a round of many trials of few epochs over wide ranges, then rounds of more epochs over ranges around the
 * best of the round before. A round begins when all trials of the one before have ended, so the order of arrival does not
 * matter.
 */
import type { Create, Decision, SawRound, Space, Value } from '../log.js';
import { narrowSpace } from '../narrow-space.js';
import type { PlannedRound, SearchPlan } from '../plan.js';
import { compareResults, type Result } from '../ranking.js';
import { explainRound } from '../round-explanation.js';
import { scaledRounds } from '../scaled-rounds.js';
import { isOver, type SearchTable, type TrialRecord } from '../search-table.js';
import type { Scheduler, SchedulerFactory } from './scheduler.js';

type Rounds = Extract<SearchPlan['schedule'], { name: 'coarseToFine' }>;

class CoarseToFine implements Scheduler {
  private round = 0;
  private first = 0;
  private results: Result[] = [];
  private space: Space;
  private outer: Space;
  /** As planned, until the user wants more trials. */
  private rounds: readonly PlannedRound[];

  constructor(
    private readonly plan: SearchPlan,
    private readonly schedule: Rounds,
    private readonly table: SearchTable,
  ) {
    this.space = plan.space;
    this.outer = plan.space;
    this.rounds = schedule.rounds;
  }

  begin(): Decision[] {
    return [{ ...this.roundCreated(), saw: {} }];
  }

  reached(trial: TrialRecord, value: Value): Decision[] {
    this.results.push({ trial: trial.number, step: trial.step, value });
    const end = isOver(trial) || trial.untilStep === this.plan.untilStep ? [] : [roundOver(trial, value)];
    if (this.results.length < this.rounds[this.round]!.trials || this.isLast) return end;
    return [...end, this.next()];
  }

  refusalOfMore(): string | undefined {
    return this.isLast ? 'has begun its last round, and a round that has begun stays as it is' : undefined;
  }

  /** The rounds that have not begun share what is not in those that have, in proportion to what was planned of them. */
  extend(trials: number): Decision[] {
    const begun = this.rounds.slice(0, this.round + 1);
    const planned = this.schedule.rounds.slice(begun.length);
    const left = begun.reduce((rest, round) => rest - round.trials, trials);
    this.rounds = [...begun, ...scaledRounds(planned, left)];
    return [];
  }

  private get isLast(): boolean {
    return this.round === this.rounds.length - 1;
  }

  private next(): Create {
    const { rounds } = this;
    const { quantile, widen } = this.schedule;
    const saw = this.saw();
    const best = saw.best.map(({ trial }) => this.table.get(trial).parameters);
    const narrowed = narrowSpace(this.space, best, { quantile, widen, outer: this.outer });
    const lost = this.results.filter(({ value }) => value === null).length;
    const cameTo = { round: this.round, rounds, metric: this.plan.metric, saw, lost };
    const explanation = explainRound(cameTo, this.space, narrowed, widen);
    this.first += rounds[this.round]!.trials;
    this.round += 1;
    this.results = [];
    this.space = narrowed.space;
    this.outer = narrowed.outer;
    return { ...this.roundCreated(), space: narrowed.space, explanation, saw };
  }

  /** The best quantile, of the whole round; at least one, and never a trial without a number. */
  private saw(): SawRound {
    const ranked = this.results.toSorted((left, right) => compareResults(left, right, this.plan.direction));
    const count = Math.max(1, Math.round(ranked.length * this.schedule.quantile));
    const best = ranked
      .slice(0, count)
      .flatMap(({ trial, step, value }) => (value === null ? [] : [{ trial, step, value }]));
    return { results: ranked.length, best };
  }

  private roundCreated(): Omit<Create, 'saw'> {
    const { trials, untilStep } = this.rounds[this.round]!;
    return { type: 'create', first: this.first, count: trials, bracket: 0, round: this.round, untilStep };
  }
}

function roundOver({ number, step }: TrialRecord, value: Value): Decision {
  return { type: 'stop', trial: number, reason: 'roundOver', saw: { step, value } };
}

export const coarseToFine: SchedulerFactory = (plan, table) => {
  if (plan.schedule.name !== 'coarseToFine') throw new TypeError(`${plan.schedule.name} has no rounds`);
  return new CoarseToFine(plan, plan.schedule, table);
};
