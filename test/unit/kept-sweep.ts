/** A sweep on a real store, whose leads are the test: it starts runs, reports for them, and takes the coordinator's part. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Runs } from '../../coordinator/runs.js';
import { SqliteStore } from '../../coordinator/store/sqlite/sqlite-store.js';
import type { Change, RunRow, SweepRow, TrialRow } from '../../coordinator/store/rows.js';
import { openSweep } from '../../coordinator/sweep/open-sweep.js';
import { startRun } from '../../coordinator/sweep/start-run.js';
import type { Sweep } from '../../coordinator/sweep/sweep.js';
import type { EndFacts } from '../../coordinator/sweep/trial-life.js';

const key = '0123456789abcdef';

export interface SearchedExperiment {
  train: { epochs: number };
  search: { trials: number };
}

export class KeptSweep {
  readonly key = key;
  readonly folder = mkdtempSync(join(tmpdir(), 'polyak-kept-'));
  store!: SqliteStore;
  sweep!: Sweep;
  runs!: Runs;
  /** Of what works on it: how each is closed. */
  readonly closing: (() => unknown)[] = [];
  private epochs = 0;

  get file(): string {
    return join(this.folder, 'store.db');
  }

  async begin(experiment: SearchedExperiment, settings: Record<string, unknown> = {}): Promise<void> {
    const { trials } = experiment.search;
    this.epochs = experiment.train.epochs;
    const row: SweepRow = {
      ...{ key, name: 'x', experiment: JSON.stringify(experiment), directory: join(this.folder, 'x'), shards: 1 },
      ...{ state: 'running', reason: null, createdAt: '2026-01-01T00:00:00.000Z', endedAt: null },
      settings: JSON.stringify({ settings: { trials, ...settings }, folder: '/' }),
    };
    this.store = await SqliteStore.take(this.file, 'test');
    this.runs = new Runs(this.store, (await this.store.open()).runs);
    this.sweep = await openSweep(row, this.runs, this.store);
    await this.store.commit(this.sweep.begin());
  }

  /** Another coordinator begins from what is kept. */
  async restart(): Promise<void> {
    await this.store.close();
    this.store = await SqliteStore.take(this.file, 'test');
    const kept = await this.store.open();
    this.runs = new Runs(this.store, kept.runs);
    this.sweep = await openSweep(kept.sweeps[0]!, this.runs, this.store);
  }

  /** Whatever it keeps, the file stays until `remove`. */
  async close(): Promise<void> {
    await this.store.close();
  }

  /** Closes what works on it, the last first. */
  async closeAll(): Promise<void> {
    for (const close of this.closing.splice(0).toReversed()) await close();
  }

  /** Also where it has not begun. */
  async remove(): Promise<void> {
    await this.closeAll();
    if (this.epochs > 0) await this.store.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async commit(changes: readonly Change[]): Promise<void> {
    await this.store.commit(changes);
  }

  /** The next run, where there is one. */
  async startNext(): Promise<RunRow | undefined> {
    const { run, changes } = startRun(this.sweep);
    await this.commit(changes);
    return run;
  }

  async start(): Promise<RunRow> {
    const run = await this.startNext();
    if (!run) throw new Error(`nothing can be started, the sweep is ${this.sweep.state}`);
    return run;
  }

  async report(run: RunRow, epoch: number, value = run.trial): Promise<void> {
    const body = JSON.stringify({ epoch, loss: 1, validation: { loss: value }, stepsPerEpoch: 3 });
    const report: Change = { table: 'reports', row: { run: run.key, kind: 'EPOCH', step: epoch * 3, body } };
    await this.commit([report, ...this.sweep.epoch(run, epoch, { value, loss: 1 }, 3)]);
  }

  /** To its next rung, or its end. */
  async train(run: RunRow): Promise<void> {
    const until = run.untilEpoch === 0 ? this.epochs : run.untilEpoch;
    for (let epoch = this.sweep.epochOf(run) + 1; epoch <= until; epoch++) await this.report(run, epoch);
    await this.keep(run, until === this.epochs ? this.ended(run, 'finished') : this.sweep.paused(run, until));
  }

  /** Until nothing can be started any more, by one worker. Answers with the trials that were trained. */
  async trainAll(): Promise<number[]> {
    const trained: number[] = [];
    for (let run = await this.startNext(); run; run = await this.startNext()) {
      trained.push(run.trial);
      await this.train(run);
    }
    return trained;
  }

  async fail(run: RunRow, message: string, code = 'training'): Promise<void> {
    await this.keep(run, this.ended(run, 'failed', { message, code }));
  }

  async stop(run: RunRow): Promise<void> {
    await this.keep(run, this.ended(run, 'stopped'));
  }

  async rows(): Promise<TrialRow[]> {
    return (await this.store.trials({ sweep: key })).rows;
  }

  /** As the coordinator does when the report is on disk. */
  async keep(run: RunRow, changes: readonly Change[]): Promise<void> {
    await this.commit(changes);
    this.sweep.settled(run);
  }

  private ended(run: RunRow, how: 'finished' | 'failed' | 'stopped', facts: Partial<EndFacts> = {}): Change[] {
    return this.sweep.ended(run, how, { epoch: this.sweep.epochOf(run), code: '', message: '', ...facts });
  }
}
