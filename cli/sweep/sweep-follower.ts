/** A sweep seen through its coordinator, which may go away and come back: submit, change, follow to the end, list trials. */
import { PolyakError } from '../../common/errors.js';
import { coordinatorClient, unary } from '../../common/rpc.js';
import type { TlsFiles } from '../../common/tls/tls-files.js';
import type { Create } from '../../coordinator/search/log.js';
import type { SweepLine } from '../../coordinator/sweep/log-line.js';
import type { ReportRow, RunRow } from '../../coordinator/store/rows.js';
import type { SweepSnapshot } from '../../coordinator/sweep/sweep-snapshot.js';
import type { CoordinatorClient } from '../../proto/gen/polyak/v1/Coordinator.js';
import type { ListTrialsReply__Output } from '../../proto/gen/polyak/v1/ListTrialsReply.js';
import type { StatusReply__Output } from '../../proto/gen/polyak/v1/StatusReply.js';
import { insist } from '../follow-run.js';
import { followStream } from '../follow-stream.js';

export interface SweepSubmission {
  name: string;
  /** JSON. */
  experiment: string;
  folder: string;
  directory: string;
  shards: number;
  list: string;
  settings: string;
  replayOf: Buffer;
  external?: boolean;
}

export type SweepAction = 'PAUSE' | 'RESUME' | 'STOP' | 'SET' | 'RETRY';

export interface SweepChange {
  action: SweepAction;
  /** Of SET: by name; null takes one away. */
  settings?: Record<string, unknown>;
  /** Of RETRY. */
  trial?: number;
}

/** A run of a trial: its only one, or that of a fold or repetition. */
export interface TrialRun {
  run: RunRow;
  /** In the order in which they came. */
  reports: ReportRow[];
}

/** A decision that trials are to begin, as far as its entry in the log says the same in steps and in epochs. */
export type CreatedTrials = Pick<Create, 'first' | 'count' | 'round' | 'space' | 'explanation'>;

const ends = new Set(['sweep-finished', 'sweep-stopped', 'sweep-failed']);

export class SweepFollower {
  private readonly client: CoordinatorClient;
  private readonly peer: string;

  /** `patienceMs` is how long the coordinator may be out of reach. The connection is plain without `tls`. */
  constructor(
    coordinator: string,
    private readonly sweepKey: Buffer,
    private readonly patienceMs: number,
    tls?: TlsFiles,
  ) {
    this.client = coordinatorClient(coordinator, tls);
    this.peer = `coordinator ${coordinator}`;
  }

  async submit(submission: SweepSubmission, signal: AbortSignal): Promise<void> {
    const { sweepKey } = this;
    await insist(this.patienceMs, signal, (deadline) =>
      unary(this.peer, (callback) => this.client.submitSweep({ ...submission, sweepKey }, { deadline }, callback)),
    );
  }

  async change({ action, settings = {}, trial = 0 }: SweepChange, signal: AbortSignal): Promise<SweepSnapshot> {
    const request = { sweepKey: this.sweepKey, action, settings: JSON.stringify(settings), trial };
    const reply = await insist(this.patienceMs, signal, (deadline) =>
      unary<{ sweep: string }>(this.peer, (callback) => this.client.changeSweep(request, { deadline }, callback)),
    );
    return JSON.parse(reply.sweep) as SweepSnapshot;
  }

  /** Errors: `usage` where the coordinator does not know it. */
  async snapshot(signal: AbortSignal): Promise<SweepSnapshot> {
    const { sweepKey } = this;
    const { sweeps } = await insist(this.patienceMs, signal, (deadline) =>
      unary<StatusReply__Output>(this.peer, (callback) => this.client.status({ sweepKey }, { deadline }, callback)),
    );
    const key = sweepKey.toString('hex');
    const found = sweeps.map((text) => JSON.parse(text) as SweepSnapshot).find((sweep) => sweep.key === key);
    if (!found) throw new PolyakError('usage', `${this.peer} knows no sweep ${key}`);
    return found;
  }

  async list(
    request: { sort: string; descending: boolean; status: string[]; offset: number; limit: number },
    signal: AbortSignal,
  ): Promise<ListTrialsReply__Output> {
    const { sweepKey } = this;
    return await insist(this.patienceMs, signal, (deadline) =>
      unary<ListTrialsReply__Output>(this.peer, (callback) =>
        this.client.listTrials({ ...request, sweepKey }, { deadline }, callback),
      ),
    );
  }

  /** The runs of a trial, and what was reported of each. Errors: `usage` for one that has not begun. */
  async trialRuns(trial: number, signal: AbortSignal): Promise<TrialRun[]> {
    const { sweepKey, peer, patienceMs } = this;
    let runs: TrialRun[] = [];
    return await followStream({
      ...{ peer, patienceMs, signal },
      open: () => {
        runs = [];
        return this.client.readTrial({ sweepKey, trial });
      },
      receive: (body) => {
        const line = JSON.parse(body) as { run: RunRow } | { report: ReportRow } | { end: true };
        if ('run' in line) runs.push({ run: line.run, reports: [] });
        else if ('report' in line) runs.at(-1)?.reports.push(line.report);
        else return runs;
        return undefined;
      },
    });
  }

  /** Every entry of its log from `from` on once, with what may be lost between them, until the last, which is the answer. */
  async follow(onLine: (line: SweepLine) => void, signal: AbortSignal, from = 0): Promise<SweepLine> {
    const { sweepKey, peer, patienceMs } = this;
    let position = from;
    return await followStream({
      ...{ peer, patienceMs, signal },
      open: () => this.client.watchSweep({ sweepKey, from: position }),
      receive: (body) => {
        const line = JSON.parse(body) as SweepLine;
        if (line.sequence !== undefined) position = line.sequence + 1;
        onLine(line);
        return ends.has(line.event) ? line : undefined;
      },
    });
  }

  /** Those of its log that created the first `begun` trials; without a number all, of a sweep that has ended. */
  async creates(begun: number | undefined, signal: AbortSignal): Promise<CreatedTrials[]> {
    const found: CreatedTrials[] = [];
    if (begun === 0) return found;
    const whole = new AbortController();
    let seen = 0;
    const take = (line: SweepLine) => {
      if (whole.signal.aborted) return;
      if (line.event === 'create') found.push(line as unknown as CreatedTrials);
      if (line.event === 'created') seen += 1;
      // What goes on has no last entry to wait for.
      if (begun !== undefined && seen >= begun) whole.abort();
    };
    try {
      await this.follow(take, AbortSignal.any([signal, whole.signal]));
    } catch (error) {
      if (!whole.signal.aborted || signal.aborted) throw error;
    }
    return found;
  }

  close(): void {
    this.client.close();
  }
}
