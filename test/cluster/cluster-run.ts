/**
 * A training run for tests: real processes over real sockets, started the way a user starts them. Gives its events as
 * they come, the pids of its roles, and its result.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../common/package-root.js';

export interface RunEvent {
  event: string;
  [name: string]: unknown;
}

export interface RoleEntry {
  role: 'server' | 'worker' | 'coordinator';
  index: number;
  pid: number;
  address: string;
  metricsPort: number;
}

const bin = join(packageRoot(), 'bin/polyak.js');

export class ClusterRun {
  readonly events: RunEvent[] = [];
  readonly process: ChildProcess;
  private readonly waiting = new Set<() => void>();
  private readonly exit: Promise<number>;
  private errors = '';

  private constructor(
    readonly state: string,
    args: string[],
    environment: Record<string, string>,
    /** A command that runs what follows it. */
    prefix: string[] = [],
  ) {
    const [command, ...rest] = [...prefix, process.execPath, bin, ...args, '--state', state, '--json'];
    this.process = spawn(command ?? process.execPath, rest, {
      env: { ...process.env, POLYAK_LOG: 'warn', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { stdout, stderr } = this.process;
    if (stdout) {
      createInterface({ input: stdout }).on('line', (line) => {
        this.events.push(JSON.parse(line) as RunEvent);
        for (const wake of this.waiting) wake();
      });
    }
    stderr?.on('data', (text: Buffer) => (this.errors = (this.errors + text.toString()).slice(-8000)));
    this.exit = once(this.process, 'close').then(([code]) => {
      for (const wake of this.waiting) wake();
      return Number(code);
    });
  }

  static train(file: string, args: string[], environment: Record<string, string> = {}): ClusterRun {
    const state = mkdtempSync(join(tmpdir(), 'polyak-run-'));
    return new ClusterRun(state, ['train', file, ...args], environment);
  }

  /** On roles that the test has started itself. */
  static submit(file: string, coordinator: string, args: string[], prefix: string[] = []): ClusterRun {
    const state = mkdtempSync(join(tmpdir(), 'polyak-run-'));
    return new ClusterRun(state, ['train', file, '--coordinator', coordinator, ...args], {}, prefix);
  }

  /** Goes on in the same state folder. */
  resume(args: string[] = [], environment: Record<string, string> = {}): ClusterRun {
    return new ClusterRun(this.state, ['resume', this.folder, ...args], environment);
  }

  get folder(): string {
    const name = readdirSync(this.state)[0];
    if (name === undefined) throw new Error(`${this.state} has no run yet`);
    return join(this.state, name);
  }

  roles(): RoleEntry[] {
    return (JSON.parse(readFileSync(join(this.folder, 'run.json'), 'utf8')) as { roles: RoleEntry[] }).roles;
  }

  role(role: RoleEntry['role'], index = 0): RoleEntry {
    const entry = this.roles().find((candidate) => candidate.role === role && candidate.index === index);
    if (!entry) throw new Error(`the run has no ${role} ${index}`);
    return entry;
  }

  kill(role: RoleEntry['role'], index = 0, signal: NodeJS.Signals = 'SIGKILL'): number {
    const { pid } = this.role(role, index);
    process.kill(pid, signal);
    return pid;
  }

  /** The first event that fits, past or future. Fails with what the run printed when it ends without one. */
  async event(fits: (event: RunEvent) => boolean): Promise<RunEvent> {
    for (;;) {
      const found = this.events.find(fits);
      if (found) return found;
      if (this.process.exitCode !== null) throw new Error(`the run ended without the event\n${this.report()}`);
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.waiting.delete(wake);
          resolve();
        };
        this.waiting.add(wake);
      });
    }
  }

  /** The first event to come that fits. */
  async nextEvent(fits: (event: RunEvent) => boolean): Promise<RunEvent> {
    const known = new Set(this.events);
    return await this.event((event) => !known.has(event) && fits(event));
  }

  async step(step: number): Promise<RunEvent> {
    return await this.event(({ event, step: at }) => event === 'progress' && Number(at) >= step);
  }

  async exitCode(): Promise<number> {
    return await this.exit;
  }

  /** The last line of a run that must finish. */
  async finished(): Promise<RunEvent> {
    const code = await this.exit;
    const last = this.events.at(-1);
    if (code !== 0 || last?.event !== 'finished') throw new Error(`the run exited ${code}\n${this.report()}`);
    return last;
  }

  report(): string {
    const notices = this.events.filter(({ event }) => event !== 'progress').map((event) => JSON.stringify(event));
    return `${notices.slice(-20).join('\n')}\n${this.errors}`;
  }

  remove(): void {
    rmSync(this.state, { recursive: true, force: true });
  }
}
