/**
 * A cluster on one machine: coordinator, servers and workers as child processes on loopback, started again when they
 * die, and stopped with their parent. The cluster's code path is the only one.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { PolyakError } from '../common/errors.js';
import { packageRoot } from '../common/package-root.js';

export interface RoleEntry {
  role: 'coordinator' | 'server' | 'worker';
  index: number;
  pid: number;
  address: string;
  metricsPort: number;
}

export interface LauncherOptions {
  /** Folder of the run: store, logs and run.json are kept there. */
  folder: string;
  servers: number;
  workers: number;
  backend: 'tensorflow' | 'cpu';
  onRestart(role: string, reason: string): void;
}

const restartsMax = 5;
const restartWindowMs = 30_000;
const startMsMax = 60_000;
const stopMsMax = 10_000;

interface Slot {
  role: RoleEntry['role'];
  index: number;
  args: string[];
  child?: ChildProcess;
  entry?: RoleEntry;
  deaths: number[];
}

export class Launcher {
  private readonly slots: Slot[] = [];
  private stopping = false;
  private giveUp: (error: Error) => void = () => undefined;
  /** Rejects when a role cannot be kept alive. */
  readonly failed = new Promise<never>((_, reject) => (this.giveUp = reject));

  private constructor(private readonly options: LauncherOptions) {
    this.failed.catch(() => undefined);
  }

  static async start(options: LauncherOptions): Promise<Launcher> {
    const launcher = new Launcher(options);
    mkdirSync(join(options.folder, 'logs'), { recursive: true });
    try {
      await launcher.startAll();
    } catch (error) {
      await launcher.stop();
      throw error;
    }
    return launcher;
  }

  get coordinator(): string {
    return this.slots[0]?.entry?.address ?? '';
  }

  /** Asks all to drain; after a while, insists. */
  async stop(): Promise<void> {
    this.stopping = true;
    const running = this.slots.flatMap(({ child }) => (child && child.exitCode === null && child.signalCode === null ? [child] : []));
    await Promise.all(
      running.toReversed().map(async (child) => {
        const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
        child.kill('SIGTERM');
        const insist = setTimeout(() => child.kill('SIGKILL'), stopMsMax);
        await gone;
        clearTimeout(insist);
      }),
    );
  }

  private async startAll(): Promise<void> {
    const { folder, servers, workers, backend } = this.options;
    const store = join(folder, 'coordinator.db');
    await this.add('coordinator', 0, ['--store', store]);
    const known = ['--coordinator', this.coordinator];
    const shards = Array.from({ length: servers }, async (_, shard) => {
      await this.add('server', shard, [...known, '--shard', String(shard)]);
    });
    const others = Array.from({ length: workers }, async (_, index) => {
      await this.add('worker', index, [...known, '--backend', backend]);
    });
    await Promise.all([...shards, ...others]);
  }

  private async add(role: Slot['role'], index: number, args: string[]): Promise<void> {
    const slot: Slot = { role, index, args, deaths: [] };
    this.slots.push(slot);
    await this.launch(slot);
  }

  /** Started again, a role listens where it did before, so that the others find it. */
  private async launch(slot: Slot): Promise<void> {
    const { role, index } = slot;
    const bin = join(packageRoot(), 'bin/polyak.js');
    const address = role === 'worker' ? [] : ['--listen', slot.entry?.address ?? '127.0.0.1:0'];
    const args = [bin, role, ...slot.args, ...address, '--json', '--parent-pipe'];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    slot.child = child;
    child.stdin.on('error', () => undefined);
    child.stderr.pipe(createWriteStream(join(this.options.folder, 'logs', `${role}-${index}.log`), { flags: 'a' }));
    const ended = new Promise<string>((resolve) => {
      child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    ended.then((reason) => this.restart(slot, reason)).catch((error: unknown) => this.giveUp(error as Error));
    const line = await Promise.race([
      new Promise<string>((resolve) => createInterface({ input: child.stdout }).once('line', resolve)),
      ended.then((reason) => Promise.reject(this.cannotStart(slot, reason))),
      delay(startMsMax, undefined, { ref: false }).then(() => Promise.reject(this.cannotStart(slot, 'no answer'))),
    ]);
    const listening = JSON.parse(line) as { address: string; metricsPort: number };
    slot.entry = { role, index, pid: child.pid ?? 0, address: listening.address, metricsPort: listening.metricsPort };
    this.writeRun();
  }

  private async restart(slot: Slot, reason: string): Promise<void> {
    // Without an entry the first start has failed, and its caller knows.
    if (this.stopping || !slot.entry) return;
    const now = Date.now();
    slot.deaths = [...slot.deaths.filter((at) => now - at < restartWindowMs), now];
    const name = `${slot.role} ${slot.index}`;
    this.options.onRestart(name, reason);
    if (slot.deaths.length > restartsMax) throw this.cannotStart(slot, reason);
    await delay(100 * (slot.deaths.length - 1));
    if (!this.stopping) await this.launch(slot);
  }

  private cannotStart(slot: Slot, reason: string): PolyakError {
    const log = join(this.options.folder, 'logs', `${slot.role}-${slot.index}.log`);
    return new PolyakError('unreachable', `${slot.role} ${slot.index} does not run (${reason}); its log is ${log}`);
  }

  private writeRun(): void {
    const roles = this.slots.flatMap(({ entry }) => (entry ? [entry] : []));
    const path = join(this.options.folder, 'run.json');
    writeFileSync(`${path}.partial`, JSON.stringify({ pid: process.pid, roles }, null, 2));
    renameSync(`${path}.partial`, path);
  }
}
