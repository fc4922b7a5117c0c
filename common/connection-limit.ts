/**
 * How many connections a port holds, of one address and of all: who opens more is refused, so that one client that goes
 * wrong leaves room for the others.
 */
import type { Socket } from 'node:net';
import { PolyakError } from './errors.js';

export interface ConnectionLimits {
  /** Of one address. A machine's workers have six or so each, and behind a gateway all machines have one address. */
  perAddress: number;
  /** Of all. */
  all: number;
}

export const connectionLimits: ConnectionLimits = { perAddress: 4096, all: 16_384 };
/** Refusals that are being explained at once; others are cut off without a word. */
const explainedMax = 16;

export class ConnectionLimit {
  private readonly byAddress = new Map<string, number>();
  private open = 0;
  private explained = 0;

  constructor(private readonly limits: ConnectionLimits = connectionLimits) {}

  /** Counts the socket until it closes. Undefined where there is room for it, else why not; errors: none. */
  admit(socket: Socket): PolyakError | undefined {
    const address = socket.remoteAddress ?? '';
    const { perAddress, all } = this.limits;
    const held = this.byAddress.get(address) ?? 0;
    if (held >= perAddress)
      return refusal(`${address} has ${held} connections to this port, the most is ${perAddress}`);
    if (this.open >= all) return refusal(`this port has ${this.open} connections, the most is ${all}`);
    this.open += 1;
    this.byAddress.set(address, held + 1);
    socket.once('close', () => {
      this.open -= 1;
      const left = (this.byAddress.get(address) ?? 1) - 1;
      if (left > 0) this.byAddress.set(address, left);
      else this.byAddress.delete(address);
    });
    return undefined;
  }

  /** Whether the refusal may be explained to this socket, which costs more than to close it. */
  mayExplain(socket: Socket): boolean {
    if (this.explained >= explainedMax) return false;
    this.explained += 1;
    socket.once('close', () => {
      this.explained -= 1;
    });
    return true;
  }
}

function refusal(what: string): PolyakError {
  return new PolyakError('exhausted', `${what}; close some, or wait`);
}
