/** The golden cases of test/golden/layers.py, run through a TrainingModel. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { targetOf } from '../../common/experiment/losses.js';
import type { NamedOption } from '../../common/experiment/named-option.js';
import { packageRoot } from '../../common/package-root.js';
import { TrainingModel } from '../../worker/model/training-model.js';
import type { TF } from '../../worker/tensorflow/load.js';

export interface GoldenCase {
  name: string;
  model: unknown[];
  loss: NamedOption;
  inputShape: number[];
  outputs: number;
  count: number;
  inputs: number[];
  labels: number[];
  weights: number[];
  lossSum: number;
  gradient: number[];
  statistics: number[];
}

export const goldenCases = (
  JSON.parse(readFileSync(join(packageRoot(), 'test/golden/layers.json'), 'utf8')) as { cases: GoldenCase[] }
).cases;

export async function runGolden(tf: TF, golden: GoldenCase) {
  const { inputShape, outputs, count } = golden;
  const model = await TrainingModel.build(tf, golden, { inputShape, outputs });
  const { parameterCount, statisticsCount } = model.manifest;
  const out = { parameters: new Float32Array(parameterCount), statistics: new Float32Array(statisticsCount) };
  model.setWeights(new Float32Array(golden.weights), new Float32Array(statisticsCount));
  const Labels = targetOf(golden.loss) === 'numbers' ? Float32Array : Int32Array;
  const batch = { inputs: new Float32Array(golden.inputs), labels: new Labels(golden.labels), count };
  const sums = model.gradient(batch, { seed: 1, step: 0, microBatch: 0 }, out);
  model.dispose();
  return { ...out, lossSum: sums.lossSum };
}

/** The largest difference, relative to the largest golden value. */
export function worstDifference(actual: ArrayLike<number>, golden: readonly number[]): number {
  const scale = Math.max(1e-30, ...golden.map(Math.abs));
  return Math.max(0, ...golden.map((value, index) => Math.abs(value - actual[index]!) / scale));
}
