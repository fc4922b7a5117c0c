/**
 * What a search costs beside its trials: 2,000 of 100 ms each, with two reports, by 16 processes over gRPC, from the submission
 * until the last end is on disk, against 2000 * 0.1 s / 16. Beside it Ray Tune and Optuna with fewer trials, for they are slower.
 */
import { searchPython } from './search-python.js';
import { Peer } from './measure.js';
import { SearchCoordinator } from './search-coordinator.js';

export const processes = 16;
const trialSeconds = 0.1;
export const trials = { polyak: 2000, ray: 320, optuna: 320 };

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
  const { seconds } = await coordinator.run(
    {
      name: 'overhead',
      objective: { metric: 'value' },
      train: { epochs: 2 },
      search: { trials: trials.polyak, space: { x: { uniform: [0, 1] } } },
    },
    clients,
  );
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

async function peerSeconds(python: string, script: string, count: number): Promise<number> {
  const peer = Peer.python(python, script, [String(count), String(processes), String(trialSeconds)]);
  const seconds = (await peer.read()) as number;
  await peer.close();
  return seconds;
}

function ratioOf(seconds: number, count: number): number {
  return seconds / ((count * trialSeconds) / processes);
}
