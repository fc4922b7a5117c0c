/**
 * A sweep without processes: the engine on a store in memory, with leads that report at random, die, say things twice, and
 * a coordinator that dies before or after what it has decided is on disk. A trial's numbers are a function of its parameters.
 */
import { CounterRandom, Purpose } from '../../common/random.js';
import { searchSchema } from '../../common/experiment/search-schema.js';
import type { Change, RunRow, SweepRow, TrialRow } from '../../coordinator/store/rows.js';
import { hasLead } from '../../coordinator/run-state.js';
import { Runs } from '../../coordinator/runs.js';
import { isRepeatedHalt } from '../../coordinator/search/repeated-halt.js';
import { openSweep } from '../../coordinator/sweep/open-sweep.js';
import { startRun } from '../../coordinator/sweep/start-run.js';
import type { Sweep } from '../../coordinator/sweep/sweep.js';
import { sweepSettingsSchema } from '../../coordinator/sweep/sweep-settings.js';
import { MemoryStore } from './memory-store.js';

export interface WorldOptions {
  seed: number;
  search: Record<string, unknown>;
  epochs: number;
  settings?: Record<string, unknown>;
  /** Whether anybody dies, and the user pauses and stops. */
  disturbed: boolean;
  workers: number;
  /** Seconds that pass with each step; none unless given, but while nothing moves. */
  secondsPerStep?: number;
  /** Its decisions are repeated, in the same store. */
  replayOf?: SweepWorld;
  /** After every step. */
  check?: (world: SweepWorld) => Promise<void>;
}

const stepsMax = 20_000;

export class SweepWorld {
  readonly key: string;
  readonly store: MemoryStore;
  sweep!: Sweep;
  runs!: Runs;
  /** Epochs in checkpoints, by trial and member; a lead may have to train some again. */
  private readonly trained = new Map<string, number>();
  /** Epochs that were trained, by trial. */
  most = 0;
  private last: (() => Change[]) | undefined;
  private draws = 0;

  private constructor(private readonly options: WorldOptions) {
    const { replayOf } = options;
    this.key = (replayOf ? 'b6' : 'a5').repeat(8);
    this.store = replayOf?.store ?? new MemoryStore();
  }

  static async run(options: WorldOptions): Promise<SweepWorld> {
    const world = new SweepWorld(options);
    const { search, epochs, settings = {} } = options;
    const experiment = {
      ...{ name: 'world', seed: 1, data: { source: 'csv', path: 'x.csv', validation: 1 } },
      ...{ model: [{ dense: { units: 2 } }], loss: 'softmaxCrossEntropy', metrics: ['accuracy'] },
      objective: { metric: 'validation.loss', direction: 'minimise' },
      ...{ optimizer: { sgd: { learningRate: '$rate' } }, train: { epochs, batchSize: 4, microBatchSize: 4 } },
      search: searchSchema.parse({ space: { rate: { uniform: [0, 1] } }, ...search }),
    };
    const row: SweepRow = {
      ...{ key: world.key, name: 'world', experiment: JSON.stringify(experiment), directory: '/sweep', shards: 1 },
      ...{ state: 'running', reason: null, createdAt: 'now', endedAt: null },
      settings: JSON.stringify({
        settings: sweepSettingsSchema.parse({ trials: search['trials'], ...settings }),
        folder: '/',
        ...(options.replayOf && { replayOf: options.replayOf.key }),
      }),
    };
    world.runs = new Runs(world.store, []);
    world.sweep = await openSweep(row, world.runs, world.store);
    world.store.commit(world.sweep.begin());
    for (let step = 0; step < stepsMax && !world.isOver; step++) {
      await world.step();
      await options.check?.(world);
    }
    return world;
  }

  get isOver(): boolean {
    const { state, row, hasEnded } = this.sweep;
    return hasEnded && (state === 'finished' || (state === 'stopped' && row.reason !== null));
  }

  async rows(): Promise<TrialRow[]> {
    return (await this.store.trials({ sweep: this.key })).rows;
  }

  /** What another coordinator would make of what is on disk. */
  async restored(): Promise<{ sweep: Sweep; runs: Runs }> {
    const runs = new Runs(this.store, this.store.openRuns());
    const row = (await this.store.sweeps()).find(({ key }) => key === this.key);
    return { sweep: await openSweep(row!, runs, this.store), runs };
  }

  private draw(n: number): number {
    return new CounterRandom(this.options.seed, Purpose.test, (this.draws += 1)).integer(n);
  }

  private async step(): Promise<void> {
    const { disturbed, workers, secondsPerStep } = this.options;
    if (secondsPerStep !== undefined && this.sweep.state === 'running')
      await this.act(() => this.sweep.tick(secondsPerStep, 0, true));
    if (disturbed && this.draw(12) === 0) return await this.restart();
    if (disturbed && this.draw(25) === 0) return await this.change();
    const led = [...this.runs.withLead()];
    const mayStart = led.length < workers && (this.sweep.canStart || this.sweep.mayAsk);
    if (mayStart && (led.length === 0 || this.draw(3) === 0)) return await this.start();
    const run = led[this.draw(Math.max(1, led.length))];
    if (disturbed && this.last && this.draw(8) === 0) return void (await this.act(this.last));
    if (run) return await this.lead(run);
    // Nothing moves: the user goes on, or the clock does.
    if (this.sweep.state === 'running') await this.act(() => this.sweep.tick(1, 0, true));
    else await this.act(() => this.sweep.resume());
  }

  /** Decides, and keeps it, unless the coordinator dies between. Answers whether it is kept. */
  private async act(decide: () => Change[]): Promise<boolean> {
    const changes = decide();
    if (this.options.disturbed && this.draw(15) === 0) {
      await this.restart();
      return false;
    }
    this.store.commit(changes);
    for (const run of this.runs.ofSweep(this.key)) if (!hasLead(run.state)) this.sweep.settled(run);
    return true;
  }

  private async restart(): Promise<void> {
    Object.assign(this, await this.restored());
  }

  private async change(): Promise<void> {
    const { state } = this.sweep;
    if (state === 'running') await this.act(() => this.sweep.halt(this.draw(2) === 0 ? 'paused' : 'stopped', null));
    else if (this.mayResume && this.draw(2) === 0) await this.act(() => this.sweep.resume());
  }

  /** Nothing is left to be done of what has finished, or has been repeated up to where it was halted. */
  private get mayResume(): boolean {
    const { state, row } = this.sweep;
    return state !== 'finished' && !isRepeatedHalt(row.reason ?? '');
  }

  private async start(): Promise<void> {
    await this.act(() => startRun(this.sweep).changes);
  }

  private async lead(run: RunRow): Promise<void> {
    const { disturbed, epochs } = this.options;
    const place = `${run.trial} ${run.member}`;
    const at = this.trained.get(place) ?? 0;
    const until = run.untilEpoch === 0 ? epochs : run.untilEpoch;
    if (disturbed && this.draw(10) === 0) return void this.trained.set(place, this.draw(at + 1));
    if (disturbed && this.draw(20) === 0) return await this.end(run, 'failed', at);
    if (disturbed && this.draw(40) === 0) return await this.end(run, 'failed', at, 'disk');
    if (run.state === 'stopping' && this.draw(2) === 0) return await this.end(run, 'stopped', at);
    if (at >= until && until < epochs) return void (await this.say(run, (now) => this.sweep.paused(now, at)));
    if (at >= until) return await this.end(run, 'finished', at);
    const rate = await this.rateOf(run);
    if (rate > 0.95) return await this.end(run, 'diverged', at + 1);
    this.most += 1;
    const report = { value: valueOf(rate, at + 1), loss: 2 - rate };
    const kept = await this.say(run, (now) => this.sweep.epoch(now, at + 1, report, 1));
    if (kept) this.trained.set(place, at + 1);
  }

  private async end(
    run: RunRow,
    how: 'finished' | 'failed' | 'stopped' | 'diverged',
    epoch: number,
    code = 'unreachable',
  ): Promise<void> {
    const facts = { epoch, code, message: how };
    await this.say(run, (now) => this.sweep.ended(now, how, facts));
  }

  /** What is said may be said again, as long as the coordinator has the run in mind. */
  private async say({ key: run }: RunRow, decide: (run: RunRow) => Change[]): Promise<boolean> {
    let isFirst = true;
    const told = () => {
      const now = this.runs.find(run);
      if (!now) return [];
      const isLed = hasLead(now.state);
      // A lead that was dropped says nothing more when another leads.
      if (!isFirst && isLed) return [];
      isFirst = false;
      return decide(now);
    };
    const kept = await this.act(told);
    this.last = told;
    return kept;
  }

  private async rateOf({ trial }: RunRow): Promise<number> {
    const row = await this.store.trial(this.key, trial);
    return Number(row?.parameters['rate']);
  }
}

function valueOf(rate: number, epoch: number): number {
  return (rate - 0.3) ** 2 + 1 / (epoch + 1);
}
