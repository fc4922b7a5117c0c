/**
 * What the processes of trials have logged, kept beside the store when they are gone: a file or two for each run, the oldest
 * lines of a run and the oldest runs given up where there are too many. It is for people; nothing is decided by it.
 */
import { appendFile, mkdir, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Counter } from 'prom-client';
import type { Logger } from '../common/log.js';

/** A line as it is kept and sent. */
export interface KeptLine {
  /** Names the line: microseconds since 1970 of its arrival, none twice. */
  at: number;
  /** Such as `server-0`. */
  process: string;
  /** Milliseconds since 1970, by the clock of its process. */
  time: number;
  record: Record<string, unknown>;
}

export interface TrialLogsOptions {
  folder: string;
  /** Of one run, in two files of half as much each. */
  runBytesMax?: number;
  /** Of all. */
  bytesMax?: number;
  lines: Counter<'result'>;
  log: Logger;
}

const flushMs = 300;
/** Of what is not written yet. */
const pendingLinesMax = 20_000;
const runBytesMaxDefault = 2 << 20;
const bytesMaxDefault = 512 << 20;

export class TrialLogs {
  private pending = new Map<string, KeptLine[]>();
  private pendingCount = 0;
  private readonly watchers = new Map<string, Set<(lines: KeptLine[]) => void>>();
  private lastAt = 0;
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();
  /** Bytes on disk; undefined before they were counted. */
  private bytes: number | undefined;
  private hasFailed = false;

  constructor(private readonly options: TrialLogsOptions) {}

  /** `texts` are JSON objects; what is none is passed over. */
  add(run: string, process: string, texts: readonly string[]): void {
    const { lines } = this.options;
    const added: KeptLine[] = [];
    for (const text of texts) {
      const record = recordOf(text);
      if (!record || this.pendingCount + added.length >= pendingLinesMax) lines.inc({ result: 'dropped' });
      else added.push({ at: this.nextAt(), process, time: Number(record['time']) || Date.now(), record });
    }
    if (added.length === 0) return;
    lines.inc({ result: 'kept' }, added.length);
    this.pendingCount += added.length;
    const known = this.pending.get(run);
    if (known) known.push(...added);
    else this.pending.set(run, added);
    for (const watcher of this.watchers.get(run) ?? []) watcher(added);
    this.timer ??= setTimeout(() => void this.flush(), flushMs);
  }

  /** Those that are kept of a run, in the order of time; of those that came after one. */
  async read(run: string, after = 0): Promise<KeptLine[]> {
    await this.flush();
    const files = [olderFile(this.options.folder, run), newerFile(this.options.folder, run)];
    const texts = await Promise.all(files.map(async (file) => await readFile(file, 'utf8').catch(() => '')));
    const lines = texts.flatMap((text) => text.split('\n')).flatMap((text) => lineOf(text) ?? []);
    return lines.filter(({ at }) => at > after).toSorted((left, right) => left.time - right.time || left.at - right.at);
  }

  /** Hears of lines as they come. Answers with what ends it. */
  watch(run: string, watcher: (lines: KeptLine[]) => void): () => void {
    const watchers = this.watchers.get(run) ?? new Set();
    this.watchers.set(run, watchers.add(watcher));
    return () => {
      watchers.delete(watcher);
      if (watchers.size === 0) this.watchers.delete(run);
    };
  }

  async close(): Promise<void> {
    await this.flush();
  }

  private async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { pending } = this;
    this.pending = new Map();
    this.pendingCount = 0;
    this.writing = this.writing.then(async () => {
      try {
        for (const [run, lines] of pending) await this.append(run, lines);
        if (pending.size > 0) await this.makeRoom();
        this.hasFailed = false;
      } catch (error) {
        // A full disk must not end a coordinator, nor fill its log.
        if (!this.hasFailed) this.options.log.warn({ error: String(error) }, 'logs of trials cannot be kept');
        this.hasFailed = true;
      }
    });
    await this.writing;
  }

  private async append(run: string, lines: readonly KeptLine[]): Promise<void> {
    const { folder, runBytesMax = runBytesMaxDefault } = this.options;
    const file = newerFile(folder, run);
    await mkdir(dirname(file), { recursive: true });
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    const size = await sizeOf(file);
    if (size + text.length > runBytesMax / 2 && size > 0) {
      const older = olderFile(folder, run);
      this.bytes = (await this.counted()) - (await sizeOf(older));
      await rename(file, older);
    }
    await this.counted();
    await appendFile(file, text);
    this.bytes = (this.bytes ?? 0) + Buffer.byteLength(text);
  }

  private async counted(): Promise<number> {
    this.bytes ??= (await this.files()).reduce((sum, { bytes }) => sum + bytes, 0);
    return this.bytes;
  }

  /** The files that were written longest ago go first. */
  private async makeRoom(): Promise<void> {
    const { bytesMax = bytesMaxDefault } = this.options;
    if ((await this.counted()) <= bytesMax) return;
    let left = 0;
    let isFull = false;
    const newestFirst = (await this.files()).toSorted((one, other) => other.changedAt - one.changedAt);
    for (const { path, bytes } of newestFirst) {
      // A tenth of room, so that not every line is to look through them all.
      isFull ||= left + bytes > bytesMax * 0.9;
      if (isFull) await rm(path, { force: true });
      else left += bytes;
    }
    this.bytes = left;
  }

  private async files(): Promise<{ path: string; bytes: number; changedAt: number }[]> {
    const names = await readdir(this.options.folder, { recursive: true }).catch(() => []);
    const found = [];
    for (const name of names.filter((each) => each.endsWith('.jsonl'))) {
      const path = join(this.options.folder, name);
      const info = await stat(path).catch(() => undefined);
      if (info) found.push({ path, bytes: info.size, changedAt: info.mtimeMs });
    }
    return found;
  }

  private nextAt(): number {
    this.lastAt = Math.max(this.lastAt + 1, Date.now() * 1000);
    return this.lastAt;
  }
}

/** Folders by the first digits, since a sweep may have a hundred thousand trials. */
function newerFile(folder: string, run: string): string {
  return join(folder, run.slice(0, 2), `${run}.jsonl`);
}

function olderFile(folder: string, run: string): string {
  return join(folder, run.slice(0, 2), `${run}.older.jsonl`);
}

async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? 0;
}

function recordOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined for a line that was cut off when its coordinator died. */
function lineOf(text: string): KeptLine | undefined {
  return text === '' ? undefined : (recordOf(text) as unknown as KeptLine | undefined);
}
