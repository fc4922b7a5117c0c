/** `polyak show SWEEP`: what it searches, how far it is, what it found and what that took. */
import { stringify } from 'yaml';
import { describeReproducibility } from '../../coordinator/search/reproducibility.js';
import type { TrialRow } from '../../coordinator/store/rows.js';
import type { SweepSnapshot } from '../../coordinator/sweep/sweep-snapshot.js';
import { count, displayPath } from '../foreground.js';
import { duration } from '../live-view.js';
import { printJson, printText } from '../output.js';
import type { SweepFacts } from '../report/sweep-facts.js';
import { bold, listOf, when } from '../table.js';
import { bestLines } from './best.js';
import { gatherFacts } from './gather-facts.js';
import { openReader, type SweepReader } from './open-reader.js';
import { SweepFolder } from './sweep-folder.js';
import { countsText, stateOfSweep } from './sweep-state.js';

export async function showSweep(
  path: string,
  { experiment, json }: { experiment: boolean; json: boolean },
): Promise<void> {
  const folder = SweepFolder.open('.', path);
  if (experiment) {
    const { experiment: value } = folder.template;
    if (json) printJson(value);
    else printText(`# The experiment of ${folder.facts.name}.\n${stringify(value).trimEnd()}`);
    return;
  }
  const reader = await openReader(folder);
  try {
    const trials: TrialRow[] = [];
    const snapshot = await reader.sweep();
    const facts = await gatherFacts(folder, reader, trials);
    const state = stateOfSweep(folder, snapshot);
    if (json) printJson({ ...folder.facts, folder: folder.path, ...snapshot, state, ...usedOf(facts) });
    else printText(await described(folder, reader, { snapshot, facts, state }));
  } finally {
    await reader.close();
  }
}

function usedOf({ space, schedule, sampler, rounds, edges, cost, usefulSeconds, wastedSeconds }: SweepFacts) {
  return { space, schedule, sampler, rounds, edges, cost: cost ?? null, usefulSeconds, wastedSeconds };
}

interface Shown {
  snapshot: SweepSnapshot;
  facts: SweepFacts;
  state: string;
}

async function described(folder: SweepFolder, reader: SweepReader, { snapshot, facts, state }: Shown): Promise<string> {
  const { name, workers, shards, backend, coordinator, provenance, createdAt } = folder.facts;
  const { spent, reason } = snapshot;
  const { cost, usefulSeconds, wastedSeconds, budgets } = facts;
  const space = Object.entries(facts.space).map(([parameter, distribution]): [string, string] => [
    parameter,
    JSON.stringify(distribution).replaceAll('"', ''),
  ]);
  const projected = cost?.projected === null || cost === undefined ? '' : `, ${cost.projected.toFixed(2)} in all`;
  const parts = [
    `${bold(name)}: ${state}${reason === null ? '' : ` (${reason})`}`,
    listOf([
      ['trials', countsText(snapshot)],
      ['objective', `${facts.direction} ${facts.metric}`],
      ['schedule', facts.schedule],
      ['sampler', facts.sampler],
    ]),
    listOf(space),
    (await bestLines(reader)).join('\n'),
    listOf(facts.rounds.map((lines, index) => [`round ${index + 1}`, lines.join('\n')])),
    listOf(facts.edges.map((edge) => ['consider', edge])),
    listOf([
      ['took', `${duration(spent.seconds)}, ${count(spent.epochs, 'epoch')}`],
      ['computed', `${usefulSeconds.toFixed(1)} s useful, ${wastedSeconds.toFixed(1)} s wasted`],
      ['cost', cost && `${cost.spent.toFixed(2)}${projected}`],
      ...budgets.map((budget): [string, string] => [`budget of ${budget.name}`, `${budget.spent} of ${budget.limit}`]),
      ['repeatable', describeReproducibility(snapshot.reproducibility)],
      ['created', when(createdAt)],
      ['command', provenance.command ?? undefined],
      ['ran on', coordinator === null ? machines(workers, shards, backend) : `cluster ${coordinator}`],
      ['folder', displayPath(folder.path)],
    ]),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

function machines(workers: number, shards: number, backend: string): string {
  return `${count(workers, 'worker')}, ${count(shards, 'shard')}, ${backend}`;
}
