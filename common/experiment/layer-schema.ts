/**
 * The layers of an experiment's `model`, and the options of each: Keras's names in tfjs's spelling. Shapes are not
 * checked here; that needs the data, and is done where the model is built.
 */
import { z } from 'zod';
import { PolyakError } from '../errors.js';
import { dotted } from './described.js';
import { rateOfKeep } from './dropout-rate.js';
import { lineOf, type LayerProblem } from './layer-problem.js';
import { misplacedOptions } from './misplaced.js';
import { show } from './requirement.js';

const positive = z.int().positive();
const whole = z.int().nonnegative();
const pair = z.union([positive.transform((n): [number, number] => [n, n]), z.tuple([positive, positive])], {
  error: 'must be a whole number from 1, or two of them such as [3, 3]',
});
const ratio = z.number().gt(1);
const ratios = z.union([ratio.transform((n): [number, number] => [n, n]), z.tuple([ratio, ratio])], {
  error: 'must be a number above 1, or two of them such as [1.44, 1.73]',
});
const padding = z.enum(['valid', 'same']);

export const activationNames = [
  ...['linear', 'relu', 'relu6', 'leakyReLU', 'elu', 'selu', 'sigmoid', 'hardSigmoid', 'tanh', 'softplus'],
  ...['softsign', 'softmax', 'logSoftmax', 'gelu', 'swish', 'mish'],
] as const;
const plainActivation = z.enum(activationNames);
const leakyReLUOptions = {
  alpha: z.number().min(0).max(1).default(0.01).describe('the slope below 0'),
};
const eluOptions = { alpha: z.number().nonnegative().default(1).describe('-alpha is what is approached below') };
/** Either a name, or one with its alpha, which is computed by the layer of that name. */
const activation = z
  .union(
    [
      plainActivation,
      z.strictObject({ leakyReLU: z.strictObject(leakyReLUOptions) }),
      z.strictObject({ elu: z.strictObject(eluOptions) }),
    ],
    { error: `must be one of ${activationNames.join(', ')}, or such as { leakyReLU: { alpha: 0.1 } }` },
  )
  .meta({ id: 'activation', description: 'a name, or a name with its alpha' });
export type ActivationOption = z.output<typeof activation>;

/** Either a name, or `{ name: options }` as in `{ randomNormal: { standardDeviation: 0.01 } }`. */
const initializerNames = [
  ...['zeros', 'ones', 'glorotUniform', 'glorotNormal', 'heUniform', 'heNormal', 'lecunUniform'],
  ...['lecunNormal', 'randomNormal', 'randomUniform', 'truncatedNormal', 'orthogonal'],
] as const;
const plainInitializers = z.enum(initializerNames);
const normalOptions = z.strictObject({ mean: z.number().optional(), standardDeviation: z.number().optional() });
const initializerForms = [
  plainInitializers.transform((name) => ({ name })),
  z
    .strictObject({ constant: z.strictObject({ value: z.number() }) })
    .transform(({ constant }) => ({ name: 'constant', ...constant })),
  z
    .strictObject({ randomNormal: normalOptions })
    .transform(({ randomNormal }) => ({ name: 'randomNormal', ...randomNormal })),
  z
    .strictObject({ truncatedNormal: normalOptions })
    .transform(({ truncatedNormal }) => ({ name: 'truncatedNormal', ...truncatedNormal })),
  z
    .strictObject({ randomUniform: z.strictObject({ minimum: z.number(), maximum: z.number() }) })
    .transform(({ randomUniform }) => ({ name: 'randomUniform', ...randomUniform })),
  z
    .strictObject({ orthogonal: z.strictObject({ gain: z.number() }) })
    .transform(({ orthogonal }) => ({ name: 'orthogonal', ...orthogonal })),
] as const;
const initializer = z
  .union(initializerForms, {
    error: `must be one of ${initializerNames.join(', ')}, or such as { constant: { value: 0.1 } }`,
  })
  .meta({ id: 'initializer', description: 'a name, or a name with options' });
export type InitializerOption = z.output<typeof initializer>;
/** Of a layer that is one matrix or convolution, which can be brought to unit variance by a factor. */
const kernel = z
  .union([...initializerForms, z.literal('lsuv').transform((name) => ({ name }))], {
    error: `must be one of ${[...initializerNames, 'lsuv'].join(', ')}, or such as { constant: { value: 0.1 } }`,
  })
  .meta({ id: 'kernelInitializer', description: 'an initializer, or lsuv' });

const named = {
  /** Unique in the model; else type and number, such as conv2d_1. */
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, 'must be letters, digits, dots, dashes and underscores')
    .optional(),
};
const weighted = {
  ...named,
  trainable: z.boolean().default(true).describe("false freezes the layer's weights"),
  rateMultiplier: z.number().nonnegative().default(1).describe("multiplies the learning rate of the layer's weights"),
};
const biased = {
  ...weighted,
  useBias: z.boolean().default(true),
  biasInitializer: initializer.default({ name: 'zeros' }),
  activation: activation.default('linear'),
};
const kernelInitializer = initializer.default({ name: 'glorotUniform' });
/** Also drawn by the data. */
const ofTheData = { kernelInitializer: kernel.default({ name: 'glorotUniform' }) };
const maxNorm = z
  .number()
  .positive()
  .optional()
  .describe(
    "the most that the norm of one unit's (or filter's) incoming weights may be: after each update they are scaled down to it",
  );
const convolution = { kernelSize: pair, strides: pair.default([1, 1]), padding: padding.default('valid') };
const dilated = { dilationRate: pair.default([1, 1]) };
const pooling = {
  ...named,
  poolSize: pair.default([2, 2]),
  /** The pool's size by default. */
  strides: pair.optional(),
  padding: padding.default('valid'),
};
/** Over the steps of a sequence [steps, features]. */
const convolution1d = {
  kernelSize: positive,
  strides: positive.default(1),
  padding: padding.default('valid'),
  dilationRate: positive.default(1),
};
const pooling1d = { ...named, poolSize: positive.default(2), strides: positive.optional(), padding: pooling.padding };
const depthwise = { depthMultiplier: positive.default(1), depthwiseInitializer: kernelInitializer };
const scaledAndCentred = {
  center: z.boolean().default(true),
  scale: z.boolean().default(true),
  betaInitializer: initializer.default({ name: 'zeros' }),
  gammaInitializer: initializer.default({ name: 'ones' }),
};
const ofEachSample = { epsilon: z.number().positive().default(1e-5), ...scaledAndCentred };
/** What is dropped: one of the two. */
const rateOrKeep = {
  rate: z.number().min(0).lt(1).optional().describe('the part that is set to 0'),
  keep: z.number().gt(0).max(1).optional().describe('the part that is not, in place of rate'),
};
const eitherRateOrKeep = 'must have either rate, the part that is set to 0, or keep, the part that is not';
const isEither = ({ rate, keep }: { rate?: number | undefined; keep?: number | undefined }) =>
  (rate === undefined) !== (keep === undefined);
/** The lecture's and PyTorch's early p is the part that is kept; here it is `rate` that is set to 0, however it was written. */
const dropout = z
  .strictObject({
    ...named,
    ...rateOrKeep,
    form: z
      .enum(['inverted', 'plain'])
      .default('inverted')
      .describe('`inverted` divides by the part that is kept in training, `plain` multiplies by it in evaluation'),
  })
  .refine(isEither, { error: eitherRateOrKeep })
  .transform(({ rate, keep = 1, ...rest }) => ({ ...rest, rate: rate ?? rateOfKeep(keep) }));
/** What is in it is checked by parseLayers. */
export const nestedLayers = z.array(z.unknown()).min(1).describe('a list of layers');

export const layerSchemas = {
  conv1d: z.strictObject({ ...biased, ...convolution1d, filters: positive, ...ofTheData, maxNorm }),
  conv2d: z.strictObject({ ...biased, ...convolution, ...dilated, filters: positive, ...ofTheData, maxNorm }),
  depthwiseConv2d: z.strictObject({ ...biased, ...convolution, ...dilated, ...depthwise }),
  separableConv2d: z.strictObject({
    ...biased,
    ...convolution,
    ...dilated,
    ...depthwise,
    filters: positive,
    pointwiseInitializer: kernelInitializer,
  }),
  maxPooling1d: z.strictObject(pooling1d),
  maxPooling2d: z.strictObject(pooling),
  fractionalMaxPooling2d: z.strictObject({
    ...named,
    poolSize: pair.default([2, 2]),
    ratio: ratios.describe('how many times smaller rows and columns become, such as 1.44'),
  }),
  averagePooling1d: z.strictObject(pooling1d),
  averagePooling2d: z.strictObject(pooling),
  globalMaxPooling1d: z.strictObject(named),
  globalAveragePooling1d: z.strictObject(named),
  globalAveragePooling2d: z.strictObject(named),
  lstm: z.strictObject({
    ...weighted,
    units: positive,
    returnSequences: z.boolean().default(false).describe('puts out h of every step, else of the last'),
    useBias: z.boolean().default(true),
    kernelInitializer,
    recurrentInitializer: initializer.default({ name: 'orthogonal' }),
    biasInitializer: initializer.default({ name: 'zeros' }),
    unitForgetBias: z.boolean().default(true).describe("the forget gate's bias begins with 1"),
  }),
  embedding: z.strictObject({
    ...weighted,
    inputDim: positive.describe('tokens are whole numbers from 0 to below it'),
    outputDim: positive,
    embeddingsInitializer: initializer.default({ name: 'randomUniform' }),
  }),
  flatten: z.strictObject(named),
  dense: z.strictObject({ ...biased, units: positive, ...ofTheData, maxNorm }),
  dropConnect: z
    .strictObject({ ...biased, units: positive, ...ofTheData, maxNorm, ...rateOrKeep })
    .refine(isEither, { error: eitherRateOrKeep })
    .transform(({ rate, keep = 1, ...rest }) => ({ ...rest, rate: rate ?? rateOfKeep(keep) })),
  activation: z.union(
    [
      plainActivation.transform((name): { activation: ActivationOption; name?: string } => ({ activation: name })),
      z.strictObject({ ...named, activation }),
    ],
    { error: `must be one of ${activationNames.join(', ')}` },
  ),
  leakyReLU: z.strictObject({ ...named, ...leakyReLUOptions }),
  elu: z.strictObject({ ...named, ...eluOptions }),
  prelu: z.strictObject({
    ...weighted,
    alphaInitializer: initializer
      .default({ name: 'constant', value: 0.25 })
      .describe('of the slopes below 0, one for each channel, which are trained'),
  }),
  maxout: z.strictObject({
    ...named,
    pieces: z.int().min(2).default(2).describe('channels of which the largest is put out; divides their number'),
  }),
  dropout,
  spatialDropout1d: dropout,
  spatialDropout2d: dropout,
  batchNormalization: z.strictObject({
    ...weighted,
    /** Of the running statistics: running = momentum running + (1 - momentum) batch. */
    momentum: z.number().min(0).max(1).default(0.99),
    epsilon: z.number().positive().default(1e-3),
    ...scaledAndCentred,
  }),
  layerNormalization: z.strictObject({ ...weighted, ...ofEachSample }),
  groupNormalization: z.strictObject({
    ...weighted,
    groups: positive.default(32).describe('of adjoining channels; divides their number'),
    ...ofEachSample,
  }),
  reshape: z.strictObject({
    ...named,
    targetShape: z
      .array(z.int().refine((n) => n === -1 || n > 0, 'must be a size from 1, or -1 for what is left'))
      .min(1),
  }),
  zeroPadding2d: z.strictObject({
    ...named,
    /** All sides; rows and columns; or [[top, bottom], [left, right]]. */
    padding: z.union([positive, z.tuple([whole, whole]), z.tuple([z.tuple([whole, whole]), z.tuple([whole, whole])])], {
      error: 'must be such as 1, [1, 2] or [[0, 1], [0, 1]]',
    }),
  }),
  /** y = layers(x) + shortcut(x); without a shortcut, x itself. */
  residual: z.strictObject({
    layers: nestedLayers,
    shortcut: nestedLayers.optional(),
    survival: z
      .number()
      .gt(0)
      .max(1)
      .default(1)
      .describe('the probability that `layers` are not dropped in training, else it is the shortcut alone'),
    survivalPer: z
      .enum(['sample', 'microBatch'])
      .default('sample')
      .describe('what is dropped together: each sample by itself, or a whole micro-batch'),
  }),
  repeat: z.strictObject({ times: positive, layers: nestedLayers }),
} as const;

export type LayerName = keyof typeof layerSchemas;
export const layerNames = Object.keys(layerSchemas) as LayerName[];
export type LayerOptions<Name extends LayerName> = z.output<(typeof layerSchemas)[Name]>;

/** Of a layer of the experiment's module; the rest is the layer's own. */
const customSchema = z.looseObject(weighted);

/** Of stochastic depth. */
type Survival = Pick<LayerOptions<'residual'>, 'survival' | 'survivalPer'>;

type PlainName = Exclude<LayerName, 'residual' | 'repeat'>;
/** A layer whose options are complete. `path` is where it stands in the experiment file. */
export type Layer =
  | { [Name in PlainName]: { type: Name; path: string; options: LayerOptions<Name> } }[PlainName]
  | ({ type: 'residual'; path: string; layers: Layer[]; shortcut?: Layer[] } & Survival)
  | { type: 'repeat'; path: string; times: number; layers: Layer[] }
  | { type: 'custom'; layer: string; path: string; options: z.output<typeof customSchema> };

export interface ParseOptions {
  /** Names that are not built in are taken for layers of the experiment's module. */
  custom?: boolean;
}

/** Errors: PolyakError `usage`, one line for each thing that is wrong. */
export function parseLayers(model: unknown, options: ParseOptions = {}): Layer[] {
  const problems: LayerProblem[] = [];
  const parsed = parseList(model, ['model'], { ...options, problems });
  if (problems.length > 0) {
    throw new PolyakError('usage', problems.map(lineOf).join('\n'));
  }
  return parsed;
}

/** As parseLayers, but with the problems given back, for a check that lists those of the whole experiment. */
export function layerProblems(model: unknown, options: ParseOptions = {}): LayerProblem[] {
  const problems: LayerProblem[] = [];
  parseList(model, ['model'], { ...options, problems });
  return problems;
}

interface Parsing extends ParseOptions {
  problems: LayerProblem[];
}

function parseList(list: unknown, path: PropertyKey[], parsing: Parsing): Layer[] {
  const { problems } = parsing;
  if (!Array.isArray(list) || list.length === 0) {
    const instead = `${show(list)} is not a list of layers, such as [{ flatten: {} }, { dense: { units: 10 } }]`;
    problems.push({ line: { path, message: `${dotted(path)}: ${instead}` } });
    return [];
  }
  return list.flatMap((entry, index) => parseEntry(entry, [...path, index], parsing) ?? []);
}

function parseEntry(entry: unknown, path: PropertyKey[], parsing: Parsing): Layer | undefined {
  const { problems } = parsing;
  // `- flatten` alone is a layer without options.
  const object = typeof entry === 'string' ? { [entry]: {} } : entry;
  const keys = object !== null && typeof object === 'object' && !Array.isArray(object) ? Object.keys(object) : [];
  const name = keys[0];
  if (keys.length !== 1 || name === undefined) {
    const message = `${dotted(path)}: ${show(entry)} is not one layer; write it as { conv2d: { filters: 32, kernelSize: 3 } }`;
    problems.push({ line: misplacedOptions(path, entry, layerNames) ?? { path, message } });
    return undefined;
  }
  const here = [...path, name];
  if (!Object.hasOwn(layerSchemas, name)) {
    if (parsing.custom) return parseCustom(name, (object as Record<string, unknown>)[name], here, problems);
    problems.push({ path: here, layers: layerNames });
    return undefined;
  }
  const type = name as LayerName;
  const options = (object as Record<string, unknown>)[name] ?? {};
  const result = layerSchemas[type].safeParse(options);
  if (!result.success) {
    problems.push(...result.error.issues.map((issue) => ({ path: here, options, issue })));
    return undefined;
  }
  if (type === 'residual' || type === 'repeat') {
    const nested = result.data as LayerOptions<'residual'> & LayerOptions<'repeat'>;
    const layers = parseList(nested.layers, [...here, 'layers'], parsing);
    if (type === 'repeat') return { type, path: dotted(here), times: nested.times, layers };
    const shortcut = nested.shortcut && parseList(nested.shortcut, [...here, 'shortcut'], parsing);
    const { survival, survivalPer } = nested;
    return { type, path: dotted(here), layers, shortcut, survival, survivalPer };
  }
  return { type, path: dotted(here), options: result.data } as Layer;
}

function parseCustom(layer: string, given: unknown, path: PropertyKey[], problems: LayerProblem[]): Layer | undefined {
  const options = given ?? {};
  const result = customSchema.safeParse(options);
  if (result.success) return { type: 'custom', layer, path: dotted(path), options: result.data };
  problems.push(...result.error.issues.map((issue) => ({ path, options, issue })));
  return undefined;
}
