/**
 * What a trial costs when there are many: the same client and coordinator run a search of 1,000 trials and one of 100,000. And
 * how long a page of the table of 100,000 takes, sorted by any column, wherever it lies.
 */
import { SweepFollower } from '../cli/sweep/sweep-follower.js';
import { SearchCoordinator } from './search-coordinator.js';

export const few = 1000;
export const many = 100_000;
const underWay = 128;
const pageRows = 50;
const rounds = 7;

export interface SearchScaleFigures {
  fewMs: number;
  manyMs: number;
  /** At most 1.2 is the goal. */
  ratio: number;
  /** CPU of the coordinator, all threads, a trial. */
  fewCpuMs: number;
  manyCpuMs: number;
  /** At most 200 is the goal. */
  pageMsP95: number;
}

export async function benchmarkSearchScale(): Promise<SearchScaleFigures> {
  const coordinator = await SearchCoordinator.start();
  const clients = await coordinator.clients(1, { parallel: underWay, waitMs: 0, reports: 1 });
  const run = async (trials: number) => {
    const cpu = coordinator.cpuSeconds();
    const space = { x: { uniform: [0, 1] as [number, number] } };
    const experiment = { name: 'scale', objective: { metric: 'value' }, search: { trials, space } };
    const { seconds, key } = await coordinator.run(experiment, clients);
    return { key, ms: (seconds / trials) * 1000, cpuMs: ((coordinator.cpuSeconds() - cpu) / trials) * 1000 };
  };
  await run(few);
  const fews = [await run(few), await run(few), await run(few)].toSorted((a, b) => a.ms - b.ms);
  const [, fewRun] = fews;
  const manyRun = await run(many);
  const pageMsP95 = await pageMs(coordinator.address, manyRun.key);
  for (const client of clients) await client.close();
  await coordinator.close();
  const { ms: fewMs, cpuMs: fewCpuMs } = fewRun!;
  const { ms: manyMs, cpuMs: manyCpuMs } = manyRun;
  return { fewMs, manyMs, ratio: manyMs / fewMs, fewCpuMs, manyCpuMs, pageMsP95 };
}

async function pageMs(address: string, key: string): Promise<number> {
  const follower = new SweepFollower(address, Buffer.from(key, 'hex'), 5000);
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const sort of ['number', 'value', 'best', 'columns.x', 'startedAt']) {
      for (const descending of [false, true]) {
        const offset = Math.floor((round / rounds) * many);
        const startedAt = performance.now();
        const query = { sort, descending, status: [], offset, limit: pageRows };
        await follower.list(query, new AbortController().signal);
        times.push(performance.now() - startedAt);
      }
    }
  }
  follower.close();
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.95)]!;
}
