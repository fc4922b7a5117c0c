/**
 * A trial of a sweep as the folder of a run, so that whatever takes a run takes a trial: run.json, experiment.json and
 * events.jsonl are made of the sweep's store each time somebody asks, and replaced whole. The checkpoints are there already.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { placeInside } from '../../common/checkpoint-location.js';
import { PolyakError } from '../../common/errors.js';
import type { TrialRow } from '../../coordinator/store/rows.js';
import type { RunRecord, TrialFacts } from '../run-folder.js';
import { bestTrials } from './best.js';
import { openReader, type SweepReader } from './open-reader.js';
import type { TrialRun } from './sweep-follower.js';
import { SweepFolder } from './sweep-folder.js';
import { trialJournal } from './trial-journal.js';
import type { TrialReference } from './trial-reference.js';

/** Answers with its folder. Errors: `usage` for a trial that has not begun; those of the reader. */
export async function writeTrialFolder({ sweep, trial }: TrialReference): Promise<string> {
  const folder = SweepFolder.open('.', sweep);
  const reader = await openReader(folder);
  try {
    const row = trial === 'best' ? await bestTrial(folder, reader) : await reader.trial(trial);
    if (!row) throw await notBegun(folder, reader, trial);
    const [runs, { settings }] = await Promise.all([reader.trialRuns(row.number), reader.sweep()]);
    await writeFiles(folder, reader, { row, runs, keep: settings.keep });
    return folder.trial(row.number);
  } finally {
    await reader.close();
  }
}

async function bestTrial({ facts }: SweepFolder, reader: SweepReader): Promise<TrialRow> {
  const [best] = await bestTrials(reader, 1);
  if (best) return best;
  throw new PolyakError('usage', `${facts.name}@best: no trial has a ${reader.plan.search.metric} yet`);
}

async function notBegun({ facts }: SweepFolder, reader: SweepReader, trial: number | 'best'): Promise<PolyakError> {
  const { total } = await reader.trials({ limit: 1 });
  const there = total === 0 ? 'none has begun' : `${total} have begun, from 0 on`;
  return new PolyakError(
    'usage',
    `${facts.name} has no trial ${trial}: ${there}; see them with 'polyak trials ${facts.name}'`,
  );
}

interface KnownTrial {
  row: TrialRow;
  runs: TrialRun[];
  keep: number;
}

async function writeFiles(folder: SweepFolder, { plan }: SweepReader, { row, runs, keep }: KnownTrial): Promise<void> {
  const { facts } = folder;
  const path = folder.trial(row.number);
  const isRunning = row.status === 'running' && folder.isFollowed;
  const record: RunRecord = {
    name: `${facts.name}/${row.number}`,
    trialKey: runs[0]?.run.key ?? '0'.repeat(16),
    createdAt: row.startedAt ?? facts.createdAt,
    ...{ untilStep: 0, workers: 1, shards: facts.shards, backend: facts.backend, coordinator: facts.coordinator },
    ...{ roles: [], pid: isRunning ? facts.pid : null, provenance: facts.provenance, parent: null },
    ...(facts.checkpoints === undefined
      ? {}
      : { checkpoints: placeInside(folder.place, 'trials', String(row.number), 'checkpoints') }),
    trial: trialFacts(row, { sweep: facts.name, metric: plan.search.metric, members: plan.members, keep }),
  };
  await mkdir(path, { recursive: true });
  await copyModules(folder, path);
  await replace(join(path, 'experiment.json'), `${plan.experimentOf(row.parameters, 0)}\n`);
  const entries = trialJournal(row, runs).map((entry) => `${JSON.stringify(entry)}\n`);
  await replace(join(path, 'events.jsonl'), entries.join(''));
  // Last, because it makes a run of the folder.
  await replace(join(path, 'run.json'), `${JSON.stringify(record, null, 2)}\n`);
}

function trialFacts(row: TrialRow, known: Pick<TrialFacts, 'sweep' | 'metric' | 'members' | 'keep'>): TrialFacts {
  const { number, status, value, best, bestEpoch, deviation, columns, reason, computeSeconds } = row;
  return { ...known, number, status, value, best, bestEpoch, deviation, parameters: columns, reason, computeSeconds };
}

/** Whoever loads a run looks for its module in the run's folder. */
async function copyModules(folder: SweepFolder, path: string): Promise<void> {
  const from = join(folder.path, 'modules');
  if (!existsSync(from)) return;
  const to = join(path, 'modules');
  await mkdir(to, { recursive: true });
  for (const name of await readdir(from)) {
    if (existsSync(join(to, name))) continue;
    const partial = join(to, `${name}.${randomUUID()}.new`);
    await copyFile(join(from, name), partial);
    await rename(partial, join(to, name));
  }
}

/** A reader sees the old file or the new one, and two writers do not mix. */
async function replace(file: string, text: string): Promise<void> {
  const partial = `${file}.${randomUUID()}.new`;
  await writeFile(partial, text);
  await rename(partial, file);
}
