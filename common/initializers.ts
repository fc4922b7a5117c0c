/**
 * The first weights. Every float of a tensor is a pure function of (initializer, shape, seed, the tensor's index, the
 * float's index), made of exactly rounded operations, so that any process can draw any part of any tensor. The names
 * and conventions are Keras's.
 */
import { PolyakError } from './errors.js';
import { inverseNormal } from './inverse-normal.js';
import type { InitializerSpec } from './manifest.js';
import { orthogonalMatrix } from './orthogonal-matrix.js';
import { CounterRandom, Purpose } from './random.js';

/** P(x < -2) of a standard normal variable. */
const tailOfTwo = 0.02275013194817921;
/** The standard deviation of a standard normal variable cut off at two standard deviations. */
const truncatedDeviation = 0.8796256610342398;

/** One float from the stream. */
type Draw = (random: CounterRandom) => number;

/** Normal, cut off at two standard deviations: the inverse of its cumulative function, so one word a float. */
function truncatedNormal(mean: number, standardDeviation: number): Draw {
  return (random) => mean + standardDeviation * inverseNormal(tailOfTwo + random.openUniform() * (1 - 2 * tailOfTwo));
}

function uniform(minimum: number, maximum: number): Draw {
  return (random) => minimum + (maximum - minimum) * random.uniform();
}

type Fan = (spec: InitializerSpec) => number;

function fanOf(spec: InitializerSpec, key: 'fanIn' | 'fanOut'): number {
  const fan = spec[key];
  if (fan === undefined || !(fan > 0)) {
    throw new PolyakError('usage', `initializer ${spec.name}: ${key} is ${fan}; it needs a positive number`);
  }
  return fan;
}

const fanIn: Fan = (spec) => fanOf(spec, 'fanIn');
const fanAverage: Fan = (spec) => (fanOf(spec, 'fanIn') + fanOf(spec, 'fanOut')) / 2;

/** Uniform in [-limit, limit] with variance gain / fan: limit = sqrt(3 gain / fan). */
function scaledUniform(gain: number, fan: Fan): (spec: InitializerSpec) => Draw {
  return (spec) => {
    const limit = Math.sqrt((3 * gain) / fan(spec));
    return uniform(-limit, limit);
  };
}

/** Truncated normal with variance gain / fan after the cut, as Keras has it. */
function scaledNormal(gain: number, fan: Fan): (spec: InitializerSpec) => Draw {
  return (spec) => truncatedNormal(0, Math.sqrt(gain / fan(spec)) / truncatedDeviation);
}

/** Those that draw each float by itself. */
const draws: Record<string, (spec: InitializerSpec) => Draw> = {
  zeros: () => () => 0,
  ones: () => () => 1,
  constant:
    ({ value = 0 }) =>
    () =>
      value,
  randomNormal:
    ({ mean = 0, standardDeviation = 0.05 }) =>
    (random) =>
      mean + standardDeviation * random.normal(),
  randomUniform: ({ minimum = -0.05, maximum = 0.05 }) => uniform(minimum, maximum),
  truncatedNormal: ({ mean = 0, standardDeviation = 0.05 }) => truncatedNormal(mean, standardDeviation),
  // Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
  glorotUniform: scaledUniform(1, fanAverage),
  glorotNormal: scaledNormal(1, fanAverage),
  // He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015.
  heUniform: scaledUniform(2, fanIn),
  heNormal: scaledNormal(2, fanIn),
  // LeCun, Bottou, Orr and Müller, "Efficient backprop", 1998.
  lecunUniform: scaledUniform(1, fanIn),
  lecunNormal: scaledNormal(1, fanIn),
};

/** Every name that an `InitializerSpec` may have. */
export const initializerNames: readonly string[] = [...Object.keys(draws), 'orthogonal', 'lsuv'];

/** Fills `out`, as long as the whole tensor. PolyakError `usage` for an unknown name or a missing fan. */
export function initialize(
  spec: InitializerSpec,
  shape: readonly number[],
  seed: number,
  tensorIndex: number,
  out: Float32Array,
): void {
  initializeRange(spec, shape, seed, tensorIndex, 0, out);
}

/**
 * Fills `out` with the floats [from, from + out.length) of the tensor. It costs as much as is filled, except
 * `orthogonal`, for which the whole tensor is made.
 */
export function initializeRange(
  spec: InitializerSpec,
  shape: readonly number[],
  seed: number,
  tensorIndex: number,
  from: number,
  out: Float32Array,
): void {
  drawRange(spec, shape, seed, tensorIndex, from, out);
  if (spec.unitForget === true) fillForgetGate(shape, from, out);
}

function drawRange(
  spec: InitializerSpec,
  shape: readonly number[],
  seed: number,
  tensorIndex: number,
  from: number,
  out: Float32Array,
): void {
  const random = new CounterRandom(seed, Purpose.initialWeights, tensorIndex);
  // LSUV is orthogonal too, but for a gain that is known once the data have been looked at.
  if (spec.name === 'orthogonal' || spec.name === 'lsuv') {
    out.set(orthogonalMatrix(shape, spec.gain ?? 1, random).subarray(from, from + out.length));
    return;
  }
  if (!Object.hasOwn(draws, spec.name)) {
    throw new PolyakError('usage', `initializer: there is no '${spec.name}'; one of ${initializerNames.join(', ')}`);
  }
  const draw = draws[spec.name]!(spec);
  random.seek(from);
  for (let i = 0; i < out.length; i += 1) {
    out[i] = draw(random);
  }
}

/**
 * Ones for the second of four gates (Jozefowicz, Zaremba and Sutskever, "An empirical exploration of recurrent network
 * architectures", 2015).
 */
function fillForgetGate(shape: readonly number[], from: number, out: Float32Array): void {
  const units = shape.reduce((product, size) => product * size, 1) / 4;
  out.fill(1, Math.max(0, Math.min(out.length, units - from)), Math.max(0, Math.min(out.length, 2 * units - from)));
}
