/** `polyak evaluate`: a run's numbers on a split, as a table or as JSON. */
import { evaluateRun, type Evaluation } from '../inference/evaluate.js';
import { loadRun, type FindRunOptions } from './load-run.js';
import { tableOf } from './table.js';

const confusionsShown = 10;

export interface EvaluateCommandOptions extends FindRunOptions {
  split: 'train' | 'validation' | 'test';
  data?: string;
  json: boolean;
}

export async function evaluateCommand(reference: string, options: EvaluateCommandOptions): Promise<void> {
  const { split, data, json, ...rest } = options;
  const run = await loadRun(reference, rest);
  const onNotice = (message: string) => process.stderr.write(`polyak: ${message}\n`);
  const evaluation = await evaluateRun(run, { split, data, onNotice });
  const { folder, step, weights } = run;
  if (json) {
    const line = { event: 'evaluated', run: folder, step, weights, weightsSha256: run.sha256, ...evaluation };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  } else {
    const name = `${run.experiment.name}, step ${step}, ${weights} weights`;
    process.stdout.write(`${name}: ${describe(evaluation)}\n`);
  }
}

function describe(evaluation: Evaluation): string {
  const { split, samples, loss, accuracy, meanAbsoluteError, classes, confusions } = evaluation;
  const right = accuracy === null ? '' : `, accuracy ${accuracy.toFixed(4)}`;
  const error = meanAbsoluteError === null ? '' : `, mean absolute error ${meanAbsoluteError.toPrecision(4)}`;
  const lines = [`${split} split, ${samples} samples: loss ${loss.toPrecision(5)}${right}${error}`];
  if (classes) {
    const rows = classes.map(({ name, count, precision, recall }) => [
      name,
      percent(precision),
      percent(recall),
      count,
    ]);
    lines.push('', table(['class', 'precision', 'recall', 'count'], rows));
  }
  if (confusions.length > 0) {
    const shown = confusions.slice(0, confusionsShown);
    const rows = shown.map(({ actual, predicted, count }) => [actual, predicted, count]);
    lines.push('', 'most often taken for another:', table(['class', 'taken for', 'count'], rows));
  }
  return lines.join('\n');
}

function percent(part: number | null): string {
  return part === null ? '-' : `${(100 * part).toFixed(1)} %`;
}

/** The first column to the left, the others to the right. */
function table(head: string[], rows: (string | number)[][]): string {
  const columns = head.map((title, index) => ({ title, right: index > 0 }));
  return tableOf(
    columns,
    rows.map((row) => row.map(String)),
  );
}
