/**
 * A cluster for sweeps in tests: a coordinator, servers and workers as real processes over real sockets, started again
 * whenever they die, and a sweep followed through their deaths to its table. Who is killed when is the test's to say.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChildRole, type RoleName } from '../../cli/child-role.js';
import { freePort } from '../../cli/free-port.js';
import { SweepFollower, type SweepAction } from '../../cli/sweep/sweep-follower.js';
import type { SweepLine } from '../../coordinator/sweep/log-line.js';
import type { SweepSnapshot } from '../../coordinator/sweep/sweep-snapshot.js';
import type { TrialRow } from '../../coordinator/store/rows.js';
import type { TinySweep } from './tiny-sweep.js';

export interface SweepClusterOptions {
  workers: number;
  shards: number;
  backend?: 'cpu' | 'tensorflow';
}

interface Place {
  role: RoleName;
  index: number;
  /** Kept over restarts; 0 of a worker. */
  port: number;
  child: ChildRole;
  pid: Promise<number>;
  /** It is not to be started again. */
  leaves: boolean;
}

const host = '127.0.0.1';
const graceMs = 10_000;
const patienceMs = 60_000;
const pageTrials = 1000;

/** A line of the table as it must be again, whoever computes it. */
export type TableLine = Pick<
  TrialRow,
  'number' | 'status' | 'epoch' | 'value' | 'best' | 'bestEpoch' | 'loss' | 'reason' | 'rung' | 'bracket' | 'round'
> & { columns: TrialRow['columns'] };

export class SweepCluster {
  readonly folder = mkdtempSync(join(tmpdir(), 'polyak-sweep-'));
  /** How often each role was killed. */
  readonly kills = { coordinator: 0, server: 0, worker: 0 };
  private readonly places: Place[] = [];
  private readonly ending = new AbortController();
  private port = 0;

  private constructor(private readonly options: SweepClusterOptions) {
    mkdirSync(join(this.folder, 'logs'));
  }

  static async start(options: SweepClusterOptions): Promise<SweepCluster> {
    const cluster = new SweepCluster(options);
    cluster.port = await freePort(host);
    const coordinator = cluster.keep('coordinator', 0, cluster.port);
    await coordinator.child.listening;
    for (let shard = 0; shard < options.shards; shard++) cluster.keep('server', shard, await freePort(host));
    for (let worker = 0; worker < options.workers; worker++) cluster.keep('worker', worker, 0);
    return cluster;
  }

  get coordinator(): string {
    return `${host}:${this.port}`;
  }

  get store(): string {
    return join(this.folder, 'coordinator.db');
  }

  /** Resolves when it listens, with the port of its metrics. */
  async addWorker(): Promise<number> {
    const index = this.places.filter(({ role }) => role === 'worker').length;
    const { metricsPort } = await this.keep('worker', index, 0).child.listening;
    return metricsPort;
  }

  /** Kills the process, which is started again. Answers with its pid, once it has one. */
  async kill(role: RoleName, index: number): Promise<number> {
    const place = this.find(role, index);
    const pid = await place.pid;
    // Dead by now, when it was killed before it listened.
    if (pid > 0) place.child.kill();
    this.kills[role] += 1;
    return pid;
  }

  /** Asks it to drain; it is not started again. Resolves with the milliseconds that it took. */
  async retire(role: RoleName, index: number): Promise<number> {
    const place = this.find(role, index);
    place.leaves = true;
    const from = performance.now();
    await place.child.stop(graceMs);
    return performance.now() - from;
  }

  async submit(
    { experiment, folder }: TinySweep,
    { settings = {}, replayOf }: { settings?: Record<string, unknown>; replayOf?: SubmittedSweep } = {},
  ): Promise<SubmittedSweep> {
    const key = randomBytes(8);
    const follower = new SweepFollower(this.coordinator, key, patienceMs);
    const directory = join(this.folder, 'sweeps', key.toString('hex'));
    const { shards } = this.options;
    await follower.submit(
      {
        ...{ name: 'tiny', experiment: JSON.stringify(experiment), folder, directory, shards, list: '' },
        ...{ settings: JSON.stringify(settings), replayOf: replayOf?.key ?? Buffer.alloc(0) },
      },
      this.ending.signal,
    );
    return new SubmittedSweep(key, directory, follower, this.ending.signal);
  }

  /** The ends of what the processes have written. */
  report(): string {
    const logs = join(this.folder, 'logs');
    return readdirSync(logs)
      .map((name) => `${name}: ${readFileSync(join(logs, name), 'utf8').slice(-2000)}`)
      .join('\n');
  }

  async stop(): Promise<void> {
    this.ending.abort();
    for (const role of ['worker', 'server', 'coordinator']) {
      const some = this.places.filter((place) => place.role === role);
      for (const place of some) place.leaves = true;
      await Promise.all(some.map(async ({ child }) => await child.stop(graceMs)));
    }
    if (existsSync(this.folder)) rmSync(this.folder, { recursive: true });
  }

  private find(role: RoleName, index: number): Place {
    const place = this.places.find((each) => each.role === role && each.index === index);
    if (!place) throw new Error(`there is no ${role} ${index}`);
    return place;
  }

  private keep(role: RoleName, index: number, port: number): Place {
    const place: Place = { role, index, port, leaves: false, ...this.run(role, index, port) };
    this.places.push(place);
    this.watch(place);
    return place;
  }

  private watch(place: Place): void {
    void place.child.ended.then(() => {
      if (place.leaves) return;
      Object.assign(place, this.run(place.role, place.index, place.port));
      this.watch(place);
    });
  }

  private run(role: RoleName, index: number, port: number): Pick<Place, 'child' | 'pid'> {
    const child = new ChildRole(role, this.args(role, index, port), join(this.folder, 'logs', `${role}-${index}.log`));
    return {
      child,
      pid: child.listening.then(
        ({ pid }) => pid,
        () => 0,
      ),
    };
  }

  private args(role: RoleName, index: number, port: number): string[] {
    if (role === 'coordinator') return ['--listen', `${host}:${port}`, '--store', this.store];
    const coordinator = ['--coordinator', this.coordinator];
    if (role === 'worker') return [...coordinator, '--backend', this.options.backend ?? 'cpu'];
    return [...coordinator, '--listen', `${host}:${port}`, '--shard', String(index)];
  }
}

export class SubmittedSweep {
  readonly lines: SweepLine[] = [];
  private readonly waiting = new Set<() => void>();

  constructor(
    readonly key: Buffer,
    readonly folder: string,
    private readonly follower: SweepFollower,
    private readonly signal: AbortSignal,
  ) {}

  /** To its last line. */
  ended(): Promise<SweepLine> {
    const from = Math.max(-1, ...this.lines.map(({ sequence = -1 }) => sequence)) + 1;
    const ended = this.follower.follow(
      (line) => {
        this.lines.push(line);
        for (const wake of this.waiting) wake();
      },
      this.signal,
      from,
    );
    // A test that has failed before awaits it no more.
    ended.catch(() => undefined);
    return ended;
  }

  /** The first line that fits, past or future, while somebody waits for its end. */
  async line(fits: (line: SweepLine, index: number) => boolean): Promise<SweepLine> {
    for (;;) {
      const found = this.lines.find(fits);
      if (found) return found;
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.waiting.delete(wake);
          resolve();
        };
        this.waiting.add(wake);
      });
    }
  }

  async change(action: SweepAction, settings: Record<string, unknown> = {}): Promise<SweepSnapshot> {
    return await this.follower.change({ action, settings }, this.signal);
  }

  async retry(trial: number): Promise<SweepSnapshot> {
    return await this.follower.change({ action: 'RETRY', trial }, this.signal);
  }

  async snapshot(): Promise<SweepSnapshot> {
    return await this.follower.snapshot(this.signal);
  }

  async rows(): Promise<TrialRow[]> {
    const rows: TrialRow[] = [];
    for (;;) {
      const request = { sort: '', descending: false, status: [], offset: rows.length, limit: pageTrials };
      const { trials } = await this.follower.list(request, this.signal);
      rows.push(...trials.map((text) => JSON.parse(text) as TrialRow));
      if (trials.length < pageTrials) return rows.toSorted((left, right) => left.number - right.number);
    }
  }

  async table(): Promise<TableLine[]> {
    return (await this.rows()).map(tableLine);
  }
}

export function tableLine(row: TrialRow): TableLine {
  const { number, status, epoch, value, best, bestEpoch, loss, reason, rung, bracket, round, columns } = row;
  return { number, status, epoch, value, best, bestEpoch, loss, reason, rung, bracket, round, columns };
}
