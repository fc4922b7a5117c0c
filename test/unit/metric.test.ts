/** Metrics against scikit-learn's, of test/golden/metrics.py. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { directionOf, metricNames, metricValues, sumsOf } from '../../common/experiment/metrics.js';
import type { NamedOption } from '../../common/experiment/named-option.js';
import { packageRoot } from '../../common/package-root.js';
import { ConfusionTable } from '../../inference/confusion-table.js';
import { lossNamed, type Labels } from '../../worker/model/loss.js';
import { metricsNamed, metricSums } from '../../worker/model/metric.js';
import { configureTensorFlow, loadTensorFlow, type TF } from '../../worker/tensorflow/load.js';

interface Classes {
  name: string;
  labels: number[];
  logits: number[];
  classes: number;
  accuracy: number;
  topKAccuracy: Record<string, number>;
  precision: (number | null)[];
  recall: (number | null)[];
  f1: (number | null)[];
  support: number[];
  confusion: number[][];
}

type Numbers = { name: string; labels: number[]; predicted: number[] } & Record<string, number>;

const golden = JSON.parse(readFileSync(join(packageRoot(), 'test/golden/metrics.json'), 'utf8')) as {
  classes: Classes[];
  numbers: Numbers[];
};

let tf: TF;
beforeAll(async () => {
  configureTensorFlow({ backend: 'tensorflow', threads: 1 });
  tf = await loadTensorFlow('tensorflow');
});

interface Samples {
  loss: string;
  logits: number[];
  labels: Labels;
}

/** In two micro-batches of unequal size, added as the tree adds them. */
function measured(metrics: NamedOption[], { loss: name, logits, labels }: Samples) {
  const loss = lossNamed(name);
  const outputs = logits.length / labels.length;
  const chosen = metricsNamed(metrics, loss, name);
  const sumsOfSlice = (from: number, to: number) =>
    tf.tidy(() => {
      const part = tf.tensor2d(logits.slice(from * outputs, to * outputs), [to - from, outputs]);
      return metricSums(tf, chosen, part, loss.labelsTensor(tf, labels.subarray(from, to), to - from, outputs));
    });
  const cut = Math.ceil(labels.length / 3);
  const [left, right] = [sumsOfSlice(0, cut), sumsOfSlice(cut, labels.length)];
  const sums = left.map((sum, index) => sum + right[index]!);
  expect(sums.length).toBe(sumsOf(metrics));
  return metricValues(metrics, sums, labels.length);
}

describe('of classes, as scikit-learn has it:', () => {
  test.each(golden.classes)('accuracies of $name', ({ logits, labels, accuracy, topKAccuracy }) => {
    const samples = { loss: 'softmaxCrossEntropy', logits, labels: Int32Array.from(labels) };
    expect(measured(['accuracy'], samples)).toEqual({ accuracy });
    for (const [k, value] of Object.entries(topKAccuracy)) {
      expect(measured([{ topKAccuracy: { k: Number(k) } }], samples)).toEqual({ topKAccuracy: value });
    }
  });

  test.each(golden.classes)('precision, recall, F1 and support of $name', (each) => {
    const names = Array.from({ length: each.classes }, (_, index) => `class ${index}`);
    const table = new ConfusionTable(names);
    each.labels.forEach((label, row) => {
      const logits = each.logits.slice(row * each.classes, (row + 1) * each.classes);
      table.add(label, logits.indexOf(Math.max(...logits)));
    });
    const column = (values: (number | null)[]) =>
      values.map((value) => (value === null ? null : (expect.closeTo(value, 12) as number)));
    const reports = table.reports();
    expect(reports.map(({ precision }) => precision)).toEqual(column(each.precision));
    expect(reports.map(({ recall }) => recall)).toEqual(column(each.recall));
    expect(reports.map(({ f1 }) => f1)).toEqual(column(each.f1));
    expect(reports.map(({ count }) => count)).toEqual(each.support);
    expect(reports.map(({ right }) => right)).toEqual(each.confusion.map((row, index) => row[index]));
    const wrong = table.confusions().reduce((sum, { count }) => sum + count, 0);
    expect(wrong).toBe(each.confusion.flat().reduce((sum, value) => sum + value, 0) - reports.reduce((sum, { right }) => sum + right, 0)); // prettier-ignore
  });

  test('top k is wrong where the logits are no numbers', () => {
    const samples = { loss: 'hinge', logits: [NaN, NaN, NaN, 1, 2, 3], labels: Int32Array.of(0, 0) };
    expect(measured([{ topKAccuracy: { k: 3 } }], samples)).toEqual({ topKAccuracy: 0.5 });
  });
});

describe('of numbers, as scikit-learn has it:', () => {
  test.each(golden.numbers)('errors and R squared of $name', (each) => {
    const names = ['meanAbsoluteError', 'meanSquaredError', 'rootMeanSquaredError', 'rSquared'];
    const samples = { loss: 'huber', logits: each.predicted, labels: Float32Array.from(each.labels) };
    const expected = Object.fromEntries(names.map((name) => [name, expect.closeTo(each[name]!, 6) as number]));
    expect(measured(names, samples)).toEqual(expected);
  });

  test('R squared of labels that are all the same is not defined', () => {
    const samples = { loss: 'meanSquaredError', logits: [1, 2, 3], labels: Float32Array.of(2, 2, 2) };
    expect(measured(['rSquared'], samples)).toEqual({ rSquared: null });
  });
});

test('several metrics take their own sums, in whatever order they stand', () => {
  const { labels, predicted, rSquared, meanAbsoluteError } = golden.numbers[0]!;
  const samples = { loss: 'meanSquaredError', logits: predicted, labels: Float32Array.from(labels) };
  const values = measured(['rSquared', 'meanAbsoluteError', 'meanSquaredError'], samples);
  expect(values['rSquared']).toBeCloseTo(rSquared!, 6);
  expect(values['meanAbsoluteError']).toBeCloseTo(meanAbsoluteError!, 6);
});

test('accuracies and R squared are maximised, errors and the loss minimised', () => {
  const maximised = metricNames.filter((name) => directionOf(`validation.${name}`) === 'maximise');
  expect(maximised).toEqual(['accuracy', 'topKAccuracy', 'rSquared']);
  expect(directionOf('validation.loss')).toBe('minimise');
});

test('a metric of the other kind of label is refused', () => {
  expect(() => metricsNamed(['rSquared'], lossNamed('hinge'), 'hinge')).toThrow(
    "metrics[0]: 'rSquared' does not go with loss 'hinge'",
  );
  expect(() => metricsNamed(['f1'], lossNamed('hinge'), 'hinge')).toThrow("metrics[0]: 'f1' is not one of accuracy,");
});
