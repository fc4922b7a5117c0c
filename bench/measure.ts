/** What every benchmark needs: the median, and processes that are measured in turns, a line in and a line out. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../common/package-root.js';

export function median(values: readonly number[]): number {
  const value = values.toSorted((a, b) => a - b)[values.length >> 1];
  if (value === undefined) throw new Error('no values to take the median of');
  return value;
}

/** The Python that has a peer's package, if the user named one. */
export function peerPython(peer: 'torch' | 'tensorflow'): string | undefined {
  const { POLYAK_BENCH_PYTHON, POLYAK_BENCH_TENSORFLOW_PYTHON } = process.env;
  return peer === 'torch' ? POLYAK_BENCH_PYTHON : (POLYAK_BENCH_TENSORFLOW_PYTHON ?? POLYAK_BENCH_PYTHON);
}

/** A process that says one line when it is ready and then answers each line with one line of JSON. */
export class Peer {
  readonly #lines: AsyncIterator<string>;
  readonly #child: ChildProcess;

  constructor(command: string, args: string[], environment: Record<string, string> = {}) {
    const env = { ...process.env, ...environment };
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'], env });
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** A built program of bench/, such as `gradient-process`. */
  static ours(program: string, args: string[] = [], environment: Record<string, string> = {}): Peer {
    return new Peer(process.execPath, [join(packageRoot(), `dist/bench/${program}.js`), ...args], environment);
  }

  /** A script of bench/peers. */
  static python(python: string, script: string, args: string[] = []): Peer {
    return new Peer(python, [join(packageRoot(), 'bench/peers', script), ...args]);
  }

  async read(): Promise<unknown> {
    const line = await this.#lines.next();
    if (line.done) throw new Error(`${this.#child.spawnargs.join(' ')} ended early`);
    return JSON.parse(line.value);
  }

  async ask(line: string): Promise<unknown> {
    this.#child.stdin!.write(`${line}\n`);
    return await this.read();
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.stdin!.end();
    await gone;
  }
}
