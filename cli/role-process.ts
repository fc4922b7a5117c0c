/**
 * The life of a role's process, whichever role it is: it says where it listens, runs until it is told to go, drains and
 * exits 0. A second signal ends it at once, and so does the end of the process that started it (--parent-pipe).
 */
import { PolyakError } from '../common/errors.js';
import type { Logger } from '../common/log.js';

export interface RunningRole {
  /** Where it serves; a worker serves nobody. */
  address?: string;
  metricsPort: number;
  closed: Promise<void>;
  close(): Promise<void>;
  /** What it logs by once it is known who it is. */
  log?: Logger;
}

export interface RoleOptions {
  role: 'server' | 'worker' | 'coordinator';
  /** Say on stdout, as JSON, where it listens. */
  json: boolean;
  /** Drain when stdin ends. */
  parentPipe: boolean;
  log: Logger;
}

/** Draining takes no longer than this; a server takes checkpoints before. */
const drainMsMax = { server: 25_000, worker: 10_000, coordinator: 10_000 };

/** Resolves when the role has ended as it should. Errors: what ended it. */
export async function runRole(options: RoleOptions, start: () => Promise<RunningRole>): Promise<void> {
  const { role, json } = options;
  const gone = new Promise<string>((resolve) => {
    const leave = (reason: string) => {
      resolve(reason);
      // A second signal does not wait.
      process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143));
    };
    process.once('SIGINT', () => leave('SIGINT')).once('SIGTERM', () => leave('SIGTERM'));
    if (options.parentPipe) process.stdin.once('end', () => leave('its parent has gone')).resume();
  });
  const starting = start();
  const running = await starting;
  const { address = '', metricsPort, log = options.log } = running;
  if (json) process.stdout.write(`${JSON.stringify({ event: 'listening', role, address, metrics: metricsPort })}\n`);
  log.info({ address, metricsPort }, 'ready');
  const reason = await Promise.race([gone, running.closed.then(() => undefined)]);
  if (reason !== undefined) log.info({ reason }, 'draining');
  const late = setTimeout(() => {
    log.error(`draining took more than ${drainMsMax[role] / 1000} s`);
    process.exit(1);
  }, drainMsMax[role]);
  await running.close();
  clearTimeout(late);
}

/** `host:port` as given to --listen or --advertise. Errors: `usage`. */
export function assertAddress(flag: string, address: string): string {
  const match = /^(?<host>.+):(?<port>\d{1,5})$/.exec(address);
  const port = Number(match?.groups?.['port']);
  if (!match || port > 65_535) {
    throw new PolyakError(
      'usage',
      `${flag} '${address}': must be host:port, such as 127.0.0.1:7350 (port 0 takes any)`,
    );
  }
  return address;
}
