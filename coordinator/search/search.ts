/**
 * A sweep as a machine: events in, decisions out, nothing else. Its state is a fold over the events, so a coordinator that
 * restarts feeds the stored events again and is where it was.
 */
import type { Decision, SearchEvent, Value } from './log.js';
import type { SearchPlan } from './plan.js';
import { schedules } from './schedulers/registry.js';
import type { Scheduler } from './schedulers/scheduler.js';
import { isOver, SearchTable, type Report, type TableRow, type TrialRecord } from './search-table.js';
import { stoppingRules, type StoppingRules } from './stopping/registry.js';
import type { Verdict } from './stopping/rule.js';

export interface Outcome {
  /** In the order in which they are to be stored and carried out. */
  decisions: Decision[];
  /** Why the event changed nothing, for the log. */
  ignored?: string;
}

export class Search {
  private readonly table: SearchTable;
  private readonly scheduler: Scheduler;
  private readonly rules: StoppingRules;
  private decisions: Decision[] = [];
  private hasBegun = false;
  private requests = 0;
  /** In all. */
  private trials: number;

  constructor(private readonly plan: SearchPlan) {
    this.trials = plan.trials;
    this.table = new SearchTable(plan.direction);
    this.scheduler = schedules[plan.schedule.name].create(plan, this.table);
    this.rules = stoppingRules(plan.stopping);
  }

  /** Takes the next event. A trial that a decision names is in the table from that decision on. */
  take(event: SearchEvent): Outcome {
    this.decisions = [];
    const ignored = this.fold(event);
    if (ignored !== undefined) return { decisions: [], ignored };
    this.answerRequests();
    this.decide(this.scheduler.settle?.() ?? []);
    return { decisions: this.decisions };
  }

  /** The trials so far, by number. */
  rows(): TableRow[] {
    return this.table.rows();
  }

  /** Why it cannot have more trials now, in words after the sweep's name. */
  refusalOfMore(): string | undefined {
    if (!this.scheduler.extend) return `has its rungs made for ${this.trials} trials by ${this.plan.schedule.name}`;
    return this.scheduler.refusalOfMore?.();
  }

  private fold(event: SearchEvent): string | undefined {
    if (!this.hasBegun && event.type !== 'begin') return `'${event.type}' is ignored: the sweep has not begun`;
    switch (event.type) {
      case 'begin':
        return this.begin();
      case 'request':
        this.requests += 1;
        return undefined;
      case 'created':
        return this.created(event);
      case 'report':
        return this.report(event);
      case 'finished':
      case 'failed':
        return this.ended(event);
      case 'retry':
        return this.retry(event.trial);
      case 'extend':
        return this.extend(event.trials);
      case 'halt':
        return this.halt(event);
      case 'resume':
        return undefined;
    }
  }

  private begin(): string | undefined {
    if (this.hasBegun) return "'begin' is ignored: the sweep has begun";
    this.hasBegun = true;
    this.decide(this.scheduler.begin());
    return undefined;
  }

  private created({ trial, parameters }: SearchEvent & { type: 'created' }): string | undefined {
    const record = this.table.find(trial);
    if (!record) return `'created' is ignored: no decision has created trial ${trial}`;
    this.table.begin(record, parameters);
    return undefined;
  }

  private report(event: Report): string | undefined {
    const refusal = this.table.report(event);
    if (refusal !== undefined) return refusal;
    const trial = this.table.get(event.trial);
    const verdict = this.verdict(trial);
    if (verdict) this.stop(trial, verdict);
    else if (trial.step === trial.untilStep && event.value !== undefined) this.settle(trial, trial.value ?? null);
    return undefined;
  }

  private verdict(trial: TrialRecord): Verdict | undefined {
    const { always, early } = this.rules;
    for (const rule of trial.step === this.plan.untilStep ? always : [...always, ...early]) {
      const verdict = rule(trial, { direction: this.plan.direction, table: this.table });
      if (verdict) return verdict;
    }
    return undefined;
  }

  private stop(trial: TrialRecord, verdict: Verdict): void {
    this.decide([{ type: 'stop', trial: trial.number, ...verdict }]);
    this.settle(trial, null);
  }

  private ended(event: SearchEvent & { type: 'finished' | 'failed' }): string | undefined {
    const record = this.table.find(event.trial);
    if (!record) return `'${event.type}' is ignored: there is no trial ${event.trial}`;
    if (isOver(record)) return `'${event.type}' of trial ${event.trial} is ignored: it is ${record.status}`;
    this.table.end(record, event.type, event.type === 'failed' ? event.reason : undefined);
    this.settle(record, null);
    return undefined;
  }

  /** It goes on from what it has reported. */
  private retry(trial: number): string | undefined {
    const record = this.table.find(trial);
    if (record?.status !== 'failed')
      return `'retry' of trial ${trial} is ignored: it is ${record?.status ?? 'not there'}`;
    if (this.plan.schedule.name !== 'full') {
      return `'retry' of trial ${trial} is ignored: ${this.plan.schedule.name} has decided on its failure`;
    }
    this.table.retry(record);
    return undefined;
  }

  private extend(trials: number): string | undefined {
    const refusal = this.refusalOfMore();
    if (refusal !== undefined || !this.scheduler.extend) return `'extend' is ignored: the search ${refusal}`;
    if (trials <= this.trials) return `'extend' to ${trials} trials is ignored: there are ${this.trials}`;
    this.trials = trials;
    this.decide(this.scheduler.extend(trials));
    return undefined;
  }

  private halt({ state, reason }: SearchEvent & { type: 'halt' }): undefined {
    this.decide([{ type: 'halt', state, reason, saw: this.table.howFar() }]);
  }

  /** Tells the scheduler once a rung. */
  private settle(trial: TrialRecord, value: Value): void {
    if (trial.settledRung === trial.rung) return;
    trial.settledRung = trial.rung;
    this.decide(this.scheduler.reached(trial, value));
  }

  private answerRequests(): void {
    while (this.requests > 0) {
      const decision = this.scheduler.requested?.();
      if (!decision) return;
      this.requests -= 1;
      this.decide([decision]);
    }
  }

  private decide(decisions: readonly Decision[]): void {
    for (const decision of decisions) {
      this.table.apply(decision);
      this.decisions.push(decision);
    }
  }
}
