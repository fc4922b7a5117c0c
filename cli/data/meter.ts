/** How far a file has come: on a terminal a line that changes, else nothing until the end; with --json an event now and then. */
import { printJson } from '../output.js';

const pauseMs = 250;

export class Meter {
  private shownAt = 0;

  constructor(
    private readonly name: string,
    private readonly json: boolean,
  ) {}

  show(done: number, total: number | undefined): void {
    const now = Date.now();
    if (now - this.shownAt < pauseMs) return;
    this.shownAt = now;
    if (this.json) printJson({ event: 'progress', file: this.name, bytes: done, bytesTotal: total ?? null });
    else if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${this.name}  ${amount(done, total)}`);
  }

  done(what: string): void {
    if (this.json) printJson({ event: 'file', file: this.name, what });
    else process.stderr.write(`${process.stderr.isTTY ? '\r\u001B[K' : ''}${this.name}  ${what}\n`);
  }
}

function amount(done: number, total: number | undefined): string {
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  if (total === undefined) return megabytes(done);
  return `${megabytes(done)} of ${megabytes(total)}  ${Math.floor((100 * done) / Math.max(1, total))} %`;
}
