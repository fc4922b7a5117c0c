/**
 * Who runs the trials of external sweeps: it gives them to clients that ask, takes what these report, and takes trials back
 * from those that are gone. The sweep decides; what it decides is on disk before anybody is told. A trial that is given has a
 * token of its own each time: whoever comes with another one changes nothing.
 */
import { PolyakError } from '../../common/errors.js';
import { randomKey } from '../../common/random-key.js';
import type { EpochTold__Output } from '../../proto/gen/polyak/v1/EpochTold.js';
import type { WorkEnd__Output } from '../../proto/gen/polyak/v1/WorkEnd.js';
import type { WorkOpen__Output } from '../../proto/gen/polyak/v1/WorkOpen.js';
import type { WorkReport__Output } from '../../proto/gen/polyak/v1/WorkReport.js';
import type { CoordinatorMetrics } from '../coordinator-metrics.js';
import type { Ledger } from '../ledger.js';
import { isOver } from '../run-state.js';
import type { Runs } from '../runs.js';
import type { Change, RunRow, TrialRow } from '../store/rows.js';
import type { StoreReader } from '../store/store.js';
import { startRun } from '../sweep/start-run.js';
import type { Sweep } from '../sweep/sweep.js';
import { isTrialOver } from '../sweep/trial-book.js';
import type { Sweeps } from '../sweep/sweeps.js';
import { tokenChange, tokenOf } from './attempt-token.js';
import type { WorkClient } from './work-client.js';

/** A client that says nothing for so long is gone. */
const silenceMsMax = 10_000;
/** One whose stream has broken may open another for so long; after a start of the coordinator it is `silenceMsMax`. */
const returnMsMax = 2000;

/** A trial as it was given out last, and has not ended. */
interface Attempt {
  run: RunRow;
  token: string;
  holder: WorkClient | undefined;
  /** When it is given to another, where it has no holder. */
  dueAt: number;
  /** Since when its time has not been counted. */
  since: number;
  /** For so long before that, under the coordinator before, it is not counted either, unless its client comes back with it. */
  awaySeconds: number;
}

/** An external sweep's clients and what they have. */
interface Work {
  sweep: Sweep;
  clients: Map<string, WorkClient>;
  /** Those that wait for a trial, who has waited longest first. */
  waiting: Set<WorkClient>;
  /** By trial. */
  attempts: Map<number, Attempt>;
  /** Of attempts, that nobody has counted yet. */
  computeSeconds: number;
}

export interface ExternalWorkParts {
  store: StoreReader;
  runs: Runs;
  sweeps: Sweeps;
  ledger: Ledger;
}

export interface Answer {
  verdict: 'GO_ON' | 'OVER' | 'PAUSED' | 'HALTED' | 'FENCED' | 'REFUSED';
  reason: string;
}

type Named = Pick<WorkReport__Output, 'trial' | 'attempt'>;

export class ExternalWork {
  metrics: CoordinatorMetrics | undefined;
  private readonly bySweep = new Map<string, Work>();

  constructor(private readonly parts: ExternalWorkParts) {}

  /** Clients of the coordinator before may come back with what they have. */
  async restore(): Promise<void> {
    for (const sweep of this.parts.sweeps.all()) {
      if (!sweep.isExternal) continue;
      const work = this.of(sweep);
      for (const run of this.parts.runs.ofSweep(sweep.key)) {
        if (run.state !== 'running') continue;
        const token = tokenOf(await this.parts.store.reports(run.key)) ?? '';
        const dueAt = Date.now() + silenceMsMax;
        const { awaySeconds } = sweep.spending;
        work.attempts.set(run.trial, { run, token, holder: undefined, dueAt, since: performance.now(), awaySeconds });
      }
    }
  }

  // ---- what clients say ----

  /** Errors: `usage` for a sweep that is not there or not external, `exhausted`. */
  async open(client: WorkClient, { sweepKey, held, trials }: WorkOpen__Output): Promise<Sweep> {
    const sweep = await this.parts.sweeps.get(sweepKey.toString('hex'));
    if (!sweep.isExternal) {
      const message = `work: the trials of sweep ${sweep.row.name} are trained on the cluster; only an external sweep gives them out`;
      throw new PolyakError('usage', message);
    }
    const work = this.of(sweep);
    const before = work.clients.get(client.id);
    work.clients.set(client.id, client);
    client.send({ opened: { epochs: sweep.plan.search.untilStep } });
    for (const named of held) {
      const attempt = this.current(work, named);
      if (attempt) {
        this.hold(attempt, client);
        if (attempt.awaySeconds > 0) sweep.spending.workedOn();
        attempt.since -= attempt.awaySeconds * 1000;
        attempt.awaySeconds = 0;
      } else void this.tellOfOld(client, sweep, named);
    }
    // What it was given on its way and never got.
    if (before) this.leave(sweep, before, 0);
    this.ask(sweep, client, trials);
    return sweep;
  }

  /** Errors: `exhausted`. */
  ask(sweep: Sweep, client: WorkClient, trials: number): void {
    client.ask(trials);
    if (client.wanted > 0) this.of(sweep).waiting.add(client);
    this.offer(sweep);
  }

  async report(sweep: Sweep, said: WorkReport__Output): Promise<Answer> {
    const attempt = this.current(this.of(sweep), said);
    if (!attempt) return await this.answerToOld(sweep, said, said.epoch);
    const { run } = attempt;
    const refusal = refusalOf(sweep, run, said);
    if (refusal !== undefined) return { verdict: 'REFUSED', reason: refusal };
    return await this.handle(sweep, attempt, () => this.told(sweep, run, said));
  }

  /** With its last report, if it comes with one; what that decides goes before. */
  async end(sweep: Sweep, said: WorkEnd__Output): Promise<Answer> {
    const { last } = said;
    const attempt = this.current(this.of(sweep), said);
    if (!attempt) return await this.answerToOld(sweep, said, last?.epoch);
    const { run } = attempt;
    const refusal = last ? refusalOf(sweep, run, last) : undefined;
    if (refusal !== undefined) return { verdict: 'REFUSED', reason: refusal };
    return await this.handle(sweep, attempt, () => {
      const changes = last ? this.told(sweep, run, last) : [];
      return run.state === 'running' ? [...changes, ...this.ended(sweep, run, said)] : changes;
    });
  }

  private told(sweep: Sweep, run: RunRow, { epoch, value, loss }: EpochTold__Output): Change[] {
    const report = {
      ...(value === undefined ? {} : { value: finite(value) }),
      ...(loss === undefined ? {} : { loss: finite(loss) }),
    };
    this.metrics?.reports.inc({ kind: 'EPOCH' });
    const changes = sweep.told(run, epoch, report);
    const kept = { run: run.key, kind: 'EPOCH' as const, step: epoch, body: bodyOf(sweep, epoch, report) };
    return changes.length === 0 ? [] : [{ table: 'reports', row: kept }, ...changes];
  }

  private ended(sweep: Sweep, run: RunRow, { failure, mayPass }: WorkEnd__Output): Change[] {
    this.metrics?.reports.inc({ kind: 'END' });
    this.metrics?.runsEnded.inc({ end: failure === undefined ? 'finished' : 'failed' });
    const epoch = sweep.epochOf(run);
    const event = failure === undefined ? 'finished' : 'failed';
    const facts = { epoch, code: mayPass ? 'internal' : 'training', message: failure ?? '' };
    const body = JSON.stringify(failure === undefined ? { event, epoch } : { event, ...facts });
    const kept = { run: run.key, kind: 'END' as const, step: epoch, body };
    return [{ table: 'reports', row: kept }, ...sweep.ended(run, event, facts)];
  }

  /** Its trials are given to others after `ms`, unless it comes back. */
  leave(sweep: Sweep, client: WorkClient, ms = returnMsMax): void {
    const work = this.of(sweep);
    client.close();
    work.waiting.delete(client);
    if (work.clients.get(client.id) === client) work.clients.delete(client.id);
    for (const attempt of work.attempts.values()) {
      if (attempt.holder === client) Object.assign(attempt, { holder: undefined, dueAt: Date.now() + ms });
    }
    if (ms === 0) this.takeBack(work);
  }

  // ---- what happens otherwise ----

  /** Once a second. */
  beat(): void {
    const now = Date.now();
    for (const work of this.bySweep.values()) {
      for (const client of work.clients.values()) {
        if (now - client.lastHeardAt > silenceMsMax) this.leave(work.sweep, client, 0);
        else client.send({ beat: {} });
      }
      this.takeBack(work);
      this.settle(work.sweep);
      if (work.sweep.state === 'finished' && !this.isAttended(work.sweep.key)) this.bySweep.delete(work.sweep.key);
    }
  }

  /** Whether a client of the sweep is there, or may come back with a trial of it. */
  isAttended(sweep: string): boolean {
    const work = this.bySweep.get(sweep);
    return work !== undefined && work.clients.size + work.attempts.size > 0;
  }

  /** The sweep has changed: what is to stop stops, and who waits is given what there is. */
  settle(sweep: Sweep): void {
    const work = this.of(sweep);
    for (const run of this.parts.runs.stopping()) {
      if (run.sweep !== sweep.key) continue;
      const attempt = work.attempts.get(run.trial);
      const row = sweep.trialOf(run.trial);
      const committed = this.parts.ledger.commit(sweep.ended(run, 'stopped', { epoch: 0, code: '', message: '' }));
      if (!attempt) continue;
      this.forget(work, attempt);
      const { token, holder } = attempt;
      const stop = { trial: run.trial, attempt: token, ...answerOf(sweep, run, row) };
      afterwards(committed, () => holder?.send({ stop }));
    }
    this.offer(sweep);
  }

  /** Seconds that clients had trials of the sweep, since it was asked last. */
  takeComputeSeconds(key: string): number {
    const work = this.bySweep.get(key);
    if (!work) return 0;
    for (const attempt of work.attempts.values()) account(work, attempt);
    const seconds = work.computeSeconds;
    work.computeSeconds = 0;
    return seconds;
  }

  close(): void {
    for (const { clients } of this.bySweep.values()) for (const client of clients.values()) client.close();
  }

  // ---- giving and taking back ----

  private offer(sweep: Sweep): void {
    const work = this.of(sweep);
    if (sweep.state !== 'running' && sweep.state !== 'paused') return this.tellOver(work);
    if (sweep.state !== 'running') return;
    const most = sweep.settings.parallel ?? Number.POSITIVE_INFINITY;
    for (const client of work.waiting) {
      if (work.attempts.size >= most) return;
      const { run, changes, waitedSeconds } = startRun(sweep);
      if (!run) {
        this.parts.ledger.commitSoon(changes);
        return this.isEnded(sweep) ? this.tellOver(work) : undefined;
      }
      this.metrics?.assignmentWait.observe({ of: 'trial' }, waitedSeconds);
      this.give(work, client, run, changes);
      // Who wants more goes behind the others.
      work.waiting.delete(client);
      if (client.wanted > 0) work.waiting.add(client);
    }
  }

  private give(work: Work, client: WorkClient, run: RunRow, changes: readonly Change[]): void {
    const { sweep } = work;
    const token = randomKey();
    const attempt = { run, token, holder: undefined, dueAt: 0, since: performance.now(), awaySeconds: 0 };
    work.attempts.set(run.trial, attempt);
    this.hold(attempt, client);
    client.wanted -= 1;
    const row = sweep.trialOf(run.trial);
    const trial = {
      ...{ trial: run.trial, attempt: token, parameters: JSON.stringify(row?.parameters ?? {}) },
      ...{ epoch: sweep.epochOf(run), untilEpoch: row?.untilEpoch ?? 0 },
    };
    const committed = this.parts.ledger.commit([...changes, tokenChange(run, token, client.id)]);
    afterwards(committed, () => client.send({ trial }));
  }

  private takeBack(work: Work): void {
    const now = Date.now();
    for (const attempt of work.attempts.values()) {
      if (attempt.holder || attempt.dueAt > now) continue;
      this.forget(work, attempt);
      this.parts.ledger.commitSoon(work.sweep.yielded(attempt.run));
    }
    this.offer(work.sweep);
  }

  private hold(attempt: Attempt, client: WorkClient): void {
    attempt.holder?.held.delete(attempt.run.key);
    attempt.holder = client;
    client.held.add(attempt.run.key);
  }

  private forget(work: Work, attempt: Attempt): void {
    account(work, attempt);
    attempt.holder?.held.delete(attempt.run.key);
    work.attempts.delete(attempt.run.trial);
  }

  // ---- answers ----

  private async handle(sweep: Sweep, attempt: Attempt, decide: () => Change[]): Promise<Answer> {
    const { run } = attempt;
    const work = this.of(sweep);
    account(work, attempt);
    const row = sweep.trialOf(run.trial);
    const changes = decide();
    const { ledger } = this.parts;
    // What was said before is on its way to the disk.
    const committed = changes.length === 0 ? ledger.settled() : ledger.commit(changes);
    const answer = answerOf(sweep, run, row);
    if (run.state !== 'running') {
      this.forget(work, attempt);
      this.settle(sweep);
    } else if (this.isAnyToStop()) this.settle(sweep);
    await committed;
    return answer;
  }

  private isAnyToStop(): boolean {
    for (const _ of this.parts.runs.stopping()) return true;
    return false;
  }

  private current(work: Work, { trial, attempt: token }: Named): Attempt | undefined {
    const attempt = work.attempts.get(trial);
    return attempt?.token === token ? attempt : undefined;
  }

  /**
   * What it says may have been kept, and the acknowledgement lost. Where the trial waits for somebody, that is so only if its
   * `epoch` was reported.
   */
  private async answerToOld(sweep: Sweep, { trial, attempt }: Named, epoch?: number): Promise<Answer> {
    const { store, ledger } = this.parts;
    await ledger.settled();
    const [run] = await store.runs({ sweep: sweep.key, trial });
    const row = await store.trial(sweep.key, trial);
    if (run && row && run.state !== 'running' && tokenOf(await store.reports(run.key)) === attempt) {
      const isKept = run.state !== 'waiting' || (epoch !== undefined && epoch <= row.epoch);
      if (isKept) return answerOf(sweep, run, row);
    }
    this.metrics?.fenced.inc();
    const why = 'this client was silent for too long, and the trial was given to another';
    return { verdict: 'FENCED', reason: `trial ${trial} of ${sweep.row.name} is not held any more: ${why}` };
  }

  private async tellOfOld(client: WorkClient, sweep: Sweep, { trial, attempt }: Named): Promise<void> {
    const { verdict, reason } = await this.answerToOld(sweep, { trial, attempt });
    client.send({ stop: { trial, attempt, verdict, reason } });
  }

  private isEnded({ state }: Sweep): boolean {
    return state !== 'running' && state !== 'paused';
  }

  private tellOver({ sweep, clients }: Work): void {
    for (const client of clients.values()) {
      if (client.isTold) continue;
      client.isTold = true;
      const over = { state: sweep.state, reason: sweep.row.reason ?? '' };
      afterwards(this.parts.ledger.settled(), () => client.send({ over }));
    }
  }

  private of(sweep: Sweep): Work {
    let work = this.bySweep.get(sweep.key);
    if (!work) {
      work = { sweep, clients: new Map(), waiting: new Set(), attempts: new Map(), computeSeconds: 0 };
      this.bySweep.set(sweep.key, work);
    }
    return work;
  }
}

/** What it means for the trial where its run is now. */
function answerOf(sweep: Sweep, run: RunRow, row: Readonly<TrialRow> | undefined): Answer {
  if (!row || isTrialOver(row)) return { verdict: 'OVER', reason: row?.reason ?? '' };
  if (run.state === 'running') return { verdict: 'GO_ON', reason: '' };
  if (sweep.state !== 'running') return { verdict: 'HALTED', reason: `the sweep is ${sweep.state}` };
  // One that has failed and is tried again waits, too.
  if (run.state === 'paused' || row.epoch > 0) return { verdict: 'PAUSED', reason: `paused after epoch ${row.epoch}` };
  return { verdict: isOver(run.state) ? 'OVER' : 'HALTED', reason: 'it is given out again' };
}

/** Undefined for what is right. */
function refusalOf(sweep: Sweep, run: RunRow, { epoch, value }: EpochTold__Output): string | undefined {
  const until = run.untilEpoch === 0 ? sweep.plan.search.untilStep : run.untilEpoch;
  if (epoch < 1 || epoch > until) return `trial ${run.trial}: epoch ${epoch} was reported, it must be 1 to ${until}`;
  if (value !== undefined || epoch !== run.untilEpoch) return undefined;
  return `trial ${run.trial}: epoch ${epoch} is the end of a rung, where trials are compared: report its value`;
}

/** As an event of a run has it. */
function bodyOf(sweep: Sweep, epoch: number, { value, loss }: { value?: number | null; loss?: number | null }): string {
  const metric = sweep.plan.search.metric.replace(/^validation\./, '');
  const validation = value === undefined ? null : { [metric]: value };
  return JSON.stringify({ event: 'epoch', epoch, loss: loss ?? null, validation });
}

function account(work: Work, attempt: Attempt): void {
  const now = performance.now();
  const seconds = (now - attempt.since) / 1000;
  attempt.since = now;
  attempt.run.computeSeconds += seconds;
  work.computeSeconds += seconds;
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** A store that fails ends the coordinator; nobody is told anything then. */
function afterwards(committed: Promise<void>, act: () => void): void {
  committed.then(act, () => undefined);
}
