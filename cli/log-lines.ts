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
  const { level, msg, time: _, pid: __, role: ___, ...rest } = record;
  const name = typeof level === 'number' ? (levels[level] ?? String(level)) : '';
  const clock = time === 0 ? ' '.repeat(12) : clockOf(time);
  const facts = Object.entries(rest).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const message = typeof msg === 'string' ? msg : '';
  return [dim(clock), process.padEnd(13), levelText(name), [message, ...facts.map(dim)].join('  ')].join(' ').trimEnd();
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
