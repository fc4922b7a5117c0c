/** `polyak logs`: the logs of a run's processes as one, in the order of time. */
import { closeSync, existsSync, openSync, readSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PolyakError } from '../common/errors.js';
import { LogLines, lineText, type LogLine } from './log-lines.js';
import { printJson } from './output.js';
import { historyOf, isAlive } from './run-facts.js';
import { RunFolder } from './run-folder.js';

interface LogsOptions {
  state: string;
  role?: string;
  follow: boolean;
  json: boolean;
}

const pollMs = 200;
const readBytesMax = 1 << 20;

export async function logsCommand(run: string, options: LogsOptions): Promise<void> {
  const { state, role, follow, json } = options;
  const folder = RunFolder.open(state, run);
  const files = new LogFiles(folder, role);
  files.requireSome();
  const print = (line: LogLine) => {
    // Records may have a key of any name.
    if (json) printJson(line);
    else process.stdout.write(`${lineText(line)}\n`);
  };
  for (;;) {
    // Asked before reading, so that what is written until then is read once more.
    const running = follow && hasMoreToSay(RunFolder.open(state, folder.path));
    for (const line of files.read()) print(line);
    if (!running) break;
    await delay(pollMs);
  }
  for (const line of files.rest()) print(line);
}

/** Its processes write their last lines when the run has ended already. */
function hasMoreToSay(folder: RunFolder): boolean {
  return historyOf(folder).results.state === 'running' || folder.facts.roles.some(({ pid }) => isAlive(pid));
}

/** The log files, each read on from where it was. */
class LogFiles {
  private readonly open = new Map<string, { position: number; lines: LogLines }>();

  constructor(
    private readonly folder: RunFolder,
    private readonly role: string | undefined,
  ) {}

  /** Errors: `usage` where there is nothing to show. */
  requireSome(): void {
    const all = this.processes();
    const { name } = this.folder.facts;
    if (all.length === 0) {
      const why = this.folder.facts.coordinator === null ? '' : '; its processes run elsewhere and log there';
      throw new PolyakError('usage', `${name} has no logs${why}`);
    }
    if (!all.some((process) => this.wanted(process))) {
      throw new PolyakError('usage', `--role '${this.role}': ${name} has logs of ${all.join(', ')}`);
    }
  }

  /** What is new, in the order of time. */
  read(): LogLine[] {
    const lines = this.processes()
      .filter((process) => this.wanted(process))
      .flatMap((process) => this.readOn(process));
    return lines.toSorted((left, right) => left.time - right.time);
  }

  /** Last lines that have no end. */
  rest(): LogLine[] {
    return [...this.open.values()].flatMap(({ lines }) => lines.end());
  }

  private readOn(process: string): LogLine[] {
    const file = join(this.folder.logs, `${process}.log`);
    const state = this.open.get(process) ?? { position: 0, lines: new LogLines(process) };
    this.open.set(process, state);
    const found: LogLine[] = [];
    const descriptor = openSync(file, 'r');
    try {
      for (let size = statSync(file).size; state.position < size;) {
        const bytes = Buffer.alloc(Math.min(readBytesMax, size - state.position));
        const read = readSync(descriptor, bytes, 0, bytes.length, state.position);
        if (read === 0) break;
        state.position += read;
        found.push(...state.lines.add(bytes.subarray(0, read)));
      }
    } finally {
      closeSync(descriptor);
    }
    return found;
  }

  private processes(): string[] {
    const { logs } = this.folder;
    if (!existsSync(logs)) return [];
    return readdirSync(logs)
      .filter((name) => name.endsWith('.log'))
      .map((name) => name.slice(0, -'.log'.length))
      .toSorted();
  }

  /** `worker` means all workers, `worker-0` one. */
  private wanted(process: string): boolean {
    return this.role === undefined || process === this.role || process.replace(/-\d+$/, '') === this.role;
  }
}
