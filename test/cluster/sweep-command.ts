/** `polyak` as a user starts it, with what it prints as JSON, for tests that disturb a sweep of this machine from outside. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../common/package-root.js';
import type { SweepLine } from '../../coordinator/sweep/log-line.js';

const bin = join(packageRoot(), 'bin/polyak.js');

export interface CommandEnd {
  code: number | null;
  /** What it wrote beside its events, and the event of its failure. */
  said: string;
}

export class SweepCommand {
  readonly lines: SweepLine[] = [];
  readonly ended: Promise<CommandEnd>;
  private readonly child: ChildProcess;
  private readonly waiting = new Set<() => void>();
  private isOver = false;
  private stderr = '';

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, [bin, ...args, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
    const { child } = this;
    createInterface({ input: child.stdout! }).on('line', (line) => {
      this.lines.push(JSON.parse(line) as SweepLine);
      this.wake();
    });
    child.stderr?.on('data', (text: Buffer) => (this.stderr += text.toString()));
    this.ended = once(child, 'close').then(([code]) => {
      this.isOver = true;
      this.wake();
      return { code: code as number | null, said: this.stderr + JSON.stringify(this.lines.filter(isFailure)) };
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** The first line that fits, past or future. Rejects where it ends before. */
  async line(fits: (line: SweepLine) => boolean): Promise<SweepLine> {
    for (;;) {
      const found = this.lines.find(fits);
      if (found) return found;
      if (this.isOver) throw new Error(`it has ended before: ${this.stderr}`);
      await new Promise<void>((resolve) => {
        this.waiting.add(resolve);
      });
    }
  }

  /** Until something is written to stderr that contains the text. */
  async says(text: string): Promise<void> {
    while (!this.stderr.includes(text)) {
      if (this.isOver) throw new Error(`it has ended before: ${this.stderr}`);
      await once(this.child.stderr!, 'data');
    }
  }

  private wake(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}

function isFailure({ event, code }: SweepLine): boolean {
  return event === 'failed' && code !== undefined;
}
