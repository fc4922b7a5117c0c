/** A trial of an external search in the hands of the process that runs it. */
import { TrialFenced, TrialStopped } from '../../common/error-classes.js';
import { PolyakError } from '../../common/errors.js';
import type { EpochTold } from '../../proto/gen/polyak/v1/EpochTold.js';
import type { HeldTrial } from '../../proto/gen/polyak/v1/HeldTrial.js';
import type { WorkAck__Output } from '../../proto/gen/polyak/v1/WorkAck.js';
import type { WorkEnd } from '../../proto/gen/polyak/v1/WorkEnd.js';
import type { WorkTrial__Output } from '../../proto/gen/polyak/v1/WorkTrial.js';
import type { WorkStream } from './work-stream.js';

type Verdict = Pick<WorkAck__Output, 'verdict' | 'reason'>;

export interface EpochReport {
  /** From 1; epochs between may be left out. */
  epoch: number;
  /** Of the objective's metric; left out where it was not evaluated. At `untilEpoch` it must be there. */
  value?: number;
  /** Of training; one that is not finite, or far beyond the first, stops the trial. */
  loss?: number;
}

/** Whoever has the trial. */
export interface TrialHands {
  /** It is being ended: another may be asked for. */
  ending: (trial: number) => void;
  ended: (trial: number, attempt: string) => void;
}

const whys = { OVER: 'stopped', PAUSED: 'paused', HALTED: 'halted' } as const;

export class ExternalTrial<Parameters extends object = Record<string, unknown>> {
  /** From 0. What it tries is a function of the search's seed and of this alone. */
  readonly number: number;
  /** Values by the names of `search.space`. */
  readonly parameters: Parameters;
  /**
   * The last epoch that was reported of it, by whoever had it before; 0 of a new one. It may go on from there, where you
   * have kept a checkpoint, or begin again: what is reported again changes nothing.
   */
  readonly epoch: number;
  /** The epoch that it may go on to now. */
  readonly untilEpoch: number;
  /** @internal */
  readonly attempt: string;
  private readonly ending = new AbortController();
  private isOver = false;

  /** @internal */
  constructor(
    { trial, attempt, parameters, epoch, untilEpoch }: WorkTrial__Output,
    private readonly stream: Pick<WorkStream, 'say'>,
    private readonly hands: TrialHands,
  ) {
    this.number = trial;
    this.attempt = attempt;
    this.parameters = JSON.parse(parameters) as Parameters;
    this.epoch = epoch;
    this.untilEpoch = untilEpoch;
  }

  /** Aborted when the trial is not to go on; its reason is a TrialStopped or a TrialFenced. */
  get signal(): AbortSignal {
    return this.ending.signal;
  }

  /**
   * Resolves when the report is on disk, with whether the trial goes on. The same epoch again changes nothing. Errors:
   * TrialFenced; UsageError for an epoch that it may not go to, or without a value where trials are compared;
   * ClusterUnreachable.
   */
  async report({ epoch, value, loss }: EpochReport): Promise<boolean> {
    if (this.isOver) return this.refuseFenced();
    const { number: trial, attempt } = this;
    this.told(await this.stream.say({ report: { trial, attempt, ...toldOf({ epoch, value, loss }) } }));
    return this.isOver ? this.refuseFenced() : true;
  }

  /**
   * It has ended as it should, after `last`, its last report, if that has not been made; resolves when both are on disk. One
   * that has been stopped or paused has ended already, and nothing happens; nor does it end where `last` stops or pauses it.
   * A loop over trials asks for the next one now. Errors: TrialFenced, ClusterUnreachable; of `last`, as `report`.
   */
  async finish(last?: EpochReport): Promise<void> {
    await this.end(last ? { last: toldOf(last) } : {});
  }

  /**
   * It cannot be run. With `retry` it is tried again, as often as `search.retries` allows, for what may pass: a machine that
   * was away, say. Errors: TrialFenced, ClusterUnreachable.
   */
  async fail(reason: unknown, { retry = false }: { retry?: boolean } = {}): Promise<void> {
    await this.end({ failure: reason instanceof Error ? reason.message : String(reason), mayPass: retry });
  }

  /** @internal What the coordinator says of it. */
  told({ verdict, reason }: Verdict): void {
    if (verdict === 'REFUSED') throw new PolyakError('usage', reason);
    if (verdict === 'GO_ON' || this.isOver) return;
    this.over();
    const why = verdict === 'FENCED' ? 'fenced' : whys[verdict];
    const message = `trial ${this.number}: ${reason || 'is over'}`;
    this.ending.abort(why === 'fenced' ? new TrialFenced('fenced', message) : new TrialStopped(message, why));
  }

  private async end(end: Omit<WorkEnd, keyof HeldTrial>): Promise<void> {
    if (this.isOver) return void this.refuseFenced();
    const { number: trial, attempt } = this;
    const said = this.stream.say({ end: { trial, attempt, ...end } });
    this.hands.ending(trial);
    const { verdict, reason } = await said;
    if (verdict === 'FENCED' || verdict === 'REFUSED') {
      this.told({ verdict, reason });
      this.refuseFenced();
    }
    if (!this.isOver) this.over();
  }

  private over(): void {
    this.isOver = true;
    this.hands.ended(this.number, this.attempt);
  }

  private refuseFenced(): false {
    if (this.signal.reason instanceof TrialFenced) throw this.signal.reason;
    return false;
  }
}

function toldOf({ epoch, value, loss }: EpochReport): EpochTold {
  return { epoch, ...(value === undefined ? {} : { value }), ...(loss === undefined ? {} : { loss }) };
}
