/** Checks what a module's data source gives, and puts it as the built-in sources do. */
import { PolyakError } from '../../common/errors.js';
import type { RawData, RawSplit } from '../data/raw-data.js';
import type { ModuleData, ModuleSplit } from './user-module.js';

/** Errors: `data`, naming the split and the sample. */
export function rawDataOf(name: string, data: ModuleData): RawData {
  const { shape, classes, train, validation, test } = data ?? {};
  const wrong = (message: string) => new PolyakError('data', `module ${name}, dataSource: ${message}`);
  if (!Array.isArray(shape) || shape.length < 1 || shape.length > 3 || !shape.every(isSize)) {
    throw wrong(`shape is ${JSON.stringify(shape)}, it must be 1 to 3 whole numbers from 1, such as [2]`);
  }
  if (classes !== null && !(Array.isArray(classes) && classes.length > 1)) {
    throw wrong(`classes is ${JSON.stringify(classes)}, it must be two or more names, or null for numbers to predict`);
  }
  if (!train) throw wrong('train is missing');
  const features = shape.reduce((product, size) => product * size, 1);
  const split = (which: string, given: ModuleSplit | undefined): RawSplit | null =>
    given ? rawSplit(given, { features, classes, wrong: (message) => wrong(`${which}: ${message}`) }) : null;
  const all = [split('train', train), split('validation', validation), split('test', test)] as const;
  if (all.some((each) => each && each.samples.BYTES_PER_ELEMENT !== train.samples.BYTES_PER_ELEMENT)) {
    throw wrong('the samples of all splits must be bytes, or of all Float32Arrays');
  }
  return { shape, classes, train: all[0]!, validation: all[1], test: all[2] };
}

interface SplitFacts {
  features: number;
  classes: string[] | null;
  wrong: (message: string) => PolyakError;
}

function rawSplit({ samples, labels }: ModuleSplit, { features, classes, wrong }: SplitFacts): RawSplit {
  if (!(samples instanceof Uint8Array || samples instanceof Float32Array)) {
    throw wrong('samples must be a Uint8Array or a Float32Array');
  }
  const count = labels?.length ?? 0;
  if (samples.length !== count * features || count === 0) {
    throw wrong(`has ${count} labels and ${samples.length} values; a sample has ${features}`);
  }
  if (samples instanceof Float32Array) {
    const bad = samples.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw wrong(`sample ${Math.floor(bad / features)} has ${samples[bad]}, values must be finite`);
  }
  // Shared memory is taken for that of the sample store.
  const own = samples.buffer instanceof SharedArrayBuffer ? samples.slice() : samples;
  return { count, samples: own, labels: classes ? classIndices(labels, classes, wrong) : numbers(labels, wrong) };
}

function classIndices(labels: ArrayLike<number>, classes: string[], wrong: SplitFacts['wrong']): Int32Array {
  return Int32Array.from(labels, (label, index) => {
    if (Number.isInteger(label) && label >= 0 && label < classes.length) return label;
    throw wrong(`sample ${index} has label ${label}, labels are 0 to ${classes.length - 1}`);
  });
}

function numbers(labels: ArrayLike<number>, wrong: SplitFacts['wrong']): Float32Array {
  return Float32Array.from(labels, (label, index) => {
    if (Number.isFinite(label)) return label;
    throw wrong(`sample ${index} has label ${label}, labels must be finite`);
  });
}

function isSize(size: unknown): boolean {
  return typeof size === 'number' && Number.isInteger(size) && size > 0;
}
