/** NumPy arrays as a data set: what npy and npz have in common. Bytes stay bytes, all other numbers become float32. */
import { PolyakError } from '../../../common/errors.js';
import { writeFloats, type NpyArray } from '../../../common/npy.js';
import { Pace } from '../pace.js';
import type { RawData, RawSplit } from '../raw-data.js';
import type { SampleStore } from '../sample-store.js';

/** Arrays with what messages call them. */
export interface NamedArray extends NpyArray {
  name: string;
}

export interface ArraySplit {
  /** [count, ...shape] */
  inputs: NamedArray;
  /** [count] or, for regression, [count, outputs]. */
  labels: NamedArray;
  /** [count] */
  weights?: NamedArray;
}

export interface ArrayOptions {
  /** Of one sample, where the array's own is not meant. */
  shape?: number[] | undefined;
  regression: boolean;
}

const sliceValues = 1 << 20;

/** Errors: `data`, naming the array and the sample. */
export async function arraysToRaw(
  splits: Record<'train' | 'validation' | 'test', ArraySplit | null> & { train: ArraySplit },
  options: ArrayOptions,
  store: SampleStore,
): Promise<RawData> {
  const { train, validation, test } = splits;
  const shape = shapeOf(train.inputs, options);
  const classes = options.regression ? null : classesOf(train.labels);
  const outputs = options.regression ? outputsOf(train.labels) : 1;
  const read = async (split: ArraySplit): Promise<RawSplit> => {
    requireLike(split, train);
    const samples = await samplesOf(split.inputs, store);
    const labels = classes ? classIndices(split.labels, classes) : await finiteFloats(split.labels);
    const weights = split.weights ? await weightsOf(split.weights, split.inputs) : null;
    return { count: countOf(split.inputs), samples, labels, weights };
  };
  const raw = {
    ...{ shape, classes, outputs },
    train: await read(train),
    validation: validation && (await read(validation)),
    test: test && (await read(test)),
  };
  const values = isBytes(train.inputs) ? 'bytes' : 'numbers';
  const encoding = { values, ...(outputs > 1 && { outputs }) } as const;
  return { ...raw, complete: async () => await Promise.resolve(encoding) };
}

function countOf({ shape }: NpyArray): number {
  return shape[0] ?? 0;
}

function shapeText({ shape }: NpyArray): string {
  return `[${shape.join(', ')}]`;
}

/** Read as byte / 255, like those of pictures. */
function isBytes({ type }: NpyArray): boolean {
  return type === 'uint8';
}

function shapeOf(inputs: NamedArray, { shape: wanted }: ArrayOptions): number[] {
  const own = inputs.shape.slice(1);
  if (own.length < 1 || own.length > 3) {
    const found = `has shape ${shapeText(inputs)}`;
    throw new PolyakError('data', `${inputs.name}: ${found}; samples lie as [count, …] in 2 to 4 dimensions`);
  }
  const values = own.reduce((product, size) => product * size, 1);
  if (values === 0 || countOf(inputs) === 0) {
    throw new PolyakError('data', `${inputs.name}: has shape ${shapeText(inputs)}, which is empty`);
  }
  const shape = wanted ?? own;
  const wantedValues = shape.reduce((product, size) => product * size, 1);
  if (wantedValues === values) return shape;
  const found = `${JSON.stringify(shape)} has ${wantedValues} values, a sample of ${inputs.name} has ${values}`;
  throw new PolyakError('data', `data.shape: ${found}`);
}

/** The splits of a data set are of one kind. */
function requireLike({ inputs, labels }: ArraySplit, train: ArraySplit): void {
  const wanted = train.inputs;
  if (inputs.shape.slice(1).join() !== wanted.shape.slice(1).join()) {
    const found = `has shape ${shapeText(inputs)}, ${wanted.name} ${shapeText(wanted)}`;
    throw new PolyakError('data', `${inputs.name}: ${found}; samples must be of one shape`);
  }
  if (isBytes(inputs) !== isBytes(wanted)) {
    const found = `is ${inputs.type}, ${wanted.name} ${wanted.type}`;
    throw new PolyakError(
      'data',
      `${inputs.name}: ${found}; uint8 is read as byte / 255, so that both must be it or none`,
    );
  }
  if (countOf(inputs) !== countOf(labels)) {
    const found = `has ${countOf(inputs)} samples, ${labels.name} has ${countOf(labels)} labels`;
    throw new PolyakError('data', `${inputs.name}: ${found}`);
  }
  if (labels.shape.slice(1).join() !== train.labels.shape.slice(1).join()) {
    const found = `has shape ${shapeText(labels)}, ${train.labels.name} ${shapeText(train.labels)}`;
    throw new PolyakError('data', `${labels.name}: ${found}`);
  }
}

async function samplesOf(inputs: NamedArray, store: SampleStore): Promise<Uint8Array | Float32Array> {
  if (isBytes(inputs)) return inputs.values as Uint8Array;
  const bytes = store.reserve(inputs.values.length * 4);
  const samples = new Float32Array(bytes.buffer, bytes.byteOffset, inputs.values.length);
  await toFloats(inputs, samples);
  return samples;
}

async function finiteFloats(array: NamedArray): Promise<Float32Array> {
  const floats = new Float32Array(array.values.length);
  await toFloats(array, floats);
  return floats;
}

/** In slices. Errors: `data` for what float32 cannot hold. */
async function toFloats(array: NamedArray, out: Float32Array): Promise<void> {
  const { values, name } = array;
  const perSample = values.length / Math.max(1, countOf(array));
  const pace = new Pace();
  for (let from = 0; from < values.length; from += sliceValues) {
    const to = Math.min(values.length, from + sliceValues);
    const slice = out.subarray(from, to);
    writeFloats(array, from, to, slice);
    const wrong = slice.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) {
      const sample = Math.floor((from + wrong) / perSample);
      throw new PolyakError('data', `${name}: sample ${sample} has a ${slice[wrong]}, a finite float32 belongs there`);
    }
    if (pace.due()) await pace.breathe();
  }
}

async function weightsOf(weights: NamedArray, inputs: NamedArray): Promise<Float32Array> {
  if (weights.shape.length !== 1 || countOf(weights) !== countOf(inputs)) {
    const wanted = `${inputs.name} has ${countOf(inputs)} samples`;
    throw new PolyakError('data', `${weights.name}: has shape ${shapeText(weights)}, ${wanted}`);
  }
  const floats = await finiteFloats(weights);
  const wrong = floats.findIndex((weight) => weight < 0);
  if (wrong < 0) return floats;
  throw new PolyakError('data', `${weights.name}: sample ${wrong} has ${floats[wrong]}, a weight is at least 0`);
}

/** [count] or [count, outputs]. */
function outputsOf(labels: NamedArray): number {
  const [, outputs = 1, ...rest] = labels.shape;
  if (labels.shape.length > 0 && outputs > 0 && rest.length === 0) return outputs;
  const found = `has shape ${shapeText(labels)}`;
  throw new PolyakError('data', `${labels.name}: ${found}; numbers to predict lie as [count] or [count, outputs]`);
}

/** The whole numbers that occur, in their order. */
function classesOf(labels: NamedArray): string[] {
  const { name, type, shape } = labels;
  if (shape.length !== 1 && !(shape.length === 2 && shape[1] === 1)) {
    const hint = shape.length === 2 ? '; of one-hot labels numpy.argmax(y, axis=1) makes them' : '';
    throw new PolyakError('data', `${name}: has shape ${shapeText(labels)}, class numbers lie as [count]${hint}`);
  }
  if (type.startsWith('float')) {
    const hint = "set data.regression: true, or save classes as y.astype('int64')";
    throw new PolyakError('data', `${name}: is ${type}, classes are whole numbers; ${hint}`);
  }
  const found = [...new Set(labels.values as Iterable<number | bigint>)].map(Number);
  if (found.length < 2) {
    throw new PolyakError('data', `${name}: every label is ${found[0] ?? 0}, at least two classes are needed`);
  }
  return found.toSorted((left, right) => left - right).map(String);
}

function classIndices({ name, values }: NamedArray, classes: string[]): Int32Array {
  const indices = new Map(classes.map((each, index) => [each, index]));
  const labels = new Int32Array(values.length);
  for (let at = 0; at < labels.length; at++) {
    const index = indices.get(String(values[at]));
    if (index === undefined) {
      throw new PolyakError('data', `${name}: label ${at} is ${values[at]}, which does not occur in the training data`);
    }
    labels[at] = index;
  }
  return labels;
}
