/** `polyak evaluate --ensemble`: each member's numbers on a split, and those of the members' mean prediction. */
import { PolyakError } from '../common/errors.js';
import { evaluateEnsemble, type EnsembleEvaluation, type Evaluation } from '../inference/evaluate.js';
import type { EvaluateCommandOptions } from './evaluate.js';
import { loadRun } from './load-run.js';
import { bestTrials } from './sweep/best.js';
import { openReader } from './sweep/open-reader.js';
import { SweepFolder } from './sweep/sweep-folder.js';
import { defaultState } from './train.js';
import { wordsOf } from './scores.js';
import { tableOf } from './table.js';

const membersMax = 100;

/** `top:5` of a sweep, or runs with commas between them. Errors: `usage`. */
export async function membersOf(
  text: string,
  sweep: string | undefined,
  { state = defaultState }: EvaluateCommandOptions,
): Promise<string[]> {
  const top = /^top:([1-9]\d{0,2})$/.exec(text)?.[1];
  if (top === undefined) {
    if (sweep !== undefined)
      throw new PolyakError('usage', `--ensemble ${text}: leave '${sweep}' out, or put it among the runs`);
    return text.split(',');
  }
  if (sweep === undefined)
    throw new PolyakError('usage', `--ensemble ${text}: of which sweep? polyak evaluate SWEEP --ensemble ${text}`);
  return await topTrials(SweepFolder.open(state, sweep), Number(top));
}

/** References to the best trials whose weights are kept. */
export async function topTrials(folder: SweepFolder, count: number): Promise<string[]> {
  const reader = await openReader(folder);
  try {
    if (reader.plan.members > 1) {
      throw new PolyakError(
        'usage',
        `${folder.facts.name}: its trials are of ${reader.plan.members} runs, trained on different samples; refit the best instead: polyak best ${folder.facts.name} --refit`,
      );
    }
    const rows = await bestTrials(reader, count);
    return rows.map(({ number }) => `${folder.facts.name}/${number}`);
  } finally {
    await reader.close();
  }
}

/** `members` are runs with commas between them. Errors: those of loadRun and evaluateEnsemble. */
export async function ensembleCommand(members: readonly string[], options: EvaluateCommandOptions): Promise<void> {
  const { split, data, json, ...rest } = options;
  if (members.length > membersMax) {
    throw new PolyakError('usage', `--ensemble: has ${members.length} members, the most is ${membersMax}`);
  }
  const runs = [];
  for (const member of members) runs.push(await loadRun(member, rest));
  const onNotice = (message: string) => process.stderr.write(`polyak: ${message}\n`);
  const evaluation = await evaluateEnsemble(runs, { split, data, onNotice });
  if (json) {
    const { ensemble } = evaluation;
    const each = evaluation.members.map((member, index) => ({ run: members[index], ...member }));
    process.stdout.write(`${JSON.stringify({ event: 'evaluated', split, members: each, ensemble })}\n`);
  } else process.stdout.write(`${ensembleTable(members, evaluation)}\n`);
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
