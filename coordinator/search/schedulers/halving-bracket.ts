/**
 * One bracket of successive halving. A rung is decided when each of its trials has a result or has ended, so the order of
 * arrival does not matter. Source: Li, Jamieson, Rostamizadeh, Gonina, Ben-tzur, Hardt, Recht and Talwalkar, "A system for
 * massively parallel hyperparameter tuning", 2020, algorithm 1.
 *
 *     T = n configurations
 *     for rung i = 0, 1, …: train all of T until r_i; T = the best floor(n_i / eta) of T
 *
 * A trial that has no number to show is over, and so is not promoted, even where fewer than floor(n_i / eta) remain.
 */
import type { Decision, Direction, Value } from '../log.js';
import type { PlannedBracket } from '../plan.js';
import { compareResults, type Result } from '../ranking.js';
import { isOver, type SearchTable, type TrialRecord } from '../search-table.js';
import { pauseOf } from './scheduler.js';

export class HalvingBracket {
  private rung = 0;
  private waitsFor: number;
  private results: Result[] = [];

  constructor(
    private readonly number: number,
    private readonly planned: PlannedBracket,
    private readonly direction: Direction,
    private readonly table: SearchTable,
  ) {
    this.waitsFor = planned.rungs[0]!.trials;
  }

  begin(): Decision {
    const { first, rungs } = this.planned;
    return {
      ...{ type: 'create', first, count: rungs[0]!.trials, bracket: this.number },
      ...{ untilStep: rungs[0]!.untilStep, saw: {} },
    };
  }

  reached(trial: TrialRecord, value: Value): Decision[] {
    if (this.rung === this.planned.rungs.length - 1) return [];
    this.results.push({ trial: trial.number, step: trial.step, value });
    const pause = pauseOf(trial, value);
    return this.results.length === this.waitsFor ? [...pause, ...this.decide()] : pause;
  }

  private decide(): Decision[] {
    const ranked = this.results.toSorted((left, right) => compareResults(left, right, this.direction));
    const next = this.planned.rungs[this.rung + 1]!;
    const kept = Math.min(next.trials, ranked.length);
    this.rung += 1;
    const decisions = ranked.flatMap((result, index) => this.verdict(result, index, ranked.length, kept));
    this.results = [];
    this.waitsFor = decisions.filter(({ type }) => type === 'promote').length;
    return decisions;
  }

  private verdict({ trial, step, value }: Result, index: number, results: number, kept: number): Decision[] {
    if (isOver(this.table.get(trial))) return [];
    const saw = { step, value, rank: index + 1, results, kept };
    if (index >= kept) return [{ type: 'stop', trial, reason: 'rank', saw }];
    const { untilStep } = this.planned.rungs[this.rung]!;
    return [{ type: 'promote', trial, rung: this.rung, untilStep, saw }];
  }
}
