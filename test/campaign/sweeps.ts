/** Sweeps under fire, as long as the campaign has time for: exactly N trials, each with the numbers of the undisturbed sweep. */
import type { TableLine } from '../cluster/sweep-cluster.js';
import type { Finding } from './finding.js';
import { soak, undisturbed } from './soak.js';

interface Siege {
  name: string;
  search: Record<string, unknown>;
  workers: number;
  secondsOfKills: number;
}

const shards = 2;
const between = [2000, 4000] as const;
const secondsMax = 1200;

const many = { trials: 500 };
const sieges: Siege[] = [
  { name: '500 trials', search: many, workers: 8, secondsOfKills: 120 },
  { name: '500 trials', search: many, workers: 4, secondsOfKills: 60 },
  {
    name: '81 trials by successive halving',
    search: { trials: 81, schedule: { successiveHalving: { eta: 2 } } },
    workers: 8,
    secondsOfKills: 60,
  },
  {
    name: '90 trials by Hyperband',
    search: { trials: 90, schedule: { hyperband: { eta: 2 } } },
    workers: 8,
    secondsOfKills: 60,
  },
];

export async function sweepFindings(seed: number): Promise<Finding[]> {
  const findings: Finding[] = [];
  const tables = new Map<object, TableLine[]>();
  for (const [index, { name, search, workers, secondsOfKills }] of sieges.entries()) {
    const table = tables.get(search) ?? (await undisturbed(search, 1));
    tables.set(search, table);
    const say = (text: string) => process.stdout.write(`${text}\n`);
    const { broken, kills, seconds } = await soak(table, {
      // Not the same processes each time.
      ...{ seed: seed + index, workers, shards, search, between, secondsOfKills, secondsMax, say },
    });
    const died = `${kills.worker} workers, ${kills.server} shards and the coordinator ${kills.coordinator} times killed`;
    const result = broken.length === 0 ? `${table.length} trials, ${died}, ${Math.round(seconds)} s` : broken[0]!;
    const what = `${name} on ${workers} workers, kill -9 every 2 to 4 s for ${secondsOfKills} s: the table of one worker, undisturbed`;
    say(`${what}: ${result}`);
    findings.push({ name: what, passed: broken.length === 0, result });
  }
  return findings;
}
