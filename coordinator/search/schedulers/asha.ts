/**
 * Asynchronous successive halving. Source: Li, Jamieson, Rostamizadeh, Gonina, Ben-tzur, Hardt, Recht and Talwalkar, "A
 * system for massively parallel hyperparameter tuning", 2020, algorithm 2, with early-stopping rate s = 0:
 *
 *     get_job: for rung k from the last but one down to 0:
 *                candidates = the best floor(|rung k| / eta) of rung k; the best not yet promoted goes on to k + 1
 *              else a new configuration in rung 0
 *
 * What differs from the paper: the number of trials is limited, so a worker may have to wait for a result; a trial is
 * paused at its rung and goes on from its checkpoint, where the paper leaves it open whether it begins again; ties are
 * broken by number; a trial without a number to show is over: it is in its rung's count but never promoted; trials that are
 * paused when nothing can come any more are stopped.
 */
import type { Decision, Value } from '../log.js';
import type { SearchPlan } from '../plan.js';
import { Ranking, type Result } from '../ranking.js';
import { isOver, type SearchTable, type TrialRecord } from '../search-table.js';
import { pauseOf, type Scheduler, type SchedulerFactory } from './scheduler.js';

interface Rung {
  untilStep: number;
  ranking: Ranking;
  promoted: Set<number>;
}

type AshaSchedule = Extract<SearchPlan['schedule'], { name: 'asha' }>;

class Asha implements Scheduler {
  private readonly rungs: Rung[];
  private readonly eta: number;
  private created = 0;
  /** In all. */
  private trials: number;

  constructor(
    plan: SearchPlan,
    schedule: AshaSchedule,
    private readonly table: SearchTable,
  ) {
    this.trials = plan.trials;
    this.eta = schedule.eta;
    this.rungs = schedule.rungs.map((untilStep) => ({
      untilStep,
      ranking: new Ranking(plan.direction),
      promoted: new Set(),
    }));
  }

  begin(): Decision[] {
    return [];
  }

  reached(trial: TrialRecord, value: Value): Decision[] {
    this.rungs[trial.rung]!.ranking.add({ trial: trial.number, step: trial.step, value });
    return trial.rung < this.rungs.length - 1 ? pauseOf(trial, value) : [];
  }

  requested(): Decision | undefined {
    return this.promotion() ?? this.creation();
  }

  /** They are created as workers ask. */
  extend(trials: number): Decision[] {
    this.trials = trials;
    return [];
  }

  /** Who is still paused when no result can come and nobody can be promoted. */
  settle(): Decision[] {
    const mayGoOn = this.created < this.trials || this.table.running > 0;
    if (mayGoOn || this.promotable()) return [];
    return [...this.table.trials]
      .filter(({ status }) => status === 'paused')
      .map(({ number, step, value }) => ({
        ...{ type: 'stop', trial: number, reason: 'unpromoted' },
        saw: { step, value },
      }));
  }

  private promotion(): Decision | undefined {
    const found = this.promotable();
    if (!found) return undefined;
    const { from, result, kept } = found;
    const { ranking, promoted } = this.rungs[from]!;
    promoted.add(result.trial);
    const { trial, step, value } = result;
    return {
      ...{ type: 'promote', trial, rung: from + 1, untilStep: this.rungs[from + 1]!.untilStep },
      saw: { step, value, rank: ranking.rankOf(result), results: ranking.size, kept },
    };
  }

  private promotable(): { from: number; result: Result; kept: number } | undefined {
    for (let from = this.rungs.length - 2; from >= 0; from -= 1) {
      const { ranking, promoted } = this.rungs[from]!;
      const kept = Math.floor(ranking.size / this.eta);
      const result = ranking.best(kept).find(({ trial }) => !promoted.has(trial) && !isOver(this.table.get(trial)));
      if (result) return { from, result, kept };
    }
    return undefined;
  }

  private creation(): Decision | undefined {
    if (this.created === this.trials) return undefined;
    const first = this.created;
    this.created += 1;
    return {
      ...{ type: 'create', first, count: 1, bracket: 0, untilStep: this.rungs[0]!.untilStep },
      saw: { rungs: this.rungs.map(({ ranking }) => ranking.size) },
    };
  }
}

export const asha: SchedulerFactory = (plan, table) => {
  if (plan.schedule.name !== 'asha') throw new TypeError(`${plan.schedule.name} is not asha`);
  return new Asha(plan, plan.schedule, table);
};
