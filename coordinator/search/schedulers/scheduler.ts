/** A schedule: who is created, who waits, who goes on for how long. It sees results at rungs, never the clock. */
import type { Decision, Value } from '../log.js';
import type { SearchPlan } from '../plan.js';
import type { SearchTable, TrialRecord } from '../search-table.js';

/** Every decision that a scheduler returns is applied to the table before it is asked again. */
export interface Scheduler {
  begin(): Decision[];
  /** Told once a rung: the trial has its result there, or (null) has ended before or without one. */
  reached(trial: TrialRecord, value: Value): Decision[];
  /** Something for a worker that asks; undefined where there is nothing now. */
  requested?(): Decision | undefined;
  /** So many trials in all, more than before; without it the schedule is made for its number of trials. */
  extend?(trials: number): Decision[];
  /** What keeps it from taking more at this moment, after the sweep's name; without it nothing ever does. */
  refusalOfMore?(): string | undefined;
  /** After everything else: what is to be done about the end. */
  settle?(): Decision[];
}

export type SchedulerFactory = (plan: SearchPlan, table: SearchTable) => Scheduler;

/** A pause of a trial at its rung, unless it is over. */
export function pauseOf(trial: TrialRecord, value: Value): Decision[] {
  return trial.status === 'running' ? [{ type: 'pause', trial: trial.number, saw: { step: trial.step, value } }] : [];
}
