/**
 * Who attends, and what each is to do now. Everything follows from the trials in the store and the processes that are
 * there, so it is worked out anew after every change; orders are idempotent.
 */
import { leadShardOf } from '../common/chunk-layout.js';
import { PolyakError } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import type { Register__Output } from '../proto/gen/polyak/v1/Register.js';
import type { Attendee } from './attendee.js';
import type { Store } from './store.js';
import { isOver, type Trial } from './trial.js';

/** Trials that ended while a process was away: it is told so of the latest. */
const dropsMax = 100;

export class Dispatcher {
  private readonly servers = new Map<number, Attendee>();
  private readonly workers = new Map<string, Attendee>();

  constructor(
    private readonly store: Store,
    private readonly log: Logger,
  ) {}

  /** The epoch of the process's shard number; 0 for a worker; undefined for a server that has been replaced. */
  admit(register: Register__Output): number | undefined {
    const { role, shard, id, shardEpoch } = register;
    if (id === '') throw new PolyakError('protocol', 'register: id is empty');
    if (role === 'WORKER') return 0;
    if (register.address === '') throw new PolyakError('protocol', `register: server ${shard} gives no address`);
    return this.store.takeShard(shard, id, shardEpoch);
  }

  add(attendee: Attendee): void {
    const { role, shard, id } = attendee.register;
    const before = role === 'SERVER' ? this.servers.get(shard) : this.workers.get(id);
    if (role === 'SERVER') this.servers.set(shard, attendee);
    else this.workers.set(id, attendee);
    if (before && before.register.id !== id) before.send({ replaced: { message: replacedMessage(shard) } });
    before?.end();
    attendee.send({ welcome: { coordinatorEpoch: this.store.coordinatorEpoch, shardEpoch: attendee.shardEpoch } });
    const over = this.store.trials().filter(({ state }) => isOver(state));
    for (const { key } of over.slice(-dropsMax)) attendee.send({ drop: { trialKey: Buffer.from(key, 'hex') } });
    this.log.info({ process: attendee.name, address: attendee.register.address }, 'attends');
    this.dispatch();
  }

  remove(attendee: Attendee): void {
    const { role, shard, id } = attendee.register;
    if (role === 'SERVER' && this.servers.get(shard) === attendee) this.servers.delete(shard);
    else if (this.workers.get(id) === attendee) this.workers.delete(id);
    else return;
    this.log.info({ process: attendee.name }, 'has left');
  }

  attendees(): Attendee[] {
    return [...this.servers.values(), ...this.workers.values()];
  }

  count(role: 'SERVER' | 'WORKER'): number {
    return role === 'SERVER' ? this.servers.size : this.workers.size;
  }

  /** Tells everybody what the trials ask of them. */
  dispatch(): void {
    for (const trial of this.store.trials()) if (!isOver(trial.state)) this.dispatchTrial(trial);
  }

  drop(key: string): void {
    for (const attendee of this.attendees()) attendee.tell(key, { drop: { trialKey: Buffer.from(key, 'hex') } });
  }

  private dispatchTrial(trial: Trial): void {
    const trialKey = Buffer.from(trial.key, 'hex');
    const servers = Array.from({ length: trial.shards }, (_, shard) => this.servers.get(shard));
    const lead = servers[leadShardOf(trialKey, trial.shards)];
    // All shards at first; later too, because a lead that is told only half of the addresses could not go on.
    if (!lead || servers.includes(undefined)) return;
    if (trial.state === 'waiting') this.store.advance(trial.key, 'start');
    lead.tell(trial.key, {
      lead: {
        trialKey,
        experiment: trial.experiment,
        shards: servers.map((server) => server?.register.address ?? ''),
        directory: trial.directory,
        untilStep: trial.untilStep,
        coordinatorEpoch: this.store.coordinatorEpoch,
        leadEpoch: lead.shardEpoch,
      },
    });
    if (trial.state === 'stopping') lead.send({ stop: { trialKey } });
    for (const worker of this.workers.values()) {
      worker.tell(trial.key, { join: { trialKey, lead: lead.register.address } });
    }
  }
}

export function replacedMessage(shard: number): string {
  return `Fenced: another process has taken shard number ${shard}`;
}
