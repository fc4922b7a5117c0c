/**
 * A sweep run again by stored decisions, to the same table, whatever the workers and the order of arrival. A decision is
 * given out when what it saw of its trial is reported again, with the same numbers.
 */
import { PolyakError } from '../../common/errors.js';
import type { Create, Decision, Direction, SawReport, SearchEvent, Value } from './log.js';
import type { Outcome } from './search.js';
import { isOver, SearchTable, type Report, type TableRow } from './search-table.js';

type Seen = Omit<SawReport, 'step'>;

export class Repetition {
  private readonly table: SearchTable;
  private readonly lengths = new Map<number, number>();
  /** By trial, then by step. */
  private readonly seen = new Map<number, Map<number, Seen>>();
  private next = 0;

  /** `stored`: the decisions of a log, in their order. */
  constructor(
    direction: Direction,
    private readonly stored: readonly Decision[],
  ) {
    this.table = new SearchTable(direction);
    for (const decision of stored) {
      // A trial that was stopped on its way must not be further when it is stopped again.
      if (decision.type === 'stop') this.lengths.set(decision.trial, decision.saw.step);
    }
  }

  /** Are all stored decisions given out? */
  get isComplete(): boolean {
    return this.next === this.stored.length;
  }

  /** Errors: `data` where a report is not what the stored decision saw; `training` where a trial fails that it needs. */
  take(event: SearchEvent): Outcome {
    const ignored = this.fold(event);
    if (ignored !== undefined) return { decisions: [], ignored };
    const decisions: Decision[] = [];
    while (!this.isComplete && this.isSeen(this.stored[this.next]!)) {
      decisions.push(...this.bounded(this.stored[this.next]!));
      this.next += 1;
    }
    return { decisions };
  }

  rows(): TableRow[] {
    return this.table.rows();
  }

  private fold(event: SearchEvent): string | undefined {
    if (event.type === 'report') return this.report(event);
    if (event.type === 'created') {
      const record = this.table.find(event.trial);
      if (record) record.parameters = event.parameters;
    }
    if (event.type === 'finished' || event.type === 'failed') return this.ended(event);
    return undefined;
  }

  private report(event: Report): string | undefined {
    const refusal = this.table.report(event);
    if (refusal !== undefined) return refusal;
    const { step, value, valueStep, loss } = this.table.get(event.trial);
    const reports = this.seen.get(event.trial) ?? new Map<number, Seen>();
    this.seen.set(event.trial, reports.set(step, { value: valueStep === step ? value : undefined, loss }));
    return undefined;
  }

  private ended(event: SearchEvent & { type: 'finished' | 'failed' }): string | undefined {
    const record = this.table.find(event.trial);
    if (!record) return `'${event.type}' is ignored: there is no trial ${event.trial}`;
    if (isOver(record)) return `'${event.type}' of trial ${event.trial} is ignored: it is ${record.status}`;
    const needed = this.stored.slice(this.next).find((each) => 'trial' in each && each.trial === event.trial);
    // Its last report stopped it; that decision waits for those before it.
    if (needed?.type === 'stop' && needed.saw.step === record.step) return undefined;
    this.table.end(record, event.type, event.type === 'failed' ? event.reason : undefined);
    if (!needed) return undefined;
    const reason = event.type === 'failed' ? `: ${event.reason}` : '';
    throw new PolyakError(
      'training',
      `trial ${event.trial} has ${event.type} at step ${record.step}${reason}; the stored sweep went on with it: ${JSON.stringify(needed)}`,
    );
  }

  private isSeen(decision: Decision): boolean {
    if (decision.type === 'create') {
      return sawOfRound(decision).every(({ trial, ...saw }) => this.isReported(trial, saw));
    }
    return this.isReported(decision.trial, decision.saw);
  }

  private isReported(trial: number, saw: SawReport): boolean {
    const seen = this.seen.get(trial)?.get(saw.step);
    if (!seen || (saw.value !== undefined && seen.value === undefined)) return false;
    for (const key of ['value', 'loss'] as const) check(trial, saw, key, seen[key]);
    return true;
  }

  /** Applied to the table, and cut where a trial is stopped on its way. */
  private bounded(decision: Decision): Decision[] {
    const bounded = decision.type === 'create' ? this.cut(decision) : [this.cutPromotion(decision)];
    for (const each of bounded) this.table.apply(each);
    return bounded;
  }

  /** In runs of trials that are equally long. */
  private cut(create: Create): Create[] {
    const cuts: Create[] = [];
    for (let first = create.first; first < create.first + create.count; first += 1) {
      const untilStep = this.lengthOf(first, create.untilStep);
      const last = cuts.at(-1);
      if (last?.untilStep === untilStep) last.count += 1;
      else cuts.push({ ...create, first, count: 1, untilStep });
    }
    return cuts;
  }

  private cutPromotion(decision: Exclude<Decision, Create>): Decision {
    return decision.type === 'promote'
      ? { ...decision, untilStep: this.lengthOf(decision.trial, decision.untilStep) }
      : decision;
  }

  private lengthOf(trial: number, untilStep: number): number {
    return Math.min(untilStep, this.lengths.get(trial) ?? untilStep);
  }
}

function sawOfRound({ saw }: Create): readonly { trial: number; step: number; value: number }[] {
  return 'best' in saw ? saw.best : [];
}

function check(trial: number, saw: SawReport, key: 'value' | 'loss', now: Value | undefined): void {
  const stored = saw[key];
  if (stored === undefined || stored === now) return;
  const both = `the stored sweep saw ${key} ${stored}, and now it is ${now ?? 'not reported'}`;
  throw new PolyakError(
    'data',
    `trial ${trial}, step ${saw.step}: ${both}; the experiment, the data or the arithmetic is another one`,
  );
}
