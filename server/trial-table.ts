/** The trials that a server process holds chunks of, and those that it leads; where fencing is decided. */
import { PolyakError } from '../common/errors.js';
import { assertCompatible } from '../common/version.js';
import { withResolvers } from '../common/with-resolvers.js';
import type { ShardReport } from '../proto/gen/polyak/v1/ShardReport.js';
import type { TrialLead } from './lead/trial-lead.js';
import { ShardTrial, type BeginOrder, type ShardContext } from './shard-trial.js';

interface Held {
  /** To its lead. */
  report: (report: ShardReport) => void;
  incarnation: number;
  leadEpoch: number;
  /** Undefined before it has begun, and when its lead has left it. */
  trial: ShardTrial | undefined;
  beginning: boolean;
  /** Resolves when the memory of what was here before is free. */
  cleared: Promise<void>;
}

export class TrialTable {
  private readonly held = new Map<string, Held>();
  private readonly leads = new Map<string, TrialLead>();
  private readonly closers = new Map<ShardTrial, Set<() => void>>();
  /** Undefined until the process is to end; resolved when no other's lead has a trial here. */
  private draining: ReturnType<typeof withResolvers<undefined>> | undefined;

  constructor(readonly context: ShardContext) {}

  /**
   * Errors: `fenced` when this or a newer incarnation is here already, or the incarnation of a newer lead; `exhausted`,
   * as MemoryTaken when it may be tried again. An incarnation that its lead has left may begin again.
   */
  async begin(order: BeginOrder, report: (report: ShardReport) => void): Promise<ShardTrial> {
    assertCompatible('the lead', order.version);
    const key = order.trialKey.toString('hex');
    const before = this.held.get(key);
    if (this.isReplaced(order)) throw this.fenceLead(order);
    if (this.draining) throw new PolyakError('fenced', 'the server is to end, and begins nothing');
    const newest = before?.incarnation ?? -1;
    const isLive = before !== undefined && (before.beginning || before.trial !== undefined);
    if (newest > order.incarnation || (newest === order.incarnation && isLive))
      throw this.fence(order.trialKey, order.incarnation, 'follow');
    const { incarnation, leadEpoch } = order;
    const cleared = before?.trial ? this.close(before.trial) : (before?.cleared ?? Promise.resolve());
    const entry: Held = { report, incarnation, leadEpoch, trial: undefined, beginning: true, cleared };
    this.held.set(key, entry);
    try {
      await cleared;
      const trial = await ShardTrial.begin(this.context, order, report);
      if (this.held.get(key) !== entry) {
        await trial.close();
        throw this.fence(order.trialKey, order.incarnation, 'follow');
      }
      return (entry.trial = trial);
    } finally {
      entry.beginning = false;
    }
  }

  /**
   * Its lead has left it: what it holds goes, since whoever leads the trial next begins from a checkpoint. Its numbers stay
   * and fence what is older.
   */
  release(trial: ShardTrial): void {
    const entry = this.held.get(trial.order.trialKey.toString('hex'));
    if (entry?.trial !== trial) return;
    entry.trial = undefined;
    entry.cleared = this.close(trial);
    entry.cleared.catch((error: unknown) => this.context.log.error({ error: String(error) }, 'closing a trial failed'));
    this.checkDrained();
  }

  /** The process is to end: resolves when all trials that are led here or have chunks here are in a checkpoint and left. */
  async drain(): Promise<void> {
    this.draining = withResolvers();
    for (const [key, { trial, report }] of this.held) if (trial && !this.leads.has(key)) report({ draining: {} });
    this.checkDrained();
    await Promise.all([this.draining.promise, ...[...this.leads.values()].map(async (lead) => await lead.drain())]);
  }

  private checkDrained(): void {
    const isHeld = [...this.held].some(([key, { trial }]) => trial !== undefined && !this.leads.has(key));
    if (!isHeld) this.draining?.resolve(undefined);
  }

  /** Whether a lead of a higher epoch is obeyed here, whatever incarnation the order's lead has claimed. */
  isReplaced({ trialKey, leadEpoch }: Pick<BeginOrder, 'trialKey' | 'leadEpoch'>): boolean {
    return (this.held.get(trialKey.toString('hex'))?.leadEpoch ?? 0) > leadEpoch;
  }

  find(trialKey: Buffer, incarnation: number): ShardTrial | undefined {
    const entry = this.held.get(trialKey.toString('hex'));
    return entry?.incarnation === incarnation ? entry.trial : undefined;
  }

  /** Errors: `fenced`. */
  trialOf(trialKey: Buffer, incarnation: number, what: string): ShardTrial {
    const trial = this.find(trialKey, incarnation);
    if (!trial) throw this.fence(trialKey, incarnation, what);
    return trial;
  }

  fence(trialKey: Buffer, incarnation: number, what: string): PolyakError {
    this.context.metrics.fenced.inc({ what });
    const here = this.held.get(trialKey.toString('hex'));
    const now = here ? `is at incarnation ${here.incarnation}` : 'is not here';
    return new PolyakError('fenced', `trial ${trialKey.toString('hex')} ${now}; the message speaks of ${incarnation}`);
  }

  private fenceLead({ trialKey, leadEpoch }: BeginOrder): PolyakError {
    this.context.metrics.fenced.inc({ what: 'lead' });
    const epoch = this.held.get(trialKey.toString('hex'))?.leadEpoch;
    const message = `trial ${trialKey.toString('hex')} obeys a lead of epoch ${epoch}, the order is of ${leadEpoch}`;
    return new PolyakError('fenced', message);
  }

  /** Answers with what takes the closer back. */
  onClose(trial: ShardTrial, closer: () => void): () => void {
    const closers = this.closers.get(trial) ?? new Set();
    this.closers.set(trial, closers.add(closer));
    return () => void closers.delete(closer);
  }

  lead(trialKey: Buffer, lead: TrialLead): void {
    this.leads.set(trialKey.toString('hex'), lead);
  }

  /** False when another leads the trial by now, or nobody. */
  forgetLead(trialKey: Buffer, lead: TrialLead): boolean {
    const key = trialKey.toString('hex');
    return this.leads.get(key) === lead && this.leads.delete(key);
  }

  findLead(trialKey: Buffer): TrialLead | undefined {
    return this.leads.get(trialKey.toString('hex'));
  }

  ledTrials(): Iterable<TrialLead> {
    return this.leads.values();
  }

  /** Trials that have chunks here. */
  get heldCount(): number {
    return [...this.held.values()].filter(({ trial }) => trial !== undefined).length;
  }

  /** Of all that are held or led here. */
  trialKeys(): Buffer[] {
    return [...new Set([...this.leads.keys(), ...this.held.keys()])].map((key) => Buffer.from(key, 'hex'));
  }

  leadOf(trialKey: Buffer): TrialLead {
    const lead = this.findLead(trialKey);
    if (!lead) throw this.fence(trialKey, 0, 'lead');
    return lead;
  }

  /** Forgets a trial and everything newer messages could revive. */
  async drop(trialKey: Buffer): Promise<void> {
    const key = trialKey.toString('hex');
    this.leads.get(key)?.abandon('the trial has been dropped');
    this.leads.delete(key);
    const entry = this.held.get(key);
    this.held.delete(key);
    if (entry?.trial) await this.close(entry.trial);
    else await entry?.cleared;
  }

  async closeAll(): Promise<void> {
    for (const key of [...new Set([...this.leads.keys(), ...this.held.keys()])])
      await this.drop(Buffer.from(key, 'hex'));
  }

  private async close(trial: ShardTrial): Promise<void> {
    for (const closer of this.closers.get(trial) ?? []) closer();
    this.closers.delete(trial);
    await trial.close();
  }
}
