/** `polyak evaluate` against what training itself reported. */
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { averageOf } from '../../common/experiment/metrics.js';
import { nameOf, type NamedOption } from '../../common/experiment/named-option.js';
import { loadRun } from '../../cli/load-run.js';
import type { Evaluation } from '../../inference/evaluate.js';
import { InferenceModel } from '../../inference/inference-model.js';
import { Preprocessor } from '../../inference/preprocessor.js';
import { loadTensorFlow } from '../../worker/tensorflow/load.js';
import {
  binary,
  binaryData,
  image,
  imageData,
  margins,
  regression,
  regressionData,
  robust,
  sides,
} from './experiments.js';
import { polyak } from './polyak.js';
import { drawSamples, ScratchRun, table } from './scratch-run.js';

describe.each([
  { what: 'an image model', made: imageData, experiment: image },
  { what: 'a model of two classes', made: binaryData, experiment: binary },
  { what: 'a regression', made: regressionData, experiment: regression },
  { what: 'a regression by the Huber loss', made: regressionData, experiment: robust },
  { what: 'a model of margins', made: imageData, experiment: margins },
  { what: 'a model of one margin', made: binaryData, experiment: sides },
])('what is measured of $what', ({ made, experiment }) => {
  let scratch: ScratchRun;
  beforeAll(async () => {
    scratch = await ScratchRun.train(experiment, { 'table.csv': table(made) });
  });
  afterAll(() => scratch.remove());

  function evaluate(...flags: string[]): Evaluation {
    const { status, lines, stderr } = polyak('evaluate', scratch.process.folder, ...flags);
    expect(stderr.split('\n').filter((line) => line.startsWith('polyak:'))).toEqual([]);
    expect(status).toBe(0);
    return lines.at(-1) as unknown as Evaluation;
  }

  /** What training measured of the evaluation's metrics. */
  function measured({ accuracy, metrics }: Evaluation): Record<string, number | null | undefined> {
    const own = (experiment.metrics ?? []).map((metric) => nameOf(metric as NamedOption));
    return { accuracy, ...Object.fromEntries(own.map((name) => [name, metrics[name]])) };
  }

  it('is exactly what training reported for validation', () => {
    const evaluation = evaluate('--split', 'validation');
    expect({ loss: evaluation.loss, ...measured(evaluation) }).toEqual(scratch.finished['validation']);
  });

  it('is exactly what training reported for the test split, of last weights and of their average', () => {
    const last = evaluate();
    const average = evaluate('--weights', 'average');
    const averages = Object.entries(measured(average)).map(([name, value]) => [averageOf(name), value]);
    expect({ ...measured(last), ...Object.fromEntries(averages) }).toEqual(scratch.finished['test']);
    expect(last).toMatchObject({ samples: 50, weightsSha256: scratch.finished['weightsSha256'] });
    expect(average).toMatchObject({ samples: 50, weightsSha256: scratch.finished['averageSha256'] });
  });

  it('of the running average has running statistics of its own, averaged like the weights, and none of the last', async () => {
    const average = await loadRun(scratch.process.folder, { weights: 'average' });
    const { parameterCount, statisticsCount } = average.manifest;
    if (statisticsCount === 0) return;
    const samples = drawSamples(8, made);
    const own = await average.predict(samples);
    const ofLast = average.vector.slice();
    ofLast.set(scratch.run.vector.subarray(parameterCount), parameterCount);
    expect(ofLast).not.toEqual(average.vector);
    const predictWith = async (vector: Float32Array) => {
      const { dataShape: data, manifest, preprocess, inputShape: shape } = average;
      const { experiment: trained } = average;
      const tf = await loadTensorFlow('tensorflow');
      const model = await InferenceModel.build(tf, { experiment: trained, data, manifest, vector, module: undefined });
      const preparing = new Preprocessor({ experiment: trained, shape, vector: preprocess, bytesPerValue: 4 });
      const predicted = model.predict(preparing.prepare(samples), 8);
      model.dispose();
      return predicted;
    };
    expect(await predictWith(average.vector)).toEqual(own);
    expect(await predictWith(ofLast)).not.toEqual(own);
  });

  it('adds up over the classes, or is an error in the numbers', () => {
    const { classes, confusions, accuracy, meanAbsoluteError, metrics } = evaluate();
    const wrong = confusions.reduce((sum, { count }) => sum + count, 0);
    if (classes === null) {
      expect(meanAbsoluteError).toBeGreaterThan(0);
      expect(metrics['rootMeanSquaredError']).toBeGreaterThanOrEqual(meanAbsoluteError ?? Infinity);
      expect(metrics['rSquared']).toBeLessThan(1);
      expect(wrong).toBe(0);
      return;
    }
    expect(classes.map(({ name }) => name)).toEqual(made.labels);
    expect(classes.reduce((sum, { count }) => sum + count, 0)).toBe(50);
    const right = classes.reduce((sum, { count, recall }) => sum + count * (recall ?? 0), 0);
    expect(right / 50).toBeCloseTo(accuracy ?? 0, 6);
    expect(right + wrong).toBeCloseTo(50, 6);
    expect(classes.reduce((sum, each) => sum + each.right, 0)).toBe(50 - wrong);
    expect(classes.reduce((sum, { predicted }) => sum + predicted, 0)).toBe(50);
  });

  it('can be of other data, fewer than the run held out', () => {
    const path = join(scratch.data.path, 'other.csv');
    writeFileSync(path, table(made, 30));
    expect(evaluate('--data', path).samples).toBe(30);
  });

  it('is of the held-out samples where the same data lie elsewhere', () => {
    const path = join(scratch.data.path, 'moved.csv');
    copyFileSync(join(scratch.data.path, 'table.csv'), path);
    const evaluation = evaluate('--data', path, '--split', 'validation');
    expect({ loss: evaluation.loss, ...measured(evaluation) }).toEqual(scratch.finished['validation']);
  });
});
