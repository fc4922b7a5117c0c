/**
 * A process that runs trials of an external search. Each epoch's value follows from the trial's parameter and the epoch. Says
 * in a line of JSON what is acknowledged. Usage: external-client.js ADDRESS KEY PARALLEL MS-PER-EPOCH
 */
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '../../cli/connect.js';
import type { ExternalTrial } from '../../cli/external/external-trial.js';
import { TrialFenced } from '../../common/error-classes.js';

const [address = '', key = '', parallel = '1', ms = '0'] = process.argv.slice(2);
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

async function run(trial: ExternalTrial<{ x: number }>): Promise<void> {
  const { number, parameters, untilEpoch } = trial;
  say({ event: 'given', trial: number, epoch: trial.epoch });
  try {
    for (let epoch = 1; epoch <= untilEpoch && !trial.signal.aborted; epoch += 1) {
      await delay(Number(ms));
      const goesOn = await trial.report({ epoch, value: (parameters.x - 0.3) ** 2 + 1 / epoch, loss: 1 / epoch });
      say({ event: 'reported', trial: number, epoch, goesOn });
    }
    const stopped = trial.signal.aborted;
    await trial.finish();
    say({ event: stopped ? 'stopped' : 'finished', trial: number });
  } catch (error) {
    if (!(error instanceof TrialFenced)) throw error;
    say({ event: 'fenced', trial: number, message: error.message });
  }
}

const cluster = await connect(address);
const search = await cluster.search<{ x: number }>(key);
const running = new Set<Promise<void>>();
for await (const trial of search.trials({ parallel: Number(parallel) })) {
  const one = run(trial).finally(() => running.delete(one));
  running.add(one);
  if (Number(parallel) === 1) await one;
}
await Promise.all(running);
