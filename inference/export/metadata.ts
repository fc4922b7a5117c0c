/** What whoever uses an exported model must know: what goes in, what comes out, and where it is from. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../common/package-root.js';
import type { TrainedRun } from '../trained-run.js';
import type { ExportOptions } from './export-run.js';

export function metadataOf(run: TrainedRun, { format, quantise }: ExportOptions): Record<string, unknown> {
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
    input: { shape: inputShape, layout: inputShape.length === 3 ? 'height, width, channels' : null, ...valuesOf(run) },
    output: { shape: [run.dataShape.outputs], values: outputOf(run) },
    classes,
    preprocess: { steps: experiment.preprocess, inGraph: format !== 'safetensors' },
  };
}

function valuesOf({ experiment }: TrainedRun) {
  const fromBytes = experiment.data.source !== 'csv';
  return { type: 'float32', values: fromBytes ? 'byte / 255' : 'the numbers of the csv' };
}

function outputOf({ experiment, classes }: TrainedRun): string {
  if (!classes) return 'the predicted number';
  const single = experiment.loss === 'binaryCrossEntropy';
  return single ? `the probability of '${classes[1] ?? ''}'` : 'the probability of each class';
}
