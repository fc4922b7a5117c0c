/**
 * A sweep run again by its stored log, to the same table, whatever the workers, the order of arrival and the clock. A decision
 * is given out when what it saw of its trial is reported again, with the same numbers. One that had been halted, and did not
 * go on, is halted again when each trial is as far as it was: no further one begins, and none goes beyond its last report.
 */
import { PolyakError } from '../../common/errors.js';
import type { Create, Decision, Direction, Halt, LogEntry, SawReport, SearchEvent, Value } from './log.js';
import { repeatedHaltReason } from './repeated-halt.js';
import type { Outcome } from './search.js';
import { isOver, SearchTable, type Report, type TableRow, type TrialRecord } from './search-table.js';

type Seen = Omit<SawReport, 'step'>;
/** Of one trial, or of a round: those that are repeated one after another. */
type Repeated = Exclude<Decision, Halt>;

export class Repetition {
  private readonly table: SearchTable;
  private readonly stored: readonly Repeated[];
  /** The trials as they were at the end of the stored log. */
  private readonly atEnd: SearchTable;
  /** That of the stored log that was in force at its end. */
  private readonly halt: Halt | undefined;
  private readonly lengths = new Map<number, number>();
  /** By trial, then by step. */
  private readonly seen = new Map<number, Map<number, Seen>>();
  /** Trials that are not yet as far as they were when the sweep was halted. */
  private readonly behind = new Set<number>();
  private next = 0;
  /** It has come to where the stored sweep was halted: nothing is left to be done. */
  isHalted = false;

  constructor(direction: Direction, log: readonly LogEntry[]) {
    this.table = new SearchTable(direction);
    this.stored = log.flatMap((entry) =>
      'decision' in entry && entry.decision.type !== 'halt' ? [entry.decision] : [],
    );
    this.halt = haltInForce(log);
    this.atEnd = tableOf(direction, log);
    for (const decision of this.stored) {
      // A trial that was stopped on its way must not be further when it is stopped again.
      if (decision.type === 'stop') this.lengths.set(decision.trial, decision.saw.step);
    }
    if (this.halt) for (const record of this.atEnd.trials) this.boundByHalt(record);
  }

  /** Is all that is stored given out? */
  get isComplete(): boolean {
    return this.isRepeated && (this.halt === undefined || this.isHalted);
  }

  /** False for one that had not begun when the sweep was halted. */
  mayBegin(trial: number): boolean {
    return this.halt === undefined || this.atEnd.find(trial)?.hasBegun === true;
  }

  /** Whether the stored sweep was halted before this trial was over, however far it was. */
  staysOpen(trial: number): boolean {
    const record = this.halt && this.atEnd.find(trial);
    return record !== undefined && !isOver(record);
  }

  /**
   * Errors: `data` where a report is not what the stored sweep saw; `training` where a trial fails that did not fail there, or
   * ends though it went on there.
   */
  take(event: SearchEvent): Outcome {
    if (event.type === 'halt') return { decisions: [{ ...event, saw: this.table.howFar() }] };
    const ignored = this.fold(event);
    if (ignored !== undefined) return { decisions: [], ignored };
    const decisions: Decision[] = [];
    while (!this.isRepeated && this.isSeen(this.stored[this.next]!)) {
      decisions.push(...this.bounded(this.stored[this.next]!));
      this.next += 1;
    }
    if ('trial' in event) this.catchUp(event.trial);
    for (const decision of decisions) if ('trial' in decision) this.catchUp(decision.trial);
    const isThere = this.isRepeated && this.behind.size === 0;
    if (this.halt && isThere && !this.isHalted) decisions.push(this.haltAgain(this.halt));
    return { decisions };
  }

  rows(): TableRow[] {
    return this.table.rows();
  }

  private get isRepeated(): boolean {
    return this.next === this.stored.length;
  }

  private boundByHalt(record: TrialRecord): void {
    if (!record.hasBegun) return;
    this.behind.add(record.number);
    if (!isOver(record)) this.lengths.set(record.number, record.step);
  }

  private fold(event: SearchEvent): string | undefined {
    if (event.type === 'report') return this.report(event);
    if (event.type === 'created') {
      const record = this.table.find(event.trial);
      if (record) this.table.begin(record, event.parameters);
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
    const before = this.atEnd.find(event.trial)?.status;
    const isOtherwise = event.type === 'failed' && before !== 'failed';
    if (!needed && !isOtherwise) return undefined;
    const reason = event.type === 'failed' ? `: ${event.reason}` : '';
    const stored = needed
      ? `the stored sweep went on with it: ${JSON.stringify(needed)}`
      : `it is ${before} in the stored sweep`;
    throw new PolyakError(
      'training',
      `trial ${event.trial} has ${event.type} at step ${record.step}${reason}; ${stored}`,
    );
  }

  private isSeen(decision: Repeated): boolean {
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

  /** Perhaps the trial is now as far as it was when the sweep was halted. */
  private catchUp(trial: number): void {
    const then = this.behind.has(trial) ? this.atEnd.find(trial) : undefined;
    const now = this.table.find(trial);
    if (!then || !now?.hasBegun) return;
    const { step, value, valueStep, loss } = then;
    const last = { step, loss, value: valueStep === step ? value : undefined };
    const isAsFar = isOver(then) ? isOver(now) : step === 0 || this.isReported(trial, last);
    if (isAsFar) this.behind.delete(trial);
  }

  /** However the stored sweep was halted, its repetition has done what it is for, and is stopped. */
  private haltAgain(halt: Halt): Halt {
    this.isHalted = true;
    return { type: 'halt', state: 'stopped', reason: repeatedHaltReason(halt), saw: this.table.howFar() };
  }

  /** Applied to the table, and cut where a trial is stopped on its way. */
  private bounded(decision: Repeated): Repeated[] {
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

  private cutPromotion(decision: Exclude<Repeated, Create>): Repeated {
    return decision.type === 'promote'
      ? { ...decision, untilStep: this.lengthOf(decision.trial, decision.untilStep) }
      : decision;
  }

  private lengthOf(trial: number, untilStep: number): number {
    return Math.min(untilStep, this.lengths.get(trial) ?? untilStep);
  }
}

/** The last one, unless the sweep went on after it. */
function haltInForce(log: readonly LogEntry[]): Halt | undefined {
  let halt: Halt | undefined;
  for (const entry of log) {
    if ('decision' in entry && entry.decision.type === 'halt') halt = entry.decision;
    else if ('event' in entry && entry.event.type === 'resume') halt = undefined;
  }
  return halt;
}

/** What its log comes to: what was reported and what was decided, in its order. */
function tableOf(direction: Direction, log: readonly LogEntry[]): SearchTable {
  const table = new SearchTable(direction);
  for (const entry of log) {
    if ('decision' in entry) table.apply(entry.decision);
    else foldInto(table, entry.event);
  }
  return table;
}

function foldInto(table: SearchTable, event: SearchEvent): void {
  if (event.type === 'report') return void table.report(event);
  const record = 'trial' in event ? table.find(event.trial) : undefined;
  if (!record) return;
  if (event.type === 'created') table.begin(record, event.parameters);
  else if (event.type === 'retry') table.retry(record);
  else if (event.type === 'finished') table.end(record, 'finished');
  else if (event.type === 'failed') table.end(record, 'failed', event.reason);
}

function sawOfRound(create: Create): readonly { trial: number; step: number; value: number }[] {
  return 'best' in create.saw ? create.saw.best : [];
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
