/** Connections and calls that were refused: each is counted, and the log gets a line, though no more than a few a second. */
import { Counter, type Registry } from 'prom-client';
import type { Logger } from '../log.js';
import { streamsMax } from '../stream-limit.js';

/**
 * `no tls`: the peer speaks plainly; `handshake`: it does not get through TLS at all; `no certificate`, `authority` and
 * `expired` are of the client's certificate, the second also where it is not meant for clients; `role`: it may not call this;
 * `too many`: its address has as many connections as one may have, or the port as many as it holds; `streams`: its connection has
 * as many streams as one may have, and what it calls besides waits; `too large`: its message is.
 */
const reasons = [
  ...(['no tls', 'handshake', 'no certificate', 'authority', 'expired', 'role'] as const),
  ...(['too many', 'streams', 'too large'] as const),
] as const;
export type RefusalReason = (typeof reasons)[number];

/** Of one reason. Whoever knocks all day shall not fill a disk. */
const silenceMs = 1000;

export class Refusals {
  private readonly counter: Counter<'reason'>;
  private readonly toldAt = new Map<RefusalReason, number>();

  constructor(
    registry: Registry,
    private readonly log: Logger,
  ) {
    this.counter = new Counter({
      name: 'polyak_connections_refused_total',
      help: 'Connections and calls refused for what their client is, how many it has, or how large they are, by reason.',
      labelNames: ['reason'],
      registers: [registry],
    });
    for (const reason of reasons) this.counter.inc({ reason }, 0);
  }

  /** Of a connection that has all the streams it may have. */
  addFull(peer: string): void {
    const message = `the connection has ${streamsMax} streams, the most there may be: further calls wait until one of them ends`;
    this.add('streams', peer, message);
  }

  add(reason: RefusalReason, peer: string, message: string): void {
    this.counter.inc({ reason });
    const now = performance.now();
    if (now - (this.toldAt.get(reason) ?? -Infinity) < silenceMs) return;
    this.toldAt.set(reason, now);
    this.log.warn({ peer, reason, message: message.slice(0, messageMax) }, 'refused');
  }
}

/** A certificate may have a name of any length. */
const messageMax = 500;
