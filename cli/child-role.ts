/** One process of a role, as a child: started, found listening, started again when it dies, and stopped by its pid. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PolyakError, isErrorCode } from '../common/errors.js';
import { packageRoot } from '../common/package-root.js';

export type RoleName = 'server' | 'worker' | 'coordinator';

export interface Listening {
  pid: number;
  address: string;
  metricsPort: number;
}

/** How a process ended. */
export interface Death {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** It ended before it listened. */
  early: boolean;
  /** What it said of itself, when the fault is not one that starting again mends. */
  error: PolyakError | undefined;
}

const bin = join(packageRoot(), 'bin/polyak.js');

export class ChildRole {
  private readonly child: ChildProcess;
  /** Rejects when the process ends first. */
  readonly listening: Promise<Listening>;
  readonly ended: Promise<Death>;

  /** `args` follow the role's name; stderr is appended to the log file. */
  constructor(role: RoleName, args: string[], logFile: string) {
    const log = openSync(logFile, 'a');
    // In a process group of its own: Ctrl-C on a terminal reaches the launcher alone, which ends the run in order.
    this.child = spawn(process.execPath, [bin, role, ...args, '--json', '--parent-pipe'], {
      stdio: ['pipe', 'pipe', log],
      detached: true,
    });
    closeSync(log);
    const { child } = this;
    let listens = false;
    let error: PolyakError | undefined;
    this.ended = new Promise((resolve) => {
      child.once('error', (cause) => {
        error = new PolyakError('internal', `${role}: cannot be started: ${cause.message}`);
        resolve({ code: null, signal: null, early: true, error });
      });
      child.once('close', (code, signal) => resolve({ code, signal, early: !listens, error }));
    });
    this.listening = new Promise((resolve, reject) => {
      if (child.stdout) {
        createInterface({ input: child.stdout }).on('line', (line) => {
          const message = parse(line);
          if (message['event'] === 'listening') {
            listens = true;
            const { address, metrics } = message;
            resolve({ pid: child.pid ?? 0, address: String(address), metricsPort: Number(metrics) });
          } else if (message['event'] === 'failed') {
            const code = String(message['code']);
            error = new PolyakError(isErrorCode(code) ? code : 'internal', String(message['message']));
          }
        });
      }
      void this.ended.then(({ code, signal }) =>
        reject(
          error ??
            new PolyakError('internal', `${role} ended with ${signal ?? `exit code ${code}`} before it was ready`),
        ),
      );
    });
    this.listening.catch(() => undefined);
    // A child that is gone does not read.
    child.stdin?.on('error', () => undefined);
  }

  /** Asks it to drain; after `graceMs` it is killed. */
  async stop(graceMs: number): Promise<void> {
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await this.ended;
    clearTimeout(kill);
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}

function parse(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return {};
  }
}
