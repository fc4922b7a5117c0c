/** One line of JSON per event on stderr; stdout belongs to what a command prints. POLYAK_LOG sets the level. */
import { pino, type Logger } from 'pino';

export type { Logger };

export function createLog(role: string): Logger {
  const level = process.env['POLYAK_LOG'] ?? 'info';
  return pino({ level, base: { role, pid: process.pid } }, pino.destination({ fd: 2, sync: true }));
}
