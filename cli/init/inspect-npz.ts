/** Arrays of NumPy in one file: which are samples and labels by their names, as Keras's data sets have them. */
import { basename } from 'node:path';
import { PolyakError } from '../../common/errors.js';
import { writeFloats, type NpyArray } from '../../common/npy.js';
import { NpzFile } from '../../worker/data/npz.js';
import type { Found } from './inspect.js';
import { scaleOf } from './inspect-csv.js';

const inputNames = ['x_train', 'train_images', 'X_train', 'x', 'X', 'data', 'images', 'inputs'];
const labelNames = ['y_train', 'train_labels', 'Y_train', 'y', 'Y', 'target', 'labels', 'label'];
const testNames = [
  { inputs: 'x_test', label: 'y_test' },
  { inputs: 'X_test', label: 'Y_test' },
  { inputs: 'test_images', label: 'test_labels' },
];

/** Errors: `data`, naming the arrays that are there. */
export async function inspectNpz(path: string): Promise<Found> {
  const file = await NpzFile.open(path);
  try {
    const { names } = file;
    const [inputs, label] = [inputNames, labelNames].map((known) => known.find((name) => names.includes(name)));
    if (inputs === undefined || label === undefined) {
      const known = `samples are looked for as ${inputNames.join(', ')}, labels as ${labelNames.join(', ')}`;
      throw new PolyakError('data', `${path}: has ${names.join(', ') || 'no arrays'}; ${known}`);
    }
    const test = testNames.find((pair) => names.includes(pair.inputs) && names.includes(pair.label));
    return describe(path, { inputs, label, test }, await file.read(inputs, 'inputs'), await file.read(label, 'label'));
  } finally {
    await file.close();
  }
}

interface Names {
  inputs: string;
  label: string;
  test: { inputs: string; label: string } | undefined;
}

function describe(path: string, { inputs, label, test }: Names, samples: NpyArray, labels: NpyArray): Found {
  const [count = 0, ...own] = samples.shape;
  const isGrey = own.length === 2 && samples.type === 'uint8';
  const shape = isGrey ? [...own, 1] : own;
  const regression = labels.type.startsWith('float');
  const classes = regression ? 0 : new Set(labels.values as Iterable<number | bigint>).size;
  const options: Found['options'] = [
    ['inputs', inputs, `[${samples.shape.join(', ')}], ${samples.type}`],
    ['label', label, `[${labels.shape.join(', ')}], ${labels.type}`],
  ];
  if (isGrey) options.push(['shape', `[${shape.join(', ')}]`, 'height, width, channels']);
  if (regression) options.push(['regression', 'true', 'labels are numbers to predict']);
  options.push(['validation', '0.1', 'held out of the training samples: a fraction or a count']);
  options.push(
    test
      ? ['test', `{ inputs: ${test.inputs}, label: ${test.label} }`, 'arrays of their own']
      : ['test', '0.1', 'held out to be measured at the end'],
  );
  const what = regression ? 'numbers to predict' : `${classes} classes`;
  return {
    ...{ source: 'npz', path, shape, count, classes, options, hasTest: true },
    summary: `found ${basename(path)}: ${count} samples of ${shape.join(' x ')}, ${what}`,
    scale: samples.type === 'uint8' ? 4 : scaleOf(floatsOf(samples)),
  };
}

function floatsOf(array: NpyArray): Float32Array {
  const floats = new Float32Array(array.values.length);
  writeFloats(array, 0, floats.length, floats);
  return floats;
}
