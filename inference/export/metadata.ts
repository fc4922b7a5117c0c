/** What whoever uses an exported model must know: what goes in, what comes out, and where it is from. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { targetOf } from '../../common/experiment/losses.js';
import { packageRoot } from '../../common/package-root.js';
import { isInput } from '../../worker/data/encoding.js';
import type { TrainedRun } from '../trained-run.js';
import type { ExportOptions } from './export-run.js';

const layouts: Record<number, string> = { 2: 'steps, features', 3: 'height, width, channels' };

/** Errors: `data` where the run's module is gone. */
export async function metadataOf(
  run: TrainedRun,
  { format, quantise }: ExportOptions,
): Promise<Record<string, unknown>> {
  const { experiment, inputShape, classes, weights, step, sha256 } = run;
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string };
  return {
    name: experiment.name,
    format,
    polyak: version,
    weights,
    step,
    weightsSha256: sha256,
    quantise: quantise ?? null,
    input: { shape: inputShape, layout: layouts[inputShape.length] ?? null, ...valuesOf(run) },
    output: { shape: [run.dataShape.outputs], values: outputOf(run, await run.hasProbabilities()) },
    classes,
    ...(run.encoding?.columns && { columns: run.encoding.columns.filter(isInput) }),
    preprocess: { steps: experiment.preprocess, inGraph: format !== 'safetensors' },
  };
}

function valuesOf({ experiment, encoding }: TrainedRun) {
  const { source } = experiment.data;
  const numbers = source === 'csv' ? 'the numbers of the csv' : 'the numbers of the arrays';
  return { type: 'float32', values: source === 'csv' || encoding?.values === 'numbers' ? numbers : 'byte / 255' };
}

function outputOf({ experiment, classes, dataShape }: TrainedRun, hasProbabilities: boolean): string {
  if (!classes) return dataShape.outputs === 1 ? 'the predicted number' : 'the predicted numbers';
  const single = targetOf(experiment.loss) === 'twoClasses';
  if (hasProbabilities) return single ? `the probability of '${classes[1] ?? ''}'` : 'the probability of each class';
  return single ? `a score, above 0 for '${classes[1] ?? ''}'` : 'the score of each class';
}
