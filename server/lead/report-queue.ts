/** Reports to the coordinator, kept until it has stored them; it may be down for as long as it likes. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../common/log.js';
import { withResolvers } from '../../common/with-resolvers.js';
import type { Report } from './trial-state.js';

export interface ReportSink {
  (kind: Report['kind'] | 'PROGRESS', step: number, body: string): Promise<void>;
}

const pendingMax = 10_000;

export class ReportQueue {
  private readonly queue: Report[] = [];
  private sending = false;
  private progressInFlight = false;
  private isDiscarded = false;
  private emptied = withResolvers<undefined>();

  constructor(
    private readonly send: ReportSink,
    private readonly log: Logger,
    private readonly signal: AbortSignal,
  ) {}

  /** Nothing more is to be said, not even what was to be said already: nobody wants to know. */
  discard(): void {
    this.isDiscarded = true;
    this.queue.length = 0;
    this.emptied.resolve(undefined);
  }

  add(report: Report): void {
    if (this.isDiscarded) return;
    const same = this.queue.find((other) => other.kind === report.kind && other.step === report.step);
    if (same && report.kind !== 'NOTICE') return;
    if (this.queue.length >= pendingMax) this.queue.shift();
    this.queue.push(report);
    this.pump().catch((error: unknown) => this.log.error({ error: String(error) }, 'reports cannot be sent'));
  }

  /** Lossy: one at a time, and none is repeated. */
  progress(body: Record<string, unknown>): void {
    if (this.isDiscarded || this.progressInFlight || this.sending) return;
    this.progressInFlight = true;
    this.send('PROGRESS', Number(body['step'] ?? 0), JSON.stringify(body))
      .catch(() => undefined)
      .finally(() => (this.progressInFlight = false));
  }

  pending(): Report[] {
    return this.queue.filter(({ kind }) => kind !== 'NOTICE');
  }

  /** Resolves when the coordinator has all that was added so far; never, when the process ends before. */
  async drained(): Promise<void> {
    if (this.queue.length > 0) await this.emptied.promise;
  }

  private async pump(): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    try {
      for (let report = this.queue[0]; report && !this.signal.aborted; report = this.queue[0]) {
        try {
          await this.send(report.kind, report.step, JSON.stringify(report.body));
          this.queue.shift();
        } catch {
          await delay(500, undefined, { signal: this.signal }).catch(() => undefined);
        }
      }
    } finally {
      this.sending = false;
    }
    if (this.queue.length > 0) return;
    this.emptied.resolve(undefined);
    this.emptied = withResolvers();
  }
}
