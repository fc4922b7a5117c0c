/**
 * Who attends, and what each is to do now. Everything follows from the runs, the sweeps and the processes that are there, so
 * it is worked out anew after every change; orders are idempotent.
 */
import { leadShardOf } from '../common/chunk-layout.js';
import { PolyakError } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import { ownVersion } from '../common/version.js';
import type { OutOf__Output } from '../proto/gen/polyak/v1/OutOf.js';
import type { ProcessStatus__Output } from '../proto/gen/polyak/v1/ProcessStatus.js';
import type { Register__Output } from '../proto/gen/polyak/v1/Register.js';
import { Assignment } from './assignment.js';
import type { Attendee } from './attendee.js';
import type { CoordinatorMetrics } from './coordinator-metrics.js';
import { shardsMax, type Epochs } from './epochs.js';
import type { Ledger } from './ledger.js';
import { hasLead, isOver } from './run-state.js';
import type { Runs } from './runs.js';
import type { RunRow } from './store/rows.js';
import { Suitability } from './suitability.js';
import type { Sweep } from './sweep/sweep.js';
import type { Sweeps } from './sweep/sweeps.js';
import { WorkerPlaces, type WorkerPlace } from './worker-places.js';

/** How a process that attended came to attend no longer. */
export type Departure = 'left' | 'stream broken' | 'silent' | 'replaced';

/** Workers that were there before the coordinator started come back, and say what they work on. */
const settleMs = 3000;
/** Of a process's id, which is in every log and answer that names it. */
export const nameLengthMax = 200;
/** That a process holds. */
const trialsMax = 100_000;
/** A host name of the longest kind, and its port. */
const addressLengthMax = 260;
/** Of why a worker has no part in a trial. */
const reasonLengthMax = 4000;
/** Of a worker's, which is a short hash. */
const fingerprintLengthMax = 64;

export interface DispatcherParts {
  epochs: Epochs;
  runs: Runs;
  sweeps: Sweeps;
  ledger: Ledger;
  coordinatorEpoch: number;
  log: Logger;
  /** Something about a run that the user should hear of. */
  notice: (run: RunRow, kind: string, message: string) => void;
}

export class Dispatcher {
  metrics: Pick<CoordinatorMetrics, 'assignmentWait' | 'arrivals' | 'departures' | 'workersOut'> | undefined;
  readonly workers = new WorkerPlaces((seconds) => this.metrics?.assignmentWait.observe({ of: 'worker' }, seconds));
  private readonly servers = new Map<number, Attendee>();
  private readonly suitability = new Suitability();
  /** Keys of runs of which it was said that nobody suits them. */
  private readonly saidStranded = new Set<string>();
  private readonly assignment: Assignment;
  private readonly startedAt = performance.now();
  private isDue = false;

  constructor(private readonly parts: DispatcherParts) {
    const { runs, sweeps, ledger } = parts;
    this.assignment = new Assignment({
      ...{ runs, sweeps, ledger, workers: this.workers, suitability: this.suitability },
      canLead: (shards) => this.canLead(shards),
      tell: (run) => this.tell(run),
      leave: (place, run) => this.release(place, run.key),
      started: (seconds) => this.metrics?.assignmentWait.observe({ of: 'trial' }, seconds),
    });
  }

  /** The epoch of the process's shard number; 0 for a worker; undefined for a server that has been replaced. */
  async admit(register: Register__Output): Promise<number | undefined> {
    const { role, shard, id, shardEpoch, trials, fingerprint } = register;
    if (id === '') throw new PolyakError('protocol', 'register: id is empty');
    for (const [what, text, most] of [
      ['id', id, nameLengthMax],
      ['address', register.address, addressLengthMax],
      ['fingerprint', fingerprint, fingerprintLengthMax],
    ] as const) {
      if (text.length > most)
        throw new PolyakError('protocol', `register: ${what} has ${text.length} characters, the most is ${most}`);
    }
    if (trials.length > trialsMax)
      throw new PolyakError('protocol', `register: ${trials.length} trials, the most is ${trialsMax}`);
    if (role === 'WORKER') return 0;
    if (shard >= shardsMax) {
      const right = `numbers go from 0 to ${shardsMax - 1}, one for each server of the cluster`;
      throw new PolyakError('usage', `register: server ${shard} is beyond the last shard; ${right}`);
    }
    if (register.address === '') throw new PolyakError('protocol', `register: server ${shard} gives no address`);
    const taken = this.parts.epochs.take(shard, id, shardEpoch);
    if (taken) await this.parts.ledger.commit(taken.changes);
    return taken?.epoch;
  }

  add(attendee: Attendee): void {
    const { role, shard, id, trials } = attendee.register;
    const before = role === 'SERVER' ? this.servers.get(shard) : this.workers.find(id)?.attendee;
    if (role === 'SERVER') this.servers.set(shard, attendee);
    else {
      if (before) this.workers.remove(before);
      this.workers.add(attendee);
    }
    const isReplaced = before !== undefined && before.register.id !== id;
    if (role === 'SERVER' && attendee.register.shardEpoch === 0) this.forgetOf(shard);
    if (isReplaced) before.send({ replaced: { message: replacedMessage(shard) } });
    before?.end();
    const of = role.toLowerCase();
    this.metrics?.arrivals.inc({ of });
    // A process that comes again while it is still here has lost its stream unheard.
    if (before) this.metrics?.departures.inc({ of, reason: isReplaced ? 'replaced' : 'stream broken' });
    const { coordinatorEpoch, log } = this.parts;
    attendee.send({ welcome: { coordinatorEpoch, shardEpoch: attendee.shardEpoch, version: ownVersion() } });
    for (const trialKey of trials) this.greet(attendee, trialKey);
    log.info({ process: attendee.name, address: attendee.register.address }, 'attends');
    this.dispatch();
    if (role === 'SERVER') for (const run of this.parts.runs.withLead()) this.tell(run);
  }

  remove(attendee: Attendee, reason: Departure): void {
    const { role, shard } = attendee.register;
    if (role === 'SERVER') {
      if (this.servers.get(shard) !== attendee) return;
      this.servers.delete(shard);
    } else if (!this.workers.remove(attendee)) return;
    this.metrics?.departures.inc({ of: role.toLowerCase(), reason });
    this.parts.log.info({ process: attendee.name, reason }, 'has left');
    this.dispatchSoon();
  }

  /** The worker's lead has taken it for a trial whose numbers must be exact. */
  admitted(attendee: Attendee, trialKey: Buffer): void {
    const place = this.workers.find(attendee.register.id);
    const run = this.parts.runs.find(trialKey.toString('hex'));
    if (run && place?.attendee === attendee) this.suitability.admitted(place, run);
  }

  /** The worker has no part in the trial any more: it is free for others, and is not given this one again. */
  out(attendee: Attendee, { trialKey, reason, byFingerprint }: OutOf__Output): void {
    const place = this.workers.find(attendee.register.id);
    if (place?.attendee !== attendee) return;
    const key = trialKey.toString('hex');
    const run = this.parts.runs.find(key);
    const why = reason.slice(0, reasonLengthMax);
    this.parts.log.warn({ trial: key, worker: place.id, reason: why }, 'a worker has no part in the trial any more');
    this.metrics?.workersOut.inc();
    if (run) this.suitability.refused(place, run, why, byFingerprint);
    this.release(place, key);
  }

  /** Runs that go on when a worker comes that suits them, while there are only others. */
  stranded(): RunRow[] {
    const workers = [...this.workers.all()];
    if (workers.length === 0) return [];
    return [...this.parts.runs.all()].filter(
      (run) =>
        (run.state === 'running' || run.state === 'waiting') &&
        this.workers.of(run.key).length === 0 &&
        this.suitability.knows(run) &&
        !workers.some((place) => this.suitability.suits(place, run)),
    );
  }

  /** As Status and the API show them. */
  processes(): ProcessStatus__Output[] {
    return this.attendees().map(({ register: { role, shard, address, id, fingerprint } }) => {
      const trials = role === 'WORKER' ? (this.workers.find(id)?.runs.size ?? 0) : 0;
      return { role, shard, address, id, fingerprint, trials };
    });
  }

  attendees(): Attendee[] {
    return [...this.servers.values(), ...[...this.workers.all()].map(({ attendee }) => attendee)];
  }

  count(role: 'SERVER' | 'WORKER'): number {
    return role === 'SERVER' ? this.servers.size : this.workers.size;
  }

  /** Once for all that happens at one time. */
  dispatchSoon(): void {
    if (this.isDue) return;
    this.isDue = true;
    setImmediate(() => {
      this.isDue = false;
      this.dispatch();
    });
  }

  /** Tells everybody what is asked of them. */
  dispatch(): void {
    for (const run of this.parts.runs.alone()) if (!isOver(run.state)) this.dispatchAlone(run);
    this.assignment.assign(performance.now() - this.startedAt > settleMs);
  }

  /** What the run asks of its lead and its workers, once that is on disk. */
  tell(run: RunRow): void {
    // One that is external has no lead.
    if (run.shards === 0) return;
    if (this.parts.ledger.isChanging(run.key)) return;
    if (!hasLead(run.state)) return;
    const trialKey = Buffer.from(run.key, 'hex');
    const servers = this.shardsOf(run.shards);
    const lead = servers?.[leadShardOf(trialKey, run.shards)];
    // All shards at first; later too, because a lead that is told only half of the addresses could not go on.
    if (!servers || !lead) return;
    const { coordinatorEpoch, sweeps } = this.parts;
    const sweep = sweeps.ofRun(run);
    if (run.sweep !== null && !sweep) return;
    const experiment = sweep ? this.experimentOf(run, sweep) : run.experiment;
    if (experiment === undefined) return;
    lead.tell(run.key, {
      lead: {
        trialKey,
        experiment,
        shards: servers.map((server) => server.register.address),
        directory: run.directory,
        untilStep: run.untilStep,
        coordinatorEpoch,
        leadEpoch: lead.shardEpoch,
        untilEpoch: run.untilEpoch,
        checkpointStep: run.checkpointStep,
        hasFolder: sweep?.hasTrained ?? false,
      },
    });
    if (run.state === 'stopping') lead.tell(`${run.key} stop`, { stop: { trialKey } });
    const join = { join: { trialKey, lead: lead.register.address } };
    for (const { attendee } of this.workers.of(run.key)) attendee.tell(run.key, join);
  }

  /**
   * Undefined where it cannot be made, and the run fails. A trial that draws a wrong experiment is not begun, but an older Polyak
   * may have begun it, or have taken for right what this one refuses.
   */
  private experimentOf(run: RunRow, sweep: Sweep): string | undefined {
    try {
      return sweep.experimentOf(run);
    } catch (error) {
      if (!(error instanceof PolyakError) || error.code !== 'usage') throw error;
      const { code, message } = error;
      const committed = this.parts.ledger.commit(sweep.ended(run, 'failed', { epoch: 0, code, message }));
      committed.then(
        () => {
          this.drop(run.key);
          sweep.settled(run);
        },
        // The coordinator ends.
        () => undefined,
      );
      return undefined;
    }
  }

  /** The run is led no longer: whoever has a part in it forgets it, and is free. */
  drop(key: string): void {
    const order = { drop: { trialKey: Buffer.from(key, 'hex') } };
    for (const attendee of this.servers.values()) forget(attendee, key, order);
    for (const place of this.workers.of(key)) {
      this.workers.release(place, key);
      forget(place.attendee, key, order);
    }
    const run = this.parts.runs.find(key);
    // Without a checkpoint whoever works on it next is its first.
    if (run && run.state !== 'paused' && run.checkpointStep === 0) this.suitability.forget(run);
    this.dispatchSoon();
  }

  /** The files of checkpoints that nobody wants; what cannot be deleted now is left for `polyak gc`. */
  discard(directory: string): void {
    const [server] = this.servers.values();
    server?.send({ discard: { directory } });
  }

  /** Whether so many shards are there. */
  canLead(shards: number): boolean {
    return this.shardsOf(shards) !== undefined;
  }

  private dispatchAlone(run: RunRow): void {
    if (!this.shardsOf(run.shards)) return;
    if (run.state === 'waiting') this.parts.ledger.commitSoon(this.parts.runs.advance(run, 'start'));
    for (const place of this.workers.all()) {
      // Also of another kind, so that whoever started it is told why it is not taken; others of that kind are not tried then.
      if (this.suitability.mayTry(place, run)) this.workers.assign(place, run);
    }
    this.tell(run);
  }

  /** A process that comes back with a trial goes on with it, or forgets it. */
  private greet(attendee: Attendee, trialKey: Buffer): void {
    const run = this.parts.runs.find(trialKey.toString('hex'));
    const isLed = run?.state === 'running' || run?.state === 'stopping';
    if (!run || !isLed) return attendee.send({ drop: { trialKey } });
    const spending = this.parts.sweeps.ofRun(run)?.spending;
    spending?.workedOn();
    if (attendee.register.role === 'SERVER') return;
    const place = this.workers.find(attendee.register.id);
    if (place && this.suitability.suits(place, run)) {
      this.workers.assign(place, run, place.leftAt ?? spending?.uncountedSince);
    } else attendee.send({ drop: { trialKey } });
    this.tell(run);
  }

  private release(place: WorkerPlace, key: string): void {
    this.workers.release(place, key);
    forget(place.attendee, key, { drop: { trialKey: Buffer.from(key, 'hex') } });
    this.dispatchSoon();
  }

  /** Another process leads the shard's trials from now on: of those that have no checkpoint, it knows nothing. */
  private forgetOf(shard: number): void {
    for (const run of this.parts.runs.withLead()) {
      if (leadShardOf(Buffer.from(run.key, 'hex'), run.shards) === shard) this.suitability.forget(run);
    }
  }

  /** Tells of runs that wait for a worker that suits them: once, until one is there. */
  sayStranded(): void {
    const stranded = this.stranded();
    const keys = new Set(stranded.map(({ key }) => key));
    for (const key of this.saidStranded) if (!keys.has(key)) this.saidStranded.delete(key);
    for (const run of stranded) {
      if (this.saidStranded.has(run.key)) continue;
      this.saidStranded.add(run.key);
      const message = `none of the ${this.workers.size} workers that attend may work on it: it waits for ${this.suitability.wants(run)}`;
      this.parts.log.warn({ trial: run.key, reason: message }, 'a trial waits for a worker that suits it');
      this.parts.notice(run, 'no-suitable-worker', message);
    }
  }

  /** Undefined where one is missing. */
  private shardsOf(count: number): Attendee[] | undefined {
    const servers = Array.from({ length: count }, (_, shard) => this.servers.get(shard));
    return servers.every((server) => server !== undefined) ? servers : undefined;
  }
}

function forget(attendee: Attendee, key: string, order: Parameters<Attendee['send']>[0]): void {
  attendee.send(order);
  attendee.forget(key);
  attendee.forget(`${key} stop`);
}

export function replacedMessage(shard: number): string {
  return `Fenced: another process has taken shard number ${shard}`;
}
