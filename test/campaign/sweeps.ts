/** Sweeps under fire, as long as the campaign has time for: exactly N trials, each with the numbers of the undisturbed sweep. */
import type { TableLine } from '../cluster/sweep-cluster.js';
import type { Finding } from './finding.js';
import { soak, timed, undisturbed, type SoakResult } from './soak.js';

interface Siege {
  name: string;
  search: Record<string, unknown>;
  workers: number;
  /** Sweeps follow one another for so long, where one is not to last as long by itself. */
  secondsOfKills: number;
  /** One sweep is to last as long as its kills, by as many epochs as that takes here. */
  isOneSweep: boolean;
}

const shards = 2;
const between = [2000, 4000] as const;
const secondsMax = 1800;

/** Fewer of both, for a look at whether the proof itself works. */
const trials = Number(process.env['POLYAK_TEST_TRIALS'] ?? 500);
const seconds = Number(process.env['POLYAK_TEST_SIEGE_SECONDS'] ?? 120);

const many = { trials };
const sieges: Siege[] = [
  { name: `${trials} trials`, search: many, workers: 8, secondsOfKills: seconds, isOneSweep: true },
  { name: `${trials} trials`, search: many, workers: 4, secondsOfKills: seconds / 2, isOneSweep: true },
  {
    name: '81 trials by successive halving',
    search: { trials: 81, schedule: { successiveHalving: { eta: 2 } } },
    workers: 8,
    secondsOfKills: seconds / 2,
    isOneSweep: false,
  },
  {
    name: '90 trials by Hyperband',
    search: { trials: 90, schedule: { hyperband: { eta: 2 } } },
    workers: 8,
    secondsOfKills: seconds / 2,
    isOneSweep: false,
  },
];

interface Reference {
  table: TableLine[];
  epochs: number | undefined;
}

export async function sweepFindings(seed: number): Promise<Finding[]> {
  const findings: Finding[] = [];
  const references = new Map<object, Reference>();
  for (const [index, siege] of sieges.entries()) {
    const { name, search, workers, secondsOfKills } = siege;
    const reference = references.get(search) ?? (await referenceOf(siege));
    references.set(search, reference);
    // Not the same processes each time.
    const results = await besiege(siege, reference, seed + 1000 * index);
    const result = resultOf(siege, reference, results);
    const what = `${name} on ${workers} workers, kill -9 every 2 to 4 s for ${secondsOfKills} s: the table of one worker, undisturbed`;
    say(`${what}: ${result.result}`);
    findings.push({ name: what, ...result });
  }
  return findings;
}

async function referenceOf({ search, workers, secondsOfKills, isOneSweep }: Siege): Promise<Reference> {
  const epochs = isOneSweep ? await epochsToLast(secondsOfKills, workers) : undefined;
  if (epochs !== undefined) say(`${trials} trials of ${epochs} epochs last ${secondsOfKills} s and more here`);
  return { table: await undisturbed(search, 1, epochs), epochs };
}

/** A fast machine needs longer trials: measured on few and more of them, short and long ones, and a half more than that. */
async function epochsToLast(secondsNeeded: number, workers: number): Promise<number> {
  const [few, more, short, long] = [4 * workers, 16 * workers, 2, 42];
  const { seconds: ofFew } = await timed({ trials: few }, workers, short);
  const { seconds: ofMore } = await timed({ trials: more }, workers, short);
  const { seconds: ofLong } = await timed({ trials: few }, workers, long);
  // What is the same for few and for more, is the cluster's beginning.
  const perShortTrial = Math.max(0, (ofMore - ofFew) / (more - few));
  const perEpoch = Math.max(1e-4, (ofLong - ofFew) / (few * (long - short)));
  const perTrial = (3 / 2) * (secondsNeeded / trials);
  return Math.max(short, Math.ceil(short + (perTrial - perShortTrial) / perEpoch));
}

/** One sweep, or one after another until the time for kills is over or a promise is broken. */
async function besiege(siege: Siege, { table, epochs }: Reference, seed: number): Promise<SoakResult[]> {
  const { search, workers, secondsOfKills, isOneSweep } = siege;
  const results: SoakResult[] = [];
  for (let left = secondsOfKills; left > 0; left -= results.at(-1)!.secondsOfKills) {
    const options = { workers, shards, search, epochs, between, secondsMax, say };
    results.push(await soak(table, { ...options, seed: seed + results.length, secondsOfKills: left }));
    if (isOneSweep || results.at(-1)!.broken.length > 0) break;
  }
  return results;
}

function resultOf(
  { secondsOfKills }: Siege,
  { table, epochs }: Reference,
  results: SoakResult[],
): Omit<Finding, 'name'> {
  const sum = (of: (result: SoakResult) => number) => results.reduce((total, result) => total + of(result), 0);
  const broken = results.flatMap((result) => result.broken);
  if (broken[0] !== undefined) return { passed: false, result: broken[0] };
  const died = [
    `${sum(({ kills }) => kills.worker)} workers`,
    `${sum(({ kills }) => kills.server)} shards`,
    `and the coordinator ${sum(({ kills }) => kills.coordinator)} times killed`,
  ].join(', ');
  const killed = sum((result) => result.secondsOfKills);
  const sweeps = results.length === 1 ? '' : `${results.length} sweeps of `;
  const ofEpochs = epochs === undefined ? '' : ` of ${epochs} epochs`;
  const all = Math.round(sum((result) => result.seconds));
  return {
    // A sweep that was over before has not shown what it says.
    passed: killed >= secondsOfKills - 0.5,
    result: `${sweeps}${table.length} trials${ofEpochs}, ${died} in ${Math.round(killed)} s, ${all} s in all`,
  };
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
