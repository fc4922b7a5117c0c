/** `polyak logs`: the logs of the processes of a run or a sweep as one, in the order of time; of a trial, what concerns it. */
import { closeSync, existsSync, openSync, readSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PolyakError } from '../common/errors.js';
import { LogLines, lineText, type LogLine } from './log-lines.js';
import { printJson } from './output.js';
import { remoteLogsOf, showRemoteLogs } from './remote-logs.js';
import { historyOf, isAlive } from './run-facts.js';
import { openRun } from './open-run.js';
import { RunFolder } from './run-folder.js';
import { sweepMeant } from './sweep/newest-sweep.js';
import { SweepFolder } from './sweep/sweep-folder.js';

export interface LogsOptions {
  state: string;
  /** Of a cluster elsewhere; a run or trial of this state folder knows its own. */
  coordinator?: string;
  role?: string;
  follow: boolean;
  json: boolean;
}

const pollMs = 200;
const readBytesMax = 1 << 20;

export async function logsCommand(run: string, options: LogsOptions): Promise<void> {
  const { state, role, follow, json } = options;
  const remote = await remoteLogsOf(run, options);
  if (remote) return await showRemoteLogs(remote, { role, follow, json });
  const source = await sourceOf(state, run);
  const files = new LogFiles(source, role);
  files.requireSome();
  const print = (line: LogLine) => {
    // A worker that joins again says so behind the key.
    if (source.trialKey !== undefined && !String(line.record['trial']).startsWith(source.trialKey)) return;
    // Records may have a key of any name.
    if (json) printJson(line);
    else process.stdout.write(`${lineText(line)}\n`);
  };
  for (;;) {
    // Asked before reading, so that what is written until then is read once more.
    const running = follow && source.hasMoreToSay();
    for (const line of files.read()) print(line);
    if (!running) break;
    await delay(pollMs);
  }
  for (const line of files.rest()) print(line);
}

interface LogSource {
  name: string;
  /** Folder of the logs. */
  logs: string;
  isElsewhere: boolean;
  /** Only records of this trial. */
  trialKey?: string;
  hasMoreToSay: () => boolean;
}

async function sourceOf(state: string, text: string): Promise<LogSource> {
  const sweep = sweepMeant(state, text);
  if (sweep !== undefined) return sourceOfSweep(sweep);
  const { path, facts, logs } = await openRun(state, text);
  if (facts.trial) return { ...sourceOfSweep(dirname(dirname(path))), name: facts.name, trialKey: facts.trialKey };
  const { name, coordinator } = facts;
  return {
    ...{ name, logs, isElsewhere: coordinator !== null },
    // Its processes write their last lines when the run has ended already.
    hasMoreToSay: () => {
      const folder = RunFolder.open(state, path);
      return historyOf(folder).results.state === 'running' || folder.facts.roles.some(({ pid }) => isAlive(pid));
    },
  };
}

function sourceOfSweep(path: string): LogSource {
  const { facts, logs } = SweepFolder.open('.', path);
  const hasMoreToSay = () => {
    const now = SweepFolder.open('.', path);
    return now.isFollowed || now.facts.roles.some(({ pid }) => isAlive(pid));
  };
  return { name: facts.name, logs, isElsewhere: facts.coordinator !== null, hasMoreToSay };
}

/** The log files, each read on from where it was. */
class LogFiles {
  private readonly open = new Map<string, { position: number; lines: LogLines }>();

  constructor(
    private readonly source: LogSource,
    private readonly role: string | undefined,
  ) {}

  /** Errors: `usage` where there is nothing to show. */
  requireSome(): void {
    const all = this.processes();
    const { name, isElsewhere } = this.source;
    if (all.length === 0) {
      const why = isElsewhere ? '; its processes run elsewhere and log there' : '';
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
    const file = join(this.source.logs, `${process}.log`);
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
    const { logs } = this.source;
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
