/** One process of a role, started by hand where a test must decide who runs when; and the metrics that it shows. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../common/package-root.js';

const bin = join(packageRoot(), 'bin/polyak.js');

export interface Listening {
  address: string;
  metrics: number;
}

export class ClusterRole {
  readonly listening: Promise<Listening>;
  readonly exit: Promise<number>;
  /** The last object that it printed. */
  last: Record<string, unknown> = {};
  private log = '';

  private constructor(
    readonly role: string,
    private readonly child: ChildProcess,
  ) {
    this.exit = once(child, 'close').then(([code]) => Number(code));
    this.listening = new Promise((resolve, reject) => {
      if (child.stdout) {
        createInterface({ input: child.stdout }).on('line', (line) => {
          this.last = JSON.parse(line) as Record<string, unknown>;
          if (this.last['event'] === 'listening') resolve(this.last as unknown as Listening);
        });
      }
      void this.exit.then((code) => reject(new Error(`${role} exited ${code}\n${this.log}`)));
    });
    this.listening.catch(() => undefined);
    child.stderr?.on('data', (text: Buffer) => (this.log = (this.log + text.toString()).slice(-8000)));
  }

  /** `prefix` is a command that runs what follows it, such as `ip netns exec NAME`. */
  static start(
    role: 'server' | 'worker' | 'coordinator',
    args: string[],
    prefix: string[] = [],
    place: { cwd?: string; env?: Record<string, string> } = {},
  ): ClusterRole {
    const [command, ...rest] = [...prefix, process.execPath, bin, role, ...args, '--json'];
    const env = { ...process.env, POLYAK_LOG: 'warn', ...place.env };
    const options = { env, cwd: place.cwd, stdio: ['ignore' as const, 'pipe' as const, 'pipe' as const] };
    const child = spawn(command ?? process.execPath, rest, options);
    return new ClusterRole(role, child);
  }

  get report(): string {
    return `${this.role}: ${this.log}`;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** The sum over all label values that contain `labels`; 0 for a metric that nobody has touched. */
  async metric(name: string, labels = ''): Promise<number> {
    return await readMetric((await this.listening).metrics, name, labels);
  }

  async kill(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.exit;
  }
}

export async function readMetric(port: number, name: string, labels = '', host = '127.0.0.1'): Promise<number> {
  const text = await (await fetch(`http://${host}:${port}/metrics`)).text();
  return sumMetric(text, name, labels);
}

export function sumMetric(text: string, name: string, labels = ''): number {
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) && line.includes(labels));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
