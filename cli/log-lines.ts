/** The lines of one process's log: JSON records, and between them what libraries and crashes print. */
import { StringDecoder } from 'node:string_decoder';
import { coloured, dim } from './table.js';

export interface LogLine {
  /** Such as `worker-0`. */
  process: string;
  /** Milliseconds since 1970; that of the record before, for a line that has none. */
  time: number;
  record: Record<string, unknown>;
}

/** Of a worker's id, as logs of trials name it. */
const idDigits = 8;

const levels: Record<number, string> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' };

/** Turns bytes into lines as they come. */
export class LogLines {
  private readonly decoder = new StringDecoder('utf8');
  private partial = '';
  private time = 0;

  constructor(private readonly process: string) {}

  add(bytes: Buffer): LogLine[] {
    const texts = (this.partial + this.decoder.write(bytes)).split('\n');
    this.partial = texts.pop() ?? '';
    return texts.filter((text) => text !== '').map((text) => this.lineOf(text));
  }

  end(): LogLine[] {
    const text = this.partial;
    this.partial = '';
    return text === '' ? [] : [this.lineOf(text)];
  }

  private lineOf(text: string): LogLine {
    const record = recordOf(text) ?? { msg: text };
    if (typeof record['time'] === 'number') this.time = record['time'];
    return { process: this.process, time: this.time, record };
  }
}

/** `10:58:52.123 worker-0 warn  message  key=value`. */
export function lineText({ process, time, record }: LogLine): string {
  const { level, msg, time: _, pid: __, role, worker, ...facts } = record;
  // Of a worker's own line, the process is named already.
  const rest = worker === undefined || role === 'worker' ? facts : { worker, ...facts };
  const name = typeof level === 'number' ? (levels[level] ?? String(level)) : '';
  const clock = time === 0 ? ' '.repeat(12) : clockOf(time);
  const members = Object.entries(rest).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const message = typeof msg === 'string' ? msg : '';
  return [dim(clock), process.padEnd(13), levelText(name), [message, ...members.map(dim)].join('  ')]
    .join(' ')
    .trimEnd();
}

/** A process's own line as a terminal shows it; that of JSON elsewhere. Undefined leaves it as it is. */
export function shownOn(output: { isTTY?: boolean }, process: string): ((line: string) => string) | undefined {
  if (output.isTTY !== true) return undefined;
  return (line) => {
    const record = recordOf(line);
    if (!record) return line;
    const { time, role, worker } = record;
    const name = role === 'worker' && typeof worker === 'string' ? `worker-${worker.slice(0, idDigits)}` : process;
    return `${lineText({ process: name, time: Number(time ?? 0), record })}\n`;
  };
}

function levelText(name: string): string {
  const text = name.padEnd(5);
  if (name === 'error' || name === 'fatal') return coloured('red', text);
  return name === 'warn' ? coloured('yellow', text) : text;
}

function recordOf(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function clockOf(time: number): string {
  const date = new Date(time);
  const digits = (value: number, width: number) => String(value).padStart(width, '0');
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map((value) => digits(value, 2)).join(':');
  return `${clock}.${digits(date.getMilliseconds(), 3)}`;
}
