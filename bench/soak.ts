/**
 * `npm run soak -- --minutes 30`: sweeps of tiny trials under random kills, one after another, each by every schedule in
 * turn, until the time is over or a promise is broken; then the exit code is 1. The seed is printed, and repeats the kills.
 */
import { parseArgs } from 'node:util';
import { soak, undisturbed } from '../test/campaign/soak.js';
import type { TableLine } from '../test/cluster/sweep-cluster.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    workers: { type: 'string', default: '8' },
    shards: { type: 'string', default: '2' },
    trials: { type: 'string', default: '99' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    /** Seconds between two kills: at least, and at most twice as many. */
    every: { type: 'string', default: '2' },
  },
});

const [workers, shards, trials, minutes, every] = [
  values.workers,
  values.shards,
  values.trials,
  values.minutes,
  values.every,
].map(Number) as [number, number, number, number, number];
const searches: Record<string, unknown>[] = [
  { trials },
  { trials, schedule: { successiveHalving: { eta: 2 } } },
  { trials, schedule: { hyperband: { eta: 2 } } },
];
const say = (text: string) => process.stdout.write(`${text}\n`);

const until = Date.now() + minutes * 60_000;
const expected = new Map<number, TableLine[]>();
let seed = Number(values.seed);
say(`soak with seed ${seed}, ${workers} workers, ${shards} shards`);
for (let round = 0; Date.now() < until && process.exitCode === undefined; round++, seed++) {
  const kind = round % searches.length;
  const search = searches[kind]!;
  const table = expected.get(kind) ?? (await undisturbed(search, 1));
  expected.set(kind, table);
  say(`round ${round}, seed ${seed}: ${JSON.stringify(search)}, ${table.length} trials`);
  const between = [every * 1000, every * 2000] as const;
  const result = await soak(table, {
    seed,
    workers,
    shards,
    search,
    between,
    secondsOfKills: 600,
    secondsMax: 900,
    say,
  });
  say(`${result.broken.length} promises broken, kills ${JSON.stringify(result.kills)}, ${result.seconds.toFixed(1)} s`);
  for (const broken of result.broken.slice(0, 20)) say(`BROKEN (seed ${seed}) ${broken}`);
  if (result.broken.length > 0) process.exitCode = 1;
}
