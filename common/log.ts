/**
 * One line of JSON per event on stderr, or text for whoever reads it there; stdout belongs to what a command prints. POLYAK_LOG sets
 * the level.
 */
import { pino, type Logger } from 'pino';

export type { Logger };

/** `onLine` hears of each line, which is JSON; `shown` says how it is written. */
export function createLog(
  role: string,
  onLine: (line: string) => void = () => undefined,
  shown: (line: string) => string = (line) => line,
): Logger {
  const level = process.env['POLYAK_LOG'] ?? 'info';
  const destination = pino.destination({ fd: 2, sync: true });
  const write = (line: string) => {
    destination.write(shown(line));
    onLine(line);
  };
  return pino({ level, base: { role, pid: process.pid } }, { write });
}
