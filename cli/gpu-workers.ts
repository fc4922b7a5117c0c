/**
 * A worker process for each GPU, as children of this one: each sees its device alone. They end when this process is told to,
 * or when it dies; and when one of them dies they all end, since who supervises this process is who decides what comes then.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { exitForRestart } from '../common/exit-for-restart.js';
import { PolyakError } from '../common/errors.js';
import type { Logger } from '../common/log.js';

export interface GpuWorkersOptions {
  devices: readonly number[];
  /** Of a worker for the position-th device: what runs, and its arguments. */
  command: (position: number) => [program: string, ...args: string[]];
  /** What the children say on stdout. */
  onLine: (line: string) => void;
  log: Logger;
}

/** For what they hold to be given back. */
const graceMs = 15_000;

export class GpuWorkers {
  private readonly children = new Map<number, ChildProcess>();
  private ending = false;
  private failure: PolyakError | undefined;
  private finish: () => void = () => undefined;
  private readonly over = new Promise<void>((resolve) => (this.finish = resolve));

  constructor(private readonly options: GpuWorkersOptions) {
    for (const position of options.devices.keys()) this.start(position);
  }

  /** Resolves when all have ended after `end`. Errors: `internal` where one ended by itself, when all others have. */
  async ended(): Promise<void> {
    await this.over;
    if (this.failure) throw this.failure;
  }

  /** Tells all to drain; who does not in time is killed. */
  end(): void {
    if (this.ending) return;
    this.ending = true;
    for (const child of this.children.values()) child.kill('SIGTERM');
    const kill = setTimeout(() => {
      for (const child of this.children.values()) child.kill('SIGKILL');
    }, graceMs);
    void this.over.then(() => clearTimeout(kill));
    this.finishIfOver();
  }

  private start(position: number): void {
    const device = this.options.devices[position] ?? 0;
    const [program, ...args] = this.options.command(position);
    // Its end of stdin closes when this process is gone, however it went. In a process group of its own, since Ctrl-C on a
    // terminal would be its first signal, and ours its second, which does not wait.
    const stdio = ['pipe', 'pipe', 'inherit'] as const;
    const child = spawn(program, args, { stdio: [...stdio], env: environmentOf(device), detached: true });
    this.children.set(position, child);
    this.options.log.info({ device, worker: child.pid }, 'a worker for a GPU');
    child.stdin?.on('error', () => undefined);
    if (child.stdout) createInterface({ input: child.stdout }).on('line', this.options.onLine);
    let fault = '';
    child.once('error', ({ message }) => (fault = message));
    child.once('close', (code, signal) => this.closed(position, { code, signal, fault }));
  }

  private closed(
    position: number,
    { code, signal, fault }: { code: number | null; signal: string | null; fault: string },
  ): void {
    const device = this.options.devices[position] ?? 0;
    this.children.delete(position);
    if (this.ending) return this.finishIfOver();
    if (code === exitForRestart) {
      this.options.log.warn({ device }, 'the worker of a GPU asks to be started again, for a trial of other threads');
      return this.start(position);
    }
    const how = fault === '' ? (signal ?? `exit code ${code}`) : fault;
    this.options.log.error({ device, how }, 'the worker of a GPU has ended; all end');
    this.failure = new PolyakError(
      'internal',
      `the worker of GPU ${device} has ended (${how}), and so have all others`,
    );
    this.end();
  }

  private finishIfOver(): void {
    if (this.children.size === 0) this.finish();
  }
}

/** The device is number 0 to who sees no other. Its memory is taken as it is needed; its results are the same each time. */
function environmentOf(device: number): NodeJS.ProcessEnv {
  return {
    ...process.env,
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    CUDA_VISIBLE_DEVICES: String(device),
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    TF_DETERMINISTIC_OPS: '1',
  };
}
