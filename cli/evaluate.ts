/** `polyak evaluate`: a run's numbers on a split, as a table or as JSON. */
import { metricFacts } from '../common/experiment/metrics.js';
import { partsOfStage } from '../common/experiment/stages.js';
import { evaluateRun, type Evaluation } from '../inference/evaluate.js';
import { loadRun, type FindRunOptions } from './load-run.js';
import { wordsOf } from './scores.js';
import { stageTable } from './stage-table.js';
import { tableOf } from './table.js';

const confusionsShown = 10;

export interface EvaluateCommandOptions extends FindRunOptions {
  split: 'train' | 'validation' | 'test';
  data?: string;
  augment?: string;
  json: boolean;
}

export async function evaluateCommand(reference: string, options: EvaluateCommandOptions): Promise<void> {
  const { split, data, augment, json, ...rest } = options;
  const run = await loadRun(reference, rest);
  const onNotice = (message: string) => process.stderr.write(`polyak: ${message}\n`);
  const evaluation = await evaluateRun(run, { split, data, augment, onNotice });
  const { folder, step, weights } = run;
  if (json) {
    const how = { step, weights, weightsSha256: run.sha256, ...(augment !== undefined && { augment }) };
    const line = { event: 'evaluated', run: folder, ...how, ...evaluation };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  } else {
    const views = augment === undefined ? '' : `, mean of ${run.views(augment).count} views`;
    const name = `${run.experiment.name}, step ${step}, ${weights} weights${views}`;
    process.stdout.write(`${name}: ${describe(evaluation)}\n`);
  }
}

function describe(evaluation: Evaluation): string {
  const { split, samples, loss, metrics, classes, confusions } = evaluation;
  const whole = Object.entries(metrics).filter(([name]) => partsOfStage(name) === undefined);
  const measured = whole.map(([name, value]) => `, ${wordsOf(name)} ${figure(name, value)}`);
  const lines = [`${split} split, ${samples} samples: loss ${loss.toPrecision(5)}${measured.join('')}`];
  const stages = stageTable({ '': metrics });
  if (stages !== undefined) lines.push('', stages);
  if (classes) {
    const rows = classes.map(({ name, count, predicted, right, precision, recall, f1 }) => [
      ...[name, percent(precision), percent(recall), percent(f1)],
      ...[count, predicted, right],
    ]);
    lines.push('', table(['class', 'precision', 'recall', 'F1', 'count', 'taken for it', 'rightly'], rows));
  }
  if (confusions.length > 0) {
    const shown = confusions.slice(0, confusionsShown);
    const rows = shown.map(({ actual, predicted, count }) => [actual, predicted, count]);
    lines.push('', 'most often taken for another:', table(['class', 'taken for', 'count'], rows));
  }
  return lines.join('\n');
}

/** A part of the samples to four places, an error in four digits. */
function figure(name: string, value: number | null): string {
  if (value === null) return 'not defined';
  return metricFacts(name)?.better === 'higher' ? value.toFixed(4) : value.toPrecision(4);
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
