/** What is known of a sweep's trials: a fold over its log. It decides nothing. */
import { AveragesByStep } from './averages-by-step.js';
import { isBetter } from './ranking.js';
import type { Create, Decision, Direction, SawTrials, SearchEvent, Value } from './log.js';

export type TrialStatus =
  /** May go on until its `untilStep`. */
  | 'running'
  /** At its `untilStep`, and may be promoted. */
  | 'paused'
  | 'stopped'
  | 'finished'
  | 'failed';

export interface Evaluation {
  step: number;
  value: number;
  /** Of all values so far. */
  sum: number;
}

export interface TrialRecord {
  number: number;
  bracket: number;
  round: number;
  rung: number;
  untilStep: number;
  status: TrialStatus;
  /** The scheduler has been told of the trial's result at this rung; -1 for none. */
  settledRung: number;
  /** It has got its hyperparameters, for a worker. */
  hasBegun: boolean;
  parameters: Record<string, unknown>;
  /** The newest report. */
  step: number;
  /** The newest value, which is of `valueStep`. */
  value: Value | undefined;
  valueStep: number;
  loss: Value | undefined;
  firstLoss: number | undefined;
  /** Reports with a finite value, by step. */
  evaluations: Evaluation[];
  best: { step: number; value: number } | undefined;
  /** A StopReason, or why the trial failed. */
  reason: string | undefined;
}

/** A line of the sweep's table; equal for two sweeps of which one is promised to repeat the other. */
export type TableRow = Pick<
  TrialRecord,
  'number' | 'bracket' | 'round' | 'rung' | 'status' | 'step' | 'value' | 'reason'
>;

export type Report = SearchEvent & { type: 'report' };

export function isOver({ status }: Pick<TrialRecord, 'status'>): boolean {
  return status !== 'running' && status !== 'paused';
}

export class SearchTable {
  readonly averages = new AveragesByStep();
  private readonly records = new Map<number, TrialRecord>();
  private isRunning = 0;

  constructor(private readonly direction: Direction) {}

  get trials(): IterableIterator<TrialRecord> {
    return this.records.values();
  }

  /** How many trials may go on. */
  get running(): number {
    return this.isRunning;
  }

  find(trial: number): TrialRecord | undefined {
    return this.records.get(trial);
  }

  /** Of a trial that is known to be there. */
  get(trial: number): TrialRecord {
    const record = this.records.get(trial);
    if (!record) throw new RangeError(`no trial ${trial}`);
    return record;
  }

  rows(): TableRow[] {
    return this.inOrder().map(({ number, bracket, round, rung, status, step, value, reason }) => ({
      number,
      bracket,
      round,
      rung,
      status,
      step,
      value,
      reason,
    }));
  }

  private inOrder(): TrialRecord[] {
    return [...this.records.values()].toSorted((left, right) => left.number - right.number);
  }

  /** Why a report does not count; undefined for one that does, which is then recorded. */
  report(event: Report): string | undefined {
    const record = this.records.get(event.trial);
    const refusal = refusalOf(event, record);
    if (refusal !== undefined || !record) return refusal;
    if (event.loss !== undefined) record.loss = finite(event.loss);
    else if (event.step !== record.step) record.loss = undefined;
    record.step = event.step;
    record.firstLoss ??= record.loss ?? undefined;
    if (event.value !== undefined) this.evaluated(record, finite(event.value));
    return undefined;
  }

  begin(record: TrialRecord, parameters: Record<string, unknown>): void {
    record.hasBegun = true;
    record.parameters = parameters;
  }

  apply(decision: Decision): void {
    // It changes the sweep, and no trial.
    if (decision.type === 'halt') return;
    if (decision.type === 'create') return this.create(decision);
    const record = this.get(decision.trial);
    switch (decision.type) {
      case 'pause':
        return this.move(record, 'paused');
      case 'promote':
        record.rung = decision.rung;
        record.untilStep = decision.untilStep;
        return this.move(record, 'running');
      case 'stop':
        return this.end(record, 'stopped', decision.reason);
    }
  }

  end(record: TrialRecord, status: 'stopped' | 'finished' | 'failed', reason?: string): void {
    record.reason = reason;
    this.move(record, status);
  }

  /** Trials begin in the order of their numbers. */
  howFar(): SawTrials {
    const begun = this.inOrder().filter(({ hasBegun }) => hasBegun);
    const open = begun.filter((record) => !isOver(record));
    return {
      begun: begun.length,
      over: begun.length - open.length,
      open: open.map(({ number, step }) => ({ trial: number, step })),
    };
  }

  /** What it has reported stays. */
  retry(record: TrialRecord): void {
    record.reason = undefined;
    record.settledRung = -1;
    this.move(record, 'running');
  }

  private create({ first, count, bracket, untilStep, round = 0 }: Create): void {
    for (let number = first; number < first + count; number += 1) {
      // Written out: objects put together of others take eight times the memory and the time, and all trials are made at once.
      this.records.set(number, {
        number,
        bracket,
        round,
        rung: 0,
        untilStep,
        status: 'running',
        settledRung: -1,
        hasBegun: false,
        parameters: {},
        step: 0,
        value: undefined,
        valueStep: -1,
        loss: undefined,
        firstLoss: undefined,
        evaluations: [],
        best: undefined,
        reason: undefined,
      });
    }
    this.isRunning += count;
  }

  private move(record: TrialRecord, status: TrialStatus): void {
    this.isRunning += Number(status === 'running') - Number(record.status === 'running');
    record.status = status;
  }

  private evaluated(record: TrialRecord, value: Value): void {
    const { step, evaluations, best } = record;
    record.value = value;
    record.valueStep = step;
    if (value === null) return;
    const sum = (evaluations.at(-1)?.sum ?? 0) + value;
    evaluations.push({ step, value, sum });
    this.averages.add(step, sum / evaluations.length);
    if (!best || isBetter(value, best.value, this.direction)) record.best = { step, value };
  }
}

/** The validation that ends an epoch may come after the report of its last step. */
function refusalOf({ trial, step, value }: Report, record: TrialRecord | undefined): string | undefined {
  const what = `the report of trial ${trial} at step ${step} is ignored`;
  if (!record) return `${what}: there is no such trial`;
  if (isOver(record)) return `${what}: the trial is ${record.status} since step ${record.step}`;
  const addsValue = step === record.step && value !== undefined && record.valueStep !== step;
  if (step <= record.step && !addsValue) return `${what}: step ${record.step} was reported before`;
  if (step > record.untilStep) return `${what}: the trial is not to go beyond step ${record.untilStep}`;
  return undefined;
}

function finite(value: Value): Value {
  return value !== null && Number.isFinite(value) ? value : null;
}
