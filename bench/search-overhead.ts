/**
 * What a search costs beside its trials: 2,000 of 100 ms each, with two reports, by 16 processes over gRPC, from the submission
 * until the last end is on disk, against 2000 * 0.1 s / 16; median of three. A search before it has warmed up the coordinator
 * and the processes. Beside it Ray Tune and Optuna with fewer trials, for they are slower; Ray's processes start within what is
 * measured.
 */
import type { ExternalExperimentInput } from '../common/experiment/external-schema.js';
import { searchPython } from './search-python.js';
import { Peer } from './measure.js';
import { SearchCoordinator } from './search-coordinator.js';

export const processes = 16;
const trialSeconds = 0.1;
const warmUpTrials = 320;
const rounds = 3;
export const trials = { polyak: 2000, ray: 32, optuna: 160 };

export interface SearchOverheadFigures {
  seconds: number;
  /** Of the time without any overhead; at most 1.1 is the goal. */
  ratio: number;
  rayRatio: number | undefined;
  optunaRatio: number | undefined;
}

export async function benchmarkSearchOverhead(): Promise<SearchOverheadFigures> {
  const coordinator = await SearchCoordinator.start();
  const clients = await coordinator.clients(processes, { parallel: 1, waitMs: trialSeconds * 1000, reports: 2 });
  const search = (count: number): ExternalExperimentInput => ({
    name: 'overhead',
    objective: { metric: 'value' },
    train: { epochs: 2 },
    search: { trials: count, space: { x: { uniform: [0, 1] } } },
  });
  await coordinator.run(search(warmUpTrials), clients);
  const runs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    runs.push((await coordinator.run(search(trials.polyak), clients)).seconds);
  }
  const seconds = runs.toSorted((a, b) => a - b)[(rounds - 1) / 2]!;
  for (const client of clients) await client.close();
  await coordinator.close();
  const ratio = ratioOf(seconds, trials.polyak);
  const python = await searchPython();
  const rayRatio =
    python === undefined ? undefined : ratioOf(await peerSeconds(python, 'overhead_ray.py', trials.ray), trials.ray);
  const optunaRatio =
    python === undefined
      ? undefined
      : ratioOf(await peerSeconds(python, 'overhead_optuna.py', trials.optuna), trials.optuna);
  return { seconds, ratio, rayRatio, optunaRatio };
}

/** Undefined where it did not end in time. */
async function peerSeconds(python: string, script: string, count: number): Promise<number | undefined> {
  const peer = Peer.python(python, script, [String(count), String(processes), String(trialSeconds)]);
  try {
    return (await peer.read()) as number;
  } catch {
    return undefined;
  } finally {
    await peer.close();
  }
}

function ratioOf(seconds: number, count: number): number;
function ratioOf(seconds: number | undefined, count: number): number | undefined;
function ratioOf(seconds: number | undefined, count: number): number | undefined {
  return seconds === undefined ? undefined : seconds / ((count * trialSeconds) / processes);
}
