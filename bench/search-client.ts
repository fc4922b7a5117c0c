/**
 * A process that runs trials for the benchmarks of searches: says `{}` when it is connected, then takes the key of a search a
 * line and answers with how many trials it has run when there are no more. Usage: search-client.js OPTIONS, as JSON
 */
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '../cli/connect.js';
import type { ExternalTrial } from '../cli/external/external-trial.js';

interface Options {
  address: string;
  parallel: number;
  /** Between the reports of a trial. */
  waitMs: number;
  reports: number;
}

const { address, parallel, waitMs, reports } = JSON.parse(process.argv[2] ?? '') as Options;
const cluster = await connect(address);

async function run(trial: ExternalTrial<{ x: number }>): Promise<void> {
  for (let epoch = 1; epoch <= reports; epoch += 1) {
    if (waitMs > 0) await delay(waitMs / reports);
    const report = { epoch, value: trial.parameters.x + 1 / epoch };
    if (epoch < reports) await trial.report(report);
    else await trial.finish(report);
  }
}

console.log('{}');
for await (const key of createInterface({ input: process.stdin })) {
  const search = await cluster.search<{ x: number }>(key);
  let trials = 0;
  const running = new Set<Promise<void>>();
  for await (const trial of search.trials({ parallel })) {
    trials += 1;
    const one = run(trial).finally(() => running.delete(one));
    if (parallel === 1) await one;
    else running.add(one);
  }
  await Promise.all(running);
  console.log(JSON.stringify(trials));
}
