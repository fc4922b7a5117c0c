/** Moto's S3, of PyPI: an implementation that is not ours. It takes any keys; what checks signatures is s3-server.ts. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../cli/free-port.js';
import { installed } from '../inference/python.js';

const program = 'import sys\nfrom moto.server import main\nmain(["-H", "127.0.0.1", "-p", sys.argv[1]])';

export class MotoServer {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  /** With a bucket named `bucket`. Answers with the reason why it cannot be had; under CI that is an error. */
  static async start(): Promise<MotoServer | string> {
    let path: string;
    try {
      path = installed('test-moto');
    } catch (error) {
      if (process.env['CI'] !== undefined) throw error;
      return `moto cannot be had: ${error instanceof Error ? error.message : String(error)}`;
    }
    const port = await freePort('127.0.0.1');
    const env = { ...process.env, PYTHONPATH: path };
    const child = spawn('python3', ['-c', program, String(port)], { stdio: 'ignore', env });
    const server = new MotoServer(child, `http://127.0.0.1:${port}`);
    await server.untilReady();
    return server;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }

  private async untilReady(): Promise<void> {
    while (this.child.exitCode === null) {
      const answer = await fetch(`${this.url}/bucket`, { method: 'PUT' }).catch(() => undefined);
      if (answer?.ok) return;
      // It says nothing when it listens.
      await delay(100);
    }
    throw new Error(`moto has exited ${this.child.exitCode}`);
  }
}
