/**
 * What is known of a sweep, whether it runs or not: from its store on this machine, which never disturbs who writes it, or
 * from its coordinator elsewhere.
 */
import { PolyakError } from '../../common/errors.js';
import type { TlsOptions } from '../../common/tls/tls-options.js';
import { TrialPlan } from '../../coordinator/sweep/trial-plan.js';
import { openStoreReader } from '../../coordinator/store/open-store.js';
import type { TrialRow } from '../../coordinator/store/rows.js';
import type { StoreReader, TrialPage, TrialQuery } from '../../coordinator/store/store.js';
import { reproducibilityOfSweep, type SweepSnapshot } from '../../coordinator/sweep/sweep-snapshot.js';
import { readLog } from '../../coordinator/sweep/open-sweep.js';
import { sweepRecordSchema } from '../../coordinator/sweep/sweep-settings.js';
import { patienceMsDefault } from '../run.js';
import { tlsElsewhere } from '../tls.js';
import { SweepFollower, type CreatedTrials, type TrialRun } from './sweep-follower.js';
import type { SweepFolder } from './sweep-folder.js';

export type SweepTrialQuery = Omit<TrialQuery, 'sweep'>;

export interface SweepReader {
  readonly plan: TrialPlan;
  sweep(): Promise<SweepSnapshot>;
  trials(query: SweepTrialQuery): Promise<TrialPage>;
  /** Undefined of one that has not begun. */
  trial(number: number): Promise<TrialRow | undefined>;
  /** By member. */
  trialRuns(number: number): Promise<TrialRun[]>;
  /** The decisions of its log that trials are to begin, in order. The whole log is read for them. */
  creates(): Promise<CreatedTrials[]>;
  close(): Promise<void>;
}

export interface ReaderOptions {
  /** Other files than the command's or the environment's. */
  tls?: TlsOptions | undefined;
  /** How long a coordinator may be out of reach; a minute unless given. */
  patienceMs?: number;
}

/** Errors: `usage` where nothing is kept of it yet; `unreachable`. */
export async function openReader(
  folder: SweepFolder,
  { tls, patienceMs = patienceMsDefault }: ReaderOptions = {},
): Promise<SweepReader> {
  const { facts, template } = folder;
  const plan = new TrialPlan({ value: template.experiment, folder: template.folder, list: template.list });
  if (facts.coordinator !== null) {
    const sweepKey = Buffer.from(facts.sweepKey, 'hex');
    const follower = new SweepFollower(facts.coordinator, sweepKey, patienceMs, tlsElsewhere(tls));
    return new RemoteReader(plan, follower);
  }
  if (!folder.hasStore) {
    throw new PolyakError(
      'usage',
      `${facts.name} has no store at ${facts.store}: it was never started; 'polyak resume ${facts.name}' starts it`,
    );
  }
  return new StoredReader(plan, folder, await openStoreReader(facts.store));
}

class StoredReader implements SweepReader {
  constructor(
    readonly plan: TrialPlan,
    private readonly folder: SweepFolder,
    private readonly store: StoreReader,
  ) {}

  async sweep(): Promise<SweepSnapshot> {
    const { sweepKey, name } = this.folder.facts;
    const row = (await this.store.sweeps()).find(({ key }) => key === sweepKey);
    if (!row)
      throw new PolyakError(
        'usage',
        `${name} is not in its store: it was never submitted; 'polyak resume ${name}' does`,
      );
    const { settings, seconds, computeSeconds } = sweepRecordSchema.parse(JSON.parse(row.settings));
    const { key, state, reason, directory, createdAt, endedAt } = row;
    const { search } = this.plan;
    const counts = await this.counts();
    const trials = this.folder.facts.replayOf === null ? settings.trials : null;
    const begun = Object.values(counts).reduce((sum, count) => sum + count, 0);
    return {
      ...{ key, name, state, reason, directory, createdAt, endedAt, settings },
      ...{ metric: search.metric, direction: search.direction, trials, best: await this.best() },
      counts: { ...counts, waiting: trials === null ? 0 : trials - begun },
      spent: { seconds, computeSeconds, epochs: await this.epochs() },
      reproducibility: reproducibilityOfSweep(this.plan, settings.budget, row),
    };
  }

  async trials(query: SweepTrialQuery): Promise<TrialPage> {
    return await this.store.trials({ ...query, sweep: this.folder.facts.sweepKey });
  }

  async trial(number: number): Promise<TrialRow | undefined> {
    return await this.store.trial(this.folder.facts.sweepKey, number);
  }

  async trialRuns(number: number): Promise<TrialRun[]> {
    const runs = await this.store.runs({ sweep: this.folder.facts.sweepKey, trial: number });
    return await Promise.all(runs.map(async (run) => ({ run, reports: await this.store.reports(run.key) })));
  }

  async creates(): Promise<CreatedTrials[]> {
    const log = await readLog(this.store, this.folder.facts.sweepKey);
    return log.flatMap((entry) => ('decision' in entry && entry.decision.type === 'create' ? [entry.decision] : []));
  }

  async close(): Promise<void> {
    await this.store.close();
  }

  private async counts() {
    const states = ['running', 'paused', 'stopped', 'finished', 'failed'] as const;
    const totals = await Promise.all(
      states.map(async (status) => [status, (await this.trials({ status: [status], limit: 1 })).total] as const),
    );
    return Object.fromEntries(totals) as Record<(typeof states)[number], number>;
  }

  private async best(): Promise<SweepSnapshot['best']> {
    const descending = this.plan.search.direction === 'maximise';
    const [row] = (await this.trials({ sort: 'best', descending, limit: 1 })).rows;
    if (!row || row.best === null) return null;
    return { trial: row.number, value: row.best, epoch: row.bestEpoch, columns: row.columns };
  }

  private async epochs(): Promise<number> {
    const { rows } = await this.trials({});
    return rows.reduce((sum, { epoch }) => sum + epoch, 0) * this.plan.members;
  }
}

class RemoteReader implements SweepReader {
  private readonly signal = new AbortController().signal;

  constructor(
    readonly plan: TrialPlan,
    private readonly follower: SweepFollower,
  ) {}

  async sweep(): Promise<SweepSnapshot> {
    return await this.follower.snapshot(this.signal);
  }

  async trials({ sort = '', descending = false, status = [], offset = 0, limit }: SweepTrialQuery): Promise<TrialPage> {
    const rows: TrialRow[] = [];
    for (;;) {
      const left = limit === undefined ? 0 : limit - rows.length;
      const request = { sort, descending, status: [...status], offset: offset + rows.length, limit: left };
      const page = await this.follower.list(request, this.signal);
      rows.push(...page.trials.map((text) => JSON.parse(text) as TrialRow));
      const isLast = page.trials.length === 0 || offset + rows.length >= page.total;
      if (isLast || rows.length === limit) return { rows, total: page.total };
    }
  }

  /** Trials begin in the order of their numbers. */
  async trial(number: number): Promise<TrialRow | undefined> {
    const { rows } = await this.trials({ sort: 'number', offset: number, limit: 1 });
    return rows.find((row) => row.number === number);
  }

  async trialRuns(number: number): Promise<TrialRun[]> {
    return await this.follower.trialRuns(number, this.signal);
  }

  async creates(): Promise<CreatedTrials[]> {
    const { state } = await this.sweep();
    const goesOn = state === 'running' || state === 'paused';
    const begun = goesOn ? (await this.trials({ limit: 1 })).total : undefined;
    return await this.follower.creates(begun, this.signal);
  }

  async close(): Promise<void> {
    this.follower.close();
  }
}
