/** The golden cases of test/golden/layers.py, run through a TrainingModel. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { vectorKernels } from '../../common/kernels/vector-kernels.js';
import { executeJob } from '../../server/arithmetic/execute-job.js';
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
  /** The second labels of samples that are mixed of two, and what the first ones count. */
  mixed?: { labels: number[]; shares: number[] };
  weights: number[];
  lossSum: number;
  gradient: number[];
  statistics: number[];
}

/** Running statistics after all batches but the last, which is evaluated by them. */
export interface GoldenEvaluation {
  name: string;
  model: unknown[];
  inputShape: number[];
  outputs: number;
  weights: number[];
  batches: { count: number; inputs: number[] }[];
  /** Mean and variance of each batch normalisation. */
  running: number[];
  evaluated: number[];
}

export const { cases: goldenCases, evaluations: goldenEvaluations } = JSON.parse(
  readFileSync(join(packageRoot(), 'test/golden/layers.json'), 'utf8'),
) as { cases: GoldenCase[]; evaluations: GoldenEvaluation[] };

export async function runGolden(tf: TF, golden: GoldenCase) {
  const { inputShape, outputs, count } = golden;
  const model = await TrainingModel.build(tf, golden, { inputShape, outputs });
  const { parameterCount, statisticsCount } = model.manifest;
  const out = { parameters: new Float32Array(parameterCount), statistics: new Float32Array(statisticsCount) };
  model.setWeights(new Float32Array(golden.weights), new Float32Array(statisticsCount));
  const Labels = targetOf(golden.loss) === 'numbers' ? Float32Array : Int32Array;
  const { mixed } = golden;
  const batch = {
    ...{ inputs: new Float32Array(golden.inputs), labels: new Labels(golden.labels), count },
    ...(mixed && { mixed: { labels: new Int32Array(mixed.labels), shares: new Float32Array(mixed.shares) } }),
  };
  const sums = model.gradient(batch, { seed: 1, step: 0, microBatch: 0 }, out);
  model.dispose();
  return { ...out, lossSum: sums.lossSum };
}

/** Workers compute the statistics of each batch, the server moves the running ones, evaluation uses those: all as they do it. */
export async function runGoldenEvaluation(tf: TF, golden: GoldenEvaluation) {
  const { inputShape, outputs, batches } = golden;
  const experiment = { model: golden.model, loss: 'meanSquaredError' };
  const model = await TrainingModel.build(tf, experiment, { inputShape, outputs });
  const { parameterCount, statistics: specs, statisticsCount: n, statisticsMomentum } = model.manifest;
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const kernels = vectorKernels(memory);
  const [runningAt, sumAt] = [1024, 4096];
  const running = new Float32Array(memory.buffer, runningAt, n);
  for (const { name, offset, length } of specs) {
    running.fill(name.endsWith('/moving_variance') ? 1 : 0, offset, offset + length);
  }
  const parameters = new Float32Array(golden.weights);
  for (const [step, { count, inputs }] of batches.slice(0, -1).entries()) {
    model.setWeights(parameters, running.slice());
    const out = { parameters: new Float32Array(parameterCount), statistics: new Float32Array(n) };
    const batch = { inputs: new Float32Array(inputs), labels: new Float32Array(count * outputs), count };
    model.gradient(batch, { seed: 1, step, microBatch: 0 }, out);
    new Float32Array(memory.buffer, sumAt, n).set(out.statistics);
    const segments = specs.map(({ offset: start, length }, index) => {
      return { start, length, momentum: statisticsMomentum[index]! };
    });
    const reciprocal = Math.fround(1 / count);
    executeJob(kernels, { kind: 'runningStatistics', running: runningAt, sum: sumAt, segments, reciprocal });
  }
  model.setWeights(parameters, running.slice());
  const { count, inputs } = batches.at(-1)!;
  const evaluated = model.predict(new Float32Array(inputs), count);
  model.dispose();
  return { running: running.slice(), evaluated };
}

/** The largest difference, relative to the largest golden value. */
export function worstDifference(actual: ArrayLike<number>, golden: readonly number[]): number {
  const scale = Math.max(1e-30, ...golden.map(Math.abs));
  return Math.max(0, ...golden.map((value, index) => Math.abs(value - actual[index]!) / scale));
}
