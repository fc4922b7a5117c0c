/**
 * What a server does with the coordinator's orders to lead: one lead per trial at a time, which hears of changes while it
 * runs, and a new one from the newest checkpoint when the trial goes on after its lead has ended. An order may come any
 * number of times.
 */
import type { Logger } from '../common/log.js';
import type { Lead__Output } from '../proto/gen/polyak/v1/Lead.js';
import type { TrialLead } from './lead/trial-lead.js';
import type { TrialTable } from './trial-table.js';

/** Whatever the coordinator says of these, it has not heard of the end yet. */
const final = new Set(['finished', 'diverged']);

export class LeadOrders {
  /** By trial: the last that came after its lead had ended and before the coordinator knew of that. */
  private readonly waiting = new Map<string, Lead__Output>();

  constructor(
    private readonly table: TrialTable,
    private readonly create: (order: Lead__Output) => TrialLead,
    private readonly log: Logger,
  ) {}

  take(order: Lead__Output): void {
    const known = this.table.findLead(order.trialKey);
    if (!known) return this.begin(order);
    if (known.end === undefined) {
      known.extend(order.untilEpoch);
      known.setShards(order.shards);
    } else if (!final.has(known.end)) this.waiting.set(order.trialKey.toString('hex'), order);
  }

  /** What was ordered before does not count any more. */
  forget(trialKey: Buffer): void {
    this.waiting.delete(trialKey.toString('hex'));
  }

  private begin(order: Lead__Output): void {
    const lead = this.create(order);
    this.table.lead(order.trialKey, lead);
    this.follow(order.trialKey, lead).catch((error: unknown) => {
      this.log.error({ error: error instanceof Error ? error.stack : String(error) }, 'the lead failed');
    });
  }

  /** Once the coordinator has its last report, nothing is kept of a lead. */
  private async follow(trialKey: Buffer, lead: TrialLead): Promise<void> {
    await lead.run();
    if (lead.end !== 'abandoned') await lead.reported();
    if (!this.table.forgetLead(trialKey, lead)) return;
    const key = trialKey.toString('hex');
    const next = this.waiting.get(key);
    this.waiting.delete(key);
    if (next) this.begin(next);
  }
}
