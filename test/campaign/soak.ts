/**
 * The promise of exactly N trials under fire: a sweep of tiny trials whose processes are killed at random ends with the
 * table of one that nobody disturbed. Each way in which it did not is a broken promise.
 */
import { isDeepStrictEqual } from 'node:util';
import { killRandomly } from '../cluster/random-kills.js';
import { SweepCluster, type TableLine } from '../cluster/sweep-cluster.js';
import { tinySweep } from '../cluster/tiny-sweep.js';

export interface SoakOptions {
  seed: number;
  workers: number;
  shards: number;
  search: Record<string, unknown>;
  /** Of a trial in full; as few as tinySweep gives unless given. */
  epochs?: number | undefined;
  /** Milliseconds between two kills, at least and at most. */
  between: readonly [number, number];
  /** Of kills; then the sweep is left alone. */
  secondsOfKills: number;
  /** The sweep may take so long. */
  secondsMax: number;
  say: (text: string) => void;
}

export interface SoakResult {
  broken: string[];
  kills: SweepCluster['kills'];
  seconds: number;
  /** From the sweep's begin to its end, or to that of the time for them. */
  secondsOfKills: number;
}

/** The table of a sweep that nobody disturbs. */
export async function undisturbed(
  search: Record<string, unknown>,
  workers: number,
  epochs?: number,
): Promise<TableLine[]> {
  return (await timed(search, workers, epochs)).table;
}

/** The same, with the seconds from its submission to its end. */
export async function timed(
  search: Record<string, unknown>,
  workers: number,
  epochs?: number,
): Promise<{ table: TableLine[]; seconds: number }> {
  const cluster = await SweepCluster.start({ workers, shards: 2 });
  try {
    const experiment = await tinySweep(cluster.folder, search, trainingOf(epochs));
    const from = performance.now();
    const sweep = await cluster.submit(experiment);
    const { event } = await sweep.ended();
    if (event !== 'sweep-finished') throw new Error(`the undisturbed sweep has ${event}\n${cluster.report()}`);
    return { table: await sweep.table(), seconds: (performance.now() - from) / 1000 };
  } finally {
    await cluster.stop();
  }
}

function trainingOf(epochs: number | undefined): Record<string, unknown> {
  return epochs === undefined ? {} : { train: { epochs, batchSize: 80, microBatchSize: 40 } };
}

export async function soak(expected: readonly TableLine[], options: SoakOptions): Promise<SoakResult> {
  const { seed, workers, shards, search, epochs, between, secondsOfKills, secondsMax, say } = options;
  const cluster = await SweepCluster.start({ workers, shards });
  const ending = new AbortController();
  const from = performance.now();
  try {
    const sweep = await cluster.submit(await tinySweep(cluster.folder, search, trainingOf(epochs)));
    const killsFrom = performance.now();
    const until = AbortSignal.any([ending.signal, AbortSignal.timeout(Math.ceil(secondsOfKills * 1000))]);
    const killing = killRandomly(cluster, { seed, workers, shards, between, until, onKill: say });
    const last = await Promise.race([sweep.ended(), after(secondsMax * 1000, ending.signal)]);
    const secondsKilled = Math.min(secondsOfKills, (performance.now() - killsFrom) / 1000);
    ending.abort();
    await killing;
    const seconds = (performance.now() - from) / 1000;
    const table = await sweep.table();
    const broken = brokenPromises(expected, table);
    if (last?.event !== 'sweep-finished') {
      const state = JSON.stringify(await sweep.snapshot());
      broken.unshift(`after ${Math.round(seconds)} s its last line is ${JSON.stringify(last)}, and it is ${state}`);
    }
    const { running, paused } = (await sweep.snapshot().catch(() => undefined))?.counts ?? { running: 0, paused: 0 };
    if (last && running + paused > 0) broken.push(`${running} trials are running and ${paused} paused after the end`);
    if (broken.length > 0) say(cluster.report());
    return { broken, kills: cluster.kills, seconds, secondsOfKills: secondsKilled };
  } finally {
    ending.abort();
    await cluster.stop();
  }
}

export function brokenPromises(expected: readonly TableLine[], table: readonly TableLine[]): string[] {
  const broken: string[] = [];
  if (table.length !== expected.length) broken.push(`${table.length} trials where ${expected.length} are to be`);
  for (const [index, line] of table.entries()) {
    const other = expected[index];
    if (isDeepStrictEqual(line, other)) continue;
    broken.push(`trial ${line.number} is ${JSON.stringify(line)}, and undisturbed ${JSON.stringify(other)}`);
  }
  return broken;
}

async function after(ms: number, signal: AbortSignal): Promise<undefined> {
  return await new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), ms);
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  });
}
