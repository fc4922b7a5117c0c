import { beforeAll, describe, expect, test } from 'vitest';
import { configureTensorFlow, loadTensorFlow, type TF } from '../../worker/tensorflow/load.js';
import { goldenCases, goldenEvaluations, runGolden, runGoldenEvaluation, worstDifference } from './golden-layers.js';

describe('the native backend agrees with PyTorch in', () => {
  let tf: TF;
  beforeAll(async () => {
    configureTensorFlow({ backend: 'tensorflow', threads: 1 });
    tf = await loadTensorFlow('tensorflow');
  });

  test.each(goldenCases)('$name', async (golden) => {
    const { lossSum, parameters, statistics } = await runGolden(tf, golden);
    expect(Math.abs(lossSum - golden.lossSum)).toBeLessThan(2e-6 * Math.abs(golden.lossSum));
    expect(parameters.length).toBe(golden.gradient.length);
    expect(worstDifference(parameters, golden.gradient)).toBeLessThan(3e-6);
    expect(worstDifference(statistics, golden.statistics)).toBeLessThan(3e-6);
  });
  test.each(goldenEvaluations)('running statistics of two steps and evaluation by them, $name', async (golden) => {
    const { running, evaluated } = await runGoldenEvaluation(tf, golden);
    expect(running.length).toBe(golden.running.length);
    expect(worstDifference(running, golden.running)).toBeLessThan(3e-6);
    expect(evaluated.length).toBe(golden.evaluated.length);
    expect(worstDifference(evaluated, golden.evaluated)).toBeLessThan(3e-6);
  });
});
