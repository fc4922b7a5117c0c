/**
 * A program's handle on a coordinator that runs: what it knows, and each run that it has, to be followed, awaited and
 * stopped. `connect` is the library's.
 */
import { basename, dirname } from 'node:path';
import { randomKey } from '../common/random-key.js';
import { PolyakError } from '../common/errors.js';
import {
  checkExternal,
  type ExternalExperiment,
  type ExternalExperimentInput,
} from '../common/experiment/external-schema.js';
import { coordinatorClient, unary } from '../common/rpc.js';
import type { TlsFiles } from '../common/tls/tls-files.js';
import type { TlsOptions } from '../common/tls/tls-options.js';
import type { StatusReply__Output } from '../proto/gen/polyak/v1/StatusReply.js';
import { ExternalSearch } from './external/external-search.js';
import { RunFollower, insist } from './follow-run.js';
import { assertAddress } from './role-process.js';
import type { RunEnd, RunEvent } from './run-event.js';
import { RunEventStream } from './run-event-stream.js';
import { SweepFollower } from './sweep/sweep-follower.js';
import { tlsElsewhere } from './tls.js';
import { finishedOf, type TrainResult } from './training-run.js';

export interface ConnectOptions {
  /** How long each call waits for a coordinator that does not answer. */
  patienceMs?: number;
  /** Files of TLS; those that POLYAK_TLS_CERTIFICATE, _KEY and _AUTHORITY name without it, and plain where none is named. */
  tls?: TlsOptions | undefined;
}

export interface ClusterStatus {
  /** All that were ever submitted, oldest first. */
  runs: {
    /** Such as digits-1. */
    id: string;
    trialKey: string;
    state: 'waiting' | 'running' | 'stopping' | 'stopped' | 'finished' | 'diverged' | 'failed';
    /** As the process that submitted it sees it. */
    folder: string;
    /** Step not to pass; null for all epochs. */
    untilStep: number | null;
    shards: number;
  }[];
  servers: { shard: number; address: string; id: string }[];
  workers: { id: string }[];
}

const patienceMsDefault = 5000;

/**
 * `address` is host:port. Resolves when the coordinator has answered. Errors: ClusterUnreachable; `usage` for an address
 * that is none, or files that cannot be used; `refused` by what the certificate, here or there, is not.
 */
export async function connect(address: string, options: ConnectOptions = {}): Promise<Cluster> {
  const { patienceMs = patienceMsDefault, tls } = options;
  const cluster = new Cluster(assertAddress('connect', address), patienceMs, tlsElsewhere(tls));
  await cluster.status();
  return cluster;
}

export class Cluster {
  /** Use `connect`. */
  constructor(
    readonly address: string,
    private readonly patienceMs: number,
    private readonly tls: TlsFiles | undefined,
  ) {}

  /** Errors: ClusterUnreachable. */
  async status(): Promise<ClusterStatus> {
    const client = coordinatorClient(this.address, this.tls);
    const { signal } = new AbortController();
    try {
      const call = async (deadline: number) =>
        await unary<StatusReply__Output>(`coordinator ${this.address}`, (done) =>
          client.status({}, { deadline }, done),
        );
      return statusOf(await insist(this.patienceMs, signal, call));
    } finally {
      client.close();
    }
  }

  /**
   * A run by its id or its trial key. Errors: ClusterUnreachable; `usage` for one that the coordinator does not know, or
   * an id that several have.
   */
  async run(reference: string): Promise<ClusterRun> {
    const { runs } = await this.status();
    const found = runs.filter(({ id, trialKey }) => id === reference || trialKey === reference);
    const [run] = found;
    if (run && found.length === 1) return new ClusterRun(this.address, this.patienceMs, run, this.tls);
    const keys = found.map(({ trialKey }) => trialKey).join(', ');
    const known = runs.length === 0 ? 'it has none' : `it has ${runs.map(({ id }) => id).join(', ')}`;
    const why =
      found.length > 1 ? `is the id of ${found.length}; name it by its key: ${keys}` : `is none of its; ${known}`;
    throw new PolyakError('usage', `coordinator ${this.address}: run '${reference}' ${why}`);
  }

  /**
   * A search whose trials are run by this program and others like it. An experiment begins it; the key of one that was begun
   * joins it. With `key` (16 hexadecimal digits) the same call may be made by every process: the first begins it. Errors:
   * `usage` for an experiment that is wrong or a key that nobody knows; ClusterUnreachable.
   */
  async search<Parameters extends object = Record<string, unknown>>(
    search: ExternalExperimentInput | string,
    options: { key?: string; list?: string } = {},
  ): Promise<ExternalSearch<Parameters>> {
    const key = typeof search === 'string' ? search : (options.key ?? randomKey());
    if (!/^[0-9a-f]{16}$/.test(key))
      throw new PolyakError('usage', `search: key '${key}' must be 16 hexadecimal digits`);
    const found = new ExternalSearch<Parameters>(this.address, key, this.patienceMs, this.tls);
    if (typeof search === 'string') await found.status();
    else await this.submitSearch(checkExternal(search), key, options.list ?? '');
    return found;
  }

  private async submitSearch(experiment: ExternalExperiment, key: string, list: string): Promise<void> {
    const follower = new SweepFollower(this.address, Buffer.from(key, 'hex'), this.patienceMs, this.tls);
    const { name } = experiment;
    const nowhere = { folder: '', directory: '', shards: 0, settings: '', replayOf: Buffer.alloc(0), external: true };
    const submission = { ...nowhere, name, experiment: JSON.stringify(experiment), list };
    try {
      await follower.submit(submission, new AbortController().signal);
    } finally {
      follower.close();
    }
  }
}

/** A run on a cluster, whoever submitted it. */
export class ClusterRun {
  /** Use `Cluster.run`. */
  constructor(
    private readonly address: string,
    private readonly patienceMs: number,
    private readonly facts: ClusterStatus['runs'][number],
    private readonly tls: TlsFiles | undefined,
  ) {}

  get id(): string {
    return this.facts.id;
  }

  get trialKey(): string {
    return this.facts.trialKey;
  }

  /**
   * All that was reported of it, then what comes, until its end; each reader follows anew. The first event is not
   * `started`, which only who submitted it is told. Throws ClusterUnreachable where the coordinator stays away.
   */
  get events(): AsyncIterable<RunEvent> {
    return { [Symbol.asyncIterator]: () => this.follow() };
  }

  /** Waits for its end. Errors: as those of a TrainingRun's result. */
  async wait(options: { signal?: AbortSignal } = {}): Promise<TrainResult> {
    const { id, trialKey, folder } = this.facts;
    const end = await this.following(
      async (follower, signal) => await follower.follow(() => undefined, signal),
      options,
    );
    return finishedOf(end as unknown as RunEnd, { id, trialKey, folder });
  }

  /** Ends it at a checkpoint, from which it can be resumed; resolves with its last event. Errors: ClusterUnreachable. */
  async stop(): Promise<RunEnd> {
    const end = await this.following(async (follower, signal) => {
      await follower.stop(signal);
      return await follower.follow(() => undefined, signal);
    });
    return end as unknown as RunEnd;
  }

  private async *follow(): AsyncGenerator<RunEvent, void, undefined> {
    const stream = new RunEventStream();
    const leaving = new AbortController();
    const { signal } = leaving;
    this.following(async (follower) => await follower.follow((event) => stream.push(event), signal), { signal }).catch(
      (error: unknown) => stream.fail(error),
    );
    try {
      yield* stream;
    } finally {
      leaving.abort();
    }
  }

  private async following<Result>(
    use: (follower: RunFollower, signal: AbortSignal) => Promise<Result>,
    { signal = new AbortController().signal }: { signal?: AbortSignal } = {},
  ): Promise<Result> {
    const follower = new RunFollower(this.address, Buffer.from(this.trialKey, 'hex'), this.patienceMs, this.tls);
    try {
      return await use(follower, signal);
    } finally {
      follower.close();
    }
  }
}

function statusOf({ trials, processes }: StatusReply__Output): ClusterStatus {
  const servers = processes.filter(({ role }) => role === 'SERVER');
  const workers = processes.filter(({ role }) => role === 'WORKER');
  return {
    runs: trials.map(({ trialKey, state, directory, untilStep, shards }) => {
      // Checkpoints lie in the run's folder.
      const folder = dirname(directory);
      const known = state as ClusterStatus['runs'][number]['state'];
      const identity = { id: basename(folder), trialKey: trialKey.toString('hex'), folder };
      return { ...identity, state: known, untilStep: untilStep === 0 ? null : untilStep, shards };
    }),
    servers: servers.map(({ shard, address, id }) => ({ shard, address, id })),
    workers: workers.map(({ id }) => ({ id })),
  };
}
