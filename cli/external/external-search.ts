/**
 * A search whose trials this program runs by itself ("ask and tell"): the coordinator draws, judges, stops and keeps them.
 * Any number of processes may run trials of one search; none of them decides anything.
 */
import { randomBytes } from 'node:crypto';
import type { PolyakError } from '../../common/errors.js';
import type { TlsFiles } from '../../common/tls/tls-files.js';
import { withResolvers } from '../../common/with-resolvers.js';
import type { SweepSnapshot } from '../../coordinator/sweep/sweep-snapshot.js';
import { SweepFollower } from '../sweep/sweep-follower.js';
import { ExternalTrial, type TrialHands } from './external-trial.js';
import { WorkStream } from './work-stream.js';

export interface TrialsOptions {
  /**
   * Trials that are in your hands at once: so many are asked for, and the loop goes on when one of them is over. A loop that
   * waits for each trial's end within its body needs no more than 1, which it is without it.
   */
  parallel?: number;
  /** Aborted: the loop ends, and what you have is yours to end. */
  signal?: AbortSignal;
  /** How long the coordinator may be out of reach; a minute without it. */
  patienceMs?: number;
}

/** As it stands: its state, how many trials there are of each, the best, and what was spent. */
export type SearchStatus = Pick<
  SweepSnapshot,
  | 'key'
  | 'name'
  | 'state'
  | 'reason'
  | 'metric'
  | 'direction'
  | 'counts'
  | 'trials'
  | 'best'
  | 'spent'
  | 'reproducibility'
>;

const patienceMsDefault = 60_000;

export class ExternalSearch<Parameters extends object = Record<string, unknown>> {
  /** Use `Cluster.search`. */
  constructor(
    private readonly address: string,
    /** By which other processes join: `cluster.search(key)`. */
    readonly key: string,
    private readonly patienceMs: number,
    private readonly tls: TlsFiles | undefined,
  ) {}

  /**
   * Its trials, as long as there are any. The next is asked for when one is being ended, so that a loop in which one runs at
   * a time waits little and holds none in store. Every trial must be ended, by `finish` or `fail`, or by its signal. When a
   * loop is left, its open trials may still be reported of and ended. Errors: ClusterUnreachable.
   */
  async *trials(options: TrialsOptions = {}): AsyncGenerator<ExternalTrial<Parameters>, void, undefined> {
    const { parallel = 1, signal, patienceMs = patienceMsDefault } = options;
    const hands = new Hands<Parameters>(this.address, Buffer.from(this.key, 'hex'), patienceMs, this.tls);
    const leave = () => hands.leave();
    signal?.addEventListener('abort', leave);
    try {
      if (signal?.aborted) return;
      for (;;) {
        const trial = await hands.next(parallel);
        if (!trial) return;
        yield trial;
      }
    } finally {
      signal?.removeEventListener('abort', leave);
      hands.leave();
    }
  }

  /** Errors: ClusterUnreachable. */
  async status(): Promise<SearchStatus> {
    return await this.following(async (follower, signal) => await follower.snapshot(signal));
  }

  /** No trial is given out until `resume`; those that run are told to stop, and are given out again then. */
  async pause(): Promise<void> {
    await this.following(async (follower, signal) => await follower.change({ action: 'PAUSE' }, signal));
  }

  async resume(): Promise<void> {
    await this.following(async (follower, signal) => await follower.change({ action: 'RESUME' }, signal));
  }

  /** As `pause`, and loops over its trials end. */
  async stop(): Promise<void> {
    await this.following(async (follower, signal) => await follower.change({ action: 'STOP' }, signal));
  }

  private async following<Result>(
    use: (follower: SweepFollower, signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const follower = new SweepFollower(this.address, Buffer.from(this.key, 'hex'), this.patienceMs, this.tls);
    try {
      return await use(follower, new AbortController().signal);
    } finally {
      follower.close();
    }
  }
}

/** The trials of one loop. */
class Hands<Parameters extends object> implements TrialHands {
  private readonly open = new Map<number, ExternalTrial<Parameters>>();
  private readonly come: ExternalTrial<Parameters>[] = [];
  private readonly stream: WorkStream;
  private asked = 0;
  /** Trials that the loop has at once, as it said last. */
  private parallel = 0;
  /** Open ones that are being ended. */
  private readonly leaving = new Set<number>();
  private isOver = false;
  private hasLeft = false;
  private failure: PolyakError | undefined;
  private change = withResolvers<void>();

  constructor(address: string, sweepKey: Buffer, patienceMs: number, tls: TlsFiles | undefined) {
    this.stream = new WorkStream({
      ...{ address, sweepKey, patienceMs, tls, client: `${process.pid}-${randomBytes(6).toString('hex')}` },
      held: () => [...this.open.values()].map(({ number: trial, attempt }) => ({ trial, attempt })),
      wanted: () => this.asked,
      onTrial: (given) => {
        this.asked = Math.max(0, this.asked - 1);
        // Nobody waits for it any more.
        if (this.hasLeft) return this.stream.reopen();
        const trial = new ExternalTrial<Parameters>(given, this.stream, this);
        this.open.set(trial.number, trial);
        this.come.push(trial);
        this.wake();
      },
      onStop: (stop) => {
        const trial = this.open.get(stop.trial);
        if (trial?.attempt === stop.attempt) trial.told(stop);
      },
      onOver: () => {
        this.isOver = true;
        this.wake();
      },
      onFailure: (error) => {
        this.failure = error;
        this.wake();
      },
    });
  }

  /** Undefined when there are no more, or the loop is left. Errors: ClusterUnreachable. */
  async next(parallel: number): Promise<ExternalTrial<Parameters> | undefined> {
    for (;;) {
      if (this.failure) throw this.failure;
      if (this.hasLeft || this.isOver) return undefined;
      // Also where one is there already: whoever runs several at once waits for none of them.
      this.parallel = parallel;
      this.askForMore();
      const trial = this.come.shift();
      if (trial) return trial;
      await this.change.promise;
    }
  }

  leave(): void {
    this.hasLeft = true;
    this.asked = 0;
    this.wake();
    // Those that came and were not taken are given to others.
    const untaken = this.come.splice(0);
    for (const trial of untaken) this.open.delete(trial.number);
    if (this.open.size === 0) this.stream.close();
    else if (untaken.length > 0) this.stream.reopen();
  }

  /** The next is on its way while the end of this one is being kept. */
  ending(trial: number): void {
    this.leaving.add(trial);
    if (!this.hasLeft && !this.isOver) this.askForMore();
  }

  ended(trial: number, attempt: string): void {
    if (this.open.get(trial)?.attempt === attempt) this.open.delete(trial);
    this.leaving.delete(trial);
    this.wake();
    if (this.hasLeft && this.open.size === 0) this.stream.close();
  }

  private askForMore(): void {
    const more = this.parallel + this.leaving.size - this.open.size - this.asked;
    if (more <= 0) return;
    this.asked += more;
    this.stream.ask(more);
  }

  private wake(): void {
    this.change.resolve();
    this.change = withResolvers<void>();
  }
}
