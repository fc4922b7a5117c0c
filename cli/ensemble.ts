/** `polyak evaluate --ensemble`: each member's numbers on a split, and those of the members' mean prediction. */
import { PolyakError } from '../common/errors.js';
import { snapshotSteps } from '../server/checkpoint/checkpoint.js';
import { evaluateEnsemble, type EnsembleEvaluation, type Evaluation } from '../inference/evaluate.js';
import type { EvaluateCommandOptions } from './evaluate.js';
import { loadRun } from './load-run.js';
import { openTrained } from './open-run.js';
import { bestTrials } from './sweep/best.js';
import { openReader } from './sweep/open-reader.js';
import { SweepFolder } from './sweep/sweep-folder.js';
import { defaultState } from './train.js';
import { wordsOf } from './scores.js';
import { tableOf } from './table.js';

const membersMax = 100;

export interface Member {
  /** A reference. */
  run: string;
  /** Of a checkpoint that the run has kept; of its newest unless given. */
  step?: number;
}

/** `top:5` of a sweep, `snapshots:5` of a run, or runs with commas between them. Errors: `usage`. */
export async function membersOf(
  text: string,
  whole: string | undefined,
  { state = defaultState }: EvaluateCommandOptions,
): Promise<Member[]> {
  const [, kind, count] = /^(top|snapshots):([1-9]\d{0,2})$/.exec(text) ?? [];
  if (kind === undefined) {
    if (whole !== undefined)
      throw new PolyakError('usage', `--ensemble ${text}: leave '${whole}' out, or put it among the runs`);
    return text.split(',').map((run) => ({ run }));
  }
  const of = kind === 'top' ? 'sweep' : 'run';
  if (whole === undefined) {
    const example = `polyak evaluate ${of.toUpperCase()} --ensemble ${text}`;
    throw new PolyakError('usage', `--ensemble ${text}: of which ${of}? ${example}`);
  }
  if (kind === 'snapshots') return await newestSnapshots(state, whole, Number(count));
  return (await topTrials(SweepFolder.open(state, whole), Number(count))).map((run) => ({ run }));
}

/** The newest first, so that fewer of them are the later ones. */
async function newestSnapshots(state: string, run: string, count: number): Promise<Member[]> {
  const { checkpoints, facts } = await openTrained(state, run);
  const steps = await snapshotSteps(checkpoints);
  if (steps.length < count) {
    const way = 'checkpoint: { snapshots: { every: EPOCHS, keep: COUNT } } keeps them';
    throw new PolyakError(
      'usage',
      `--ensemble snapshots:${count}: ${facts.name} has ${steps.length} snapshots; ${way}`,
    );
  }
  return steps.slice(0, count).map((step) => ({ run, step }));
}

/** References to the best trials whose weights are kept: the checkpoint of one that runs is not what it was ranked by. */
export async function topTrials(folder: SweepFolder, count: number): Promise<string[]> {
  const reader = await openReader(folder);
  try {
    if (reader.plan.members > 1) {
      throw new PolyakError(
        'usage',
        `${folder.facts.name}: its trials are of ${reader.plan.members} runs, trained on different samples; refit the best instead: polyak best ${folder.facts.name} --refit`,
      );
    }
    const rows = await bestTrials(reader, count, ['finished', 'stopped', 'paused']);
    return rows.map(({ number }) => `${folder.facts.name}/${number}`);
  } finally {
    await reader.close();
  }
}

/** Errors: those of loadRun and evaluateEnsemble. */
export async function ensembleCommand(members: readonly Member[], options: EvaluateCommandOptions): Promise<void> {
  const { split, data, json, ...rest } = options;
  if (members.length > membersMax) {
    throw new PolyakError('usage', `--ensemble: has ${members.length} members, the most is ${membersMax}`);
  }
  const runs = [];
  for (const { run, step } of members) runs.push(await loadRun(run, step === undefined ? rest : { ...rest, step }));
  const onNotice = (message: string) => process.stderr.write(`polyak: ${message}\n`);
  const evaluation = await evaluateEnsemble(runs, { split, data, onNotice });
  if (json) {
    const { ensemble } = evaluation;
    const each = evaluation.members.map((member, index) => ({ ...members[index], ...member }));
    process.stdout.write(`${JSON.stringify({ event: 'evaluated', split, members: each, ensemble })}\n`);
  } else process.stdout.write(`${ensembleTable(members.map(nameOf), evaluation)}\n`);
}

function nameOf({ run, step }: Member): string {
  return step === undefined ? run : `${run}, step ${step}`;
}

export function ensembleTable(names: readonly string[], { members, ensemble }: EnsembleEvaluation): string {
  const metrics = Object.keys(ensemble.metrics);
  const columns = [
    { title: `${ensemble.split} split, ${ensemble.samples} samples` },
    { title: 'loss', right: true },
    ...metrics.map((name) => ({ title: wordsOf(name), right: true })),
  ];
  const row = (name: string, { loss, metrics: measured }: Evaluation) => [
    ...[name, loss.toPrecision(5)],
    ...metrics.map((metric) => measured[metric]?.toPrecision(5) ?? '-'),
  ];
  return tableOf(columns, [
    ...members.map((member, index) => row(names[index] ?? '', member)),
    row(`ensemble of ${members.length}`, ensemble),
  ]);
}
