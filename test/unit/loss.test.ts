import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { lossesFor } from '../../common/experiment/losses.js';
import { nameOf, numbersOf, type NamedOption } from '../../common/experiment/named-option.js';
import { lossNamed, summedLoss, type Labels } from '../../worker/model/loss.js';
import { configureTensorFlow, loadTensorFlow, type TF } from '../../worker/tensorflow/load.js';
import { worstOfDifferences } from './finite-differences.js';
import { atPoints, RandomPoints } from './random-points.js';

let tf: TF;
beforeAll(async () => {
  configureTensorFlow({ backend: 'tensorflow', threads: 1 });
  tf = await loadTensorFlow('tensorflow');
});

/** The loss of each sample and its gradient by the logits. */
function computed(option: NamedOption, logits: number[][], labels: Labels) {
  const loss = lossNamed(option);
  return tf.tidy(() => {
    const outputs = logits[0]!.length;
    const labelsTensor = loss.labelsTensor(tf, labels, logits.length, outputs);
    const { perSample, gradient } = loss.compute(tf, tf.tensor2d(logits), labelsTensor);
    return {
      perSample: Array.from(perSample.dataSync()),
      gradient: Array.from(gradient!.dataSync()),
      shape: gradient!.shape,
    };
  });
}

const near = (values: number[], digits = 5) => values.map((value) => expect.closeTo(value, digits) as number);

/** Scores of cat, car and frog for a picture of each, from the lecture on loss functions of CS231n. */
const scores = [
  [3.2, 5.1, -1.7],
  [1.3, 4.9, 2.0],
  [2.2, 2.5, -3.1],
];

describe('the hinge loss', () => {
  // 5.1 - 3.2 + 1; nothing is within 1 of 4.9; 2.2 + 3.1 + 1 and 2.5 + 3.1 + 1.
  test("has the lecture's values, summed over the wrong classes", () => {
    expect(computed('hinge', scores, Int32Array.of(0, 1, 2)).perSample).toEqual(near([2.9, 0, 12.9]));
  });

  test('pushes the label up once for each class that is within the margin', () => {
    const { gradient } = computed('hinge', scores, Int32Array.of(0, 1, 2));
    expect(gradient).toEqual([-1, 1, 0, 0, 0, 0, 1, 1, -2].map((value) => value + 0));
  });

  test('is 0 with no gradient where the label is ahead by the margin exactly', () => {
    const { perSample, gradient } = computed({ hinge: { margin: 2 } }, [[3, 1, 1]], Int32Array.of(0));
    expect(perSample).toEqual([0]);
    expect(gradient.map(Math.abs)).toEqual([0, 0, 0]);
  });

  test('of two classes is margin - t z, t being 1 for the second class', () => {
    const logits = [[0.25], [0.25], [-3]];
    const { perSample, gradient } = computed('binaryHinge', logits, Int32Array.of(1, 0, 0));
    expect(perSample).toEqual([0.75, 1.25, 0]);
    expect(gradient.map((value) => value + 0)).toEqual([-1, 1, 0]);
  });
});

describe('label smoothing', () => {
  // Of the uniform logits log 2 whatever the label; of 2 classes log(1 + e^-1) = 0.313262 and 1.313262 for z = 1, 0.
  test('of a cross-entropy mixes the loss of the label with the mean over all classes', () => {
    const option = { softmaxCrossEntropy: { labelSmoothing: 0.2 } };
    const { perSample, gradient } = computed(option, [[1, 0], [3, 3]], Int32Array.of(0, 1)); // prettier-ignore
    // 0.9 * 0.313262 + 0.1 * 1.313262
    expect(perSample).toEqual(near([0.413262, Math.LN2]));
    // softmax - (0.9, 0.1); softmax - (0.1, 0.9)
    expect(gradient).toEqual(near([-0.168941, 0.168941, 0.4, -0.4]));
  });

  test('of two classes moves their labels towards a half', () => {
    const option = { binaryCrossEntropy: { labelSmoothing: 0.2 } };
    const { perSample, gradient } = computed(option, [[1], [0]], Int32Array.of(1, 0));
    // The same numbers: 0.9 * 0.313262 + 0.1 * 1.313262
    expect(perSample).toEqual(near([0.413262, Math.LN2]));
    expect(gradient).toEqual(near([-0.168941, 0.4]));
  });

  test('of 0 leaves every bit as it is', () => {
    const logits = [[0.3, -1.2, 2.1]];
    const labels = Int32Array.of(1);
    expect(computed({ softmaxCrossEntropy: { labelSmoothing: 0 } }, logits, labels)).toEqual(
      computed('softmaxCrossEntropy', logits, labels),
    );
  });
});

describe('an error', () => {
  const labels = Float32Array.of(1, 1, 1);
  const logits = [[1], [1.5], [-3]];

  test('that is absolute has a gradient of one size, and none where there is no error', () => {
    const { perSample, gradient } = computed('meanAbsoluteError', logits, labels);
    expect(perSample).toEqual([0, 0.5, 4]);
    expect(gradient).toEqual([0, 1, -1]);
  });

  // 0.5^2 / 2; 1 (4 - 1 / 2).
  test("is Huber's: half its square, then linear", () => {
    const { perSample, gradient } = computed('huber', logits, labels);
    expect(perSample).toEqual([0, 0.125, 3.5]);
    expect(gradient).toEqual([0, 0.5, -1]);
  });

  test.each(lossesFor('numbers'))('of several outputs is their mean, and samples stay apart, for %s', (name) => {
    const both = computed(name, [[2, 4]], Float32Array.of(1, 1));
    const alone = computed(name, [[2], [4]], Float32Array.of(1, 1));
    expect(both.perSample).toEqual(near([(alone.perSample[0]! + alone.perSample[1]!) / 2]));
    expect(both.gradient).toEqual(near(alone.gradient.map((value) => value / 2)));
  });
});

/** Logits and labels of five samples, and what must not be near 0, where a loss has a kink. */
interface Point {
  logits: Float32Array;
  labels: Labels;
  kinks: (option: Record<string, number>) => number[];
}

const [samples, classCount] = [5, 3];

const pointOf: Record<'classes' | 'sides' | 'numbers', (points: RandomPoints) => Point & { outputs: number }> = {
  classes(points) {
    const logits = points.values(samples * classCount);
    const labels = Int32Array.from({ length: samples }, () => points.integer(classCount));
    const kinks = ({ margin = 1 }) =>
      Array.from(logits, (value, at) => {
        const sample = Math.floor(at / classCount);
        const isLabel = at % classCount === labels[sample];
        return isLabel ? 1 : value - logits[sample * classCount + labels[sample]!]! + margin;
      });
    return { logits, labels, kinks, outputs: classCount };
  },
  sides(points) {
    const logits = points.values(samples);
    const labels = Int32Array.from({ length: samples }, () => points.integer(2));
    const kinks = ({ margin = 1 }) => Array.from(logits, (value, at) => margin - (2 * labels[at]! - 1) * value);
    return { logits, labels, kinks, outputs: 1 };
  },
  numbers(points) {
    const [logits, labels] = [points.values(samples * 2), points.values(samples * 2)];
    const distances = Array.from(logits, (value, at) => Math.abs(value - labels[at]!));
    const kinks = ({ delta = 1 }) => distances.flatMap((distance) => [distance, distance - delta]);
    return { logits, labels, kinks, outputs: 2 };
  },
};

describe(`the gradient is that of finite differences ${atPoints} for`, () => {
  const cases: [NamedOption, keyof typeof pointOf, isMixed?: true][] = [
    ['softmaxCrossEntropy', 'classes'],
    [{ softmaxCrossEntropy: { labelSmoothing: 0.3 } }, 'classes'],
    ['softmaxCrossEntropy', 'classes', true],
    [{ softmaxCrossEntropy: { labelSmoothing: 0.3 } }, 'classes', true],
    ['hinge', 'classes'],
    [{ hinge: { margin: 2.45 } }, 'classes'],
    ['binaryCrossEntropy', 'sides'],
    [{ binaryCrossEntropy: { labelSmoothing: 0.3 } }, 'sides'],
    ['binaryHinge', 'sides'],
    [{ binaryHinge: { margin: 0.5 } }, 'sides'],
    ['meanSquaredError', 'numbers'],
    ['meanAbsoluteError', 'numbers'],
    ['huber', 'numbers'],
    [{ huber: { delta: 0.45 } }, 'numbers'],
  ];
  const named = cases.map(([option, kind, isMixed], stream) => {
    const name = `${JSON.stringify(option)}${isMixed ? ' of mixed labels' : ''}`;
    return { name, option, kind, isMixed, stream };
  });
  test.each(named)('$name', ({ option, kind, isMixed, stream }) => {
    const points = new RandomPoints(stream);
    let point = pointOf[kind](points);
    while (point.kinks(numbersOf(option)).some((distance) => Math.abs(distance) < 0.05)) point = pointOf[kind](points);
    const { logits, labels, outputs } = point;
    const loss = lossNamed(option);
    const labelsTensor = loss.labelsTensor(tf, labels, samples, outputs);
    const weights = tf.tensor1d(points.values(samples, { from: 0.5, to: 2 }));
    const others = Int32Array.from({ length: samples }, () => points.integer(classCount));
    const shares = tf.tensor1d(points.values(samples, { from: 0.5, to: 1 }));
    const mixed = isMixed && { labels: tf.tensor1d(others, 'int32'), shares };
    const f = (z: Tensor) =>
      summedLoss(tf, loss, z as Tensor2D, labelsTensor, () => undefined, weights, mixed) as Tensor;
    expect(worstOfDifferences(tf, f, [tf.tensor2d(logits, [samples, outputs])])).toBeLessThan(1e-3);
  });

  test('every loss that there is', () => {
    const tried = new Set(cases.map(([option]) => nameOf(option)));
    const all = (['classes', 'twoClasses', 'numbers'] as const).flatMap(lossesFor);
    expect(all.filter((name) => !tried.has(name))).toEqual([]);
    expect(all.map((name) => lossNamed(name).target)).toEqual(
      (['classes', 'twoClasses', 'numbers'] as const).flatMap((target) => lossesFor(target).map(() => target)),
    );
  });
});
