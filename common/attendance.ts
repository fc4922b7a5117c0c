/**
 * How servers and workers stay known to the coordinator: one stream for the life of the process, opened again for as
 * long as it takes whenever it breaks. Orders may come twice; whoever takes them makes nothing of that.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Order__Output } from '../proto/gen/polyak/v1/Order.js';
import type { Register } from '../proto/gen/polyak/v1/Register.js';
import type { Logger } from './log.js';
import { coordinatorClient } from './rpc.js';

export interface AttendanceOptions {
  /** host:port of the coordinator. */
  coordinator: string;
  register: Register;
  onOrder(order: Order__Output): void;
  signal: AbortSignal;
  log: Logger;
}

export interface Attendance {
  /** Says goodbye and stops. */
  close(): void;
}

const beatMs = 1000;
const retryMsMax = 1000;

export function attend(options: AttendanceOptions): Attendance {
  const { coordinator, signal, log } = options;
  const client = coordinatorClient(coordinator);
  let shardEpoch = 0;
  let sayGoodbye: () => void = () => undefined;
  let closed = false;

  const once = async (): Promise<void> =>
    await new Promise((resolve) => {
      const stream = client.attend();
      const beat = setInterval(() => stream.write({ beat: {} }), beatMs);
      const over = () => {
        clearInterval(beat);
        resolve();
      };
      sayGoodbye = () => {
        stream.write({ goodbye: {} });
        stream.end();
      };
      stream.on('data', (order: Order__Output) => {
        if (order.welcome) shardEpoch = order.welcome.shardEpoch;
        options.onOrder(order);
      });
      stream.on('error', over);
      stream.on('end', over);
      stream.write({ register: { ...options.register, shardEpoch } });
    });

  const forever = async () => {
    for (let attempt = 0; !closed && !signal.aborted; attempt++) {
      const startedAt = Date.now();
      await once();
      if (closed) break;
      if (Date.now() - startedAt > 5000) attempt = 0;
      if (attempt === 0) log.info({ coordinator }, 'the coordinator is away; trying again until it is back');
      await delay(Math.min(retryMsMax, 100 * 2 ** Math.min(attempt, 5)), undefined, { signal }).catch(() => undefined);
    }
  };
  forever().catch((error: unknown) => log.error({ error: String(error) }, 'attendance ended'));

  return {
    close() {
      if (closed) return;
      closed = true;
      sayGoodbye();
      // The goodbye must leave before the connection does.
      setTimeout(() => client.close(), 100).unref();
    },
  };
}
