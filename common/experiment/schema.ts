/**
 * The experiment file: every key, its type and its default. A value is what it says: a learning rate of 1e-3 is written
 * 1e-3. Unknown keys and wrong types are refused. docs/experiment-file.md explains the keys.
 */
import { z } from 'zod';
import { npySchema, npzSchema } from './array-schema.js';
import { augmentSchema } from './augment-schema.js';
import {
  heldOrFold,
  heldOrPath,
  heldOrPathOrFold,
  path,
  sha256,
  sourceMeaning,
  splitSeed,
  testMeaning,
  validationMeaning,
} from './data-keys.js';
import { lineOf } from './layer-problem.js';
import { layerProblems } from './layer-schema.js';
import { lossSchema } from './losses.js';
import { directionOf, metricSchema, objectiveMetrics } from './metrics.js';
import { moduleAugmentSchema, moduleDataSchema, moduleLayerListSchema, moduleSchema } from './module-schema.js';
import { searchSchema } from './search-schema.js';
import { csvSchema } from './table-schema.js';
import { transferSchema } from './transfer-schema.js';

const positive = z.number().positive();
const count = z.int().positive();
const decay = z.number().min(0).lt(1);

/** What layers there are, and their options, is checked by layer-schema.ts; describe-issues.ts words its problems. */
export const layerListSchema = z.array(z.unknown()).superRefine((model, context) => {
  for (const layer of layerProblems(model)) {
    context.addIssue({ code: 'custom', message: lineOf(layer), params: { layer } });
  }
});

const imagesSchema = z.strictObject({
  source: z.literal('images').describe(sourceMeaning),
  path: path,
  sha256,
  validation: heldOrPathOrFold.default(0).describe(validationMeaning),
  test: heldOrPath.optional().describe(testMeaning),
  seed: splitSeed,
  size: z
    .tuple([count, count])
    .optional()
    .describe(
      '`[height, width]` that every picture is resized to, without keeping proportions; else all must be of one size',
    ),
});
export type ImagesData = z.output<typeof imagesSchema>;

/** By source, so that an option of one source is not silently ignored by another. */
export const dataSchemas = {
  idx: z.strictObject({
    source: z.literal('idx').describe(sourceMeaning),
    path: path,
    sha256,
    validation: heldOrFold.default(0).describe(validationMeaning),
    seed: splitSeed,
  }),
  cifar10: z.strictObject({
    source: z.literal('cifar10').describe(sourceMeaning),
    path: path,
    sha256,
    validation: heldOrFold.default(0).describe(validationMeaning),
    seed: splitSeed,
  }),
  images: imagesSchema,
  csv: csvSchema,
  npy: npySchema,
  npz: npzSchema,
} as const;
const dataSchema = z.discriminatedUnion('source', [
  dataSchemas.idx,
  dataSchemas.cifar10,
  dataSchemas.images,
  dataSchemas.csv,
  dataSchemas.npy,
  dataSchemas.npz,
]);

const preprocessSchema = z.union([
  z.strictObject({
    subtractMean: z
      .enum(['image', 'channel'])
      .describe('subtracts the mean over the training split, of each feature or of each channel'),
  }),
  z.strictObject({
    standardise: z
      .enum(['feature', 'channel'])
      .describe('subtracts the mean and divides by the standard deviation, of each feature or of each channel'),
  }),
  z.strictObject({
    pca: z
      .strictObject({
        components: count.optional().describe('directions of most variance that are kept, which become the features'),
        variance: z
          .number()
          .gt(0)
          .max(1)
          .optional()
          .describe('in place of components: the share of the variance that is kept; what is left out becomes 0'),
      })
      .refine(({ components, variance }) => components === undefined || variance === undefined, {
        error: 'must have components or variance, not both',
      })
      .describe('turns samples to the directions of most variance, so that features are uncorrelated'),
  }),
  z.strictObject({
    whiten: z
      .strictObject({
        epsilon: z.number().min(0).default(1e-5).describe('added to each variance before its root is taken'),
      })
      .describe('turns samples likewise, and divides by the standard deviation of each direction'),
  }),
  z.strictObject({ scale: positive.describe('multiplies by a number above 0') }),
]);

const share = z.number().min(0).max(1);
/** Of the learning rate; epochs are counted from 0, in fractions. Their formulas are in server/schedule.ts. */
export const rateSchemas = {
  constant: z.strictObject({}).describe('the rate itself'),
  step: z
    .strictObject({ every: count, factor: positive })
    .describe('every so many epochs the rate is multiplied by the factor'),
  exponential: z.strictObject({ factor: positive }).describe('the rate × factor^epochs, which falls at every step'),
  inverseTime: z.strictObject({ decay: positive }).describe('the rate / (1 + decay × epochs)'),
  linear: z.strictObject({ final: share.default(0) }).describe('a straight line from the rate to `final` times it'),
  cosine: z.strictObject({ final: share.default(0) }).describe('half a cosine from the rate down to `final` times it'),
  cosineRestarts: z
    .strictObject({ every: count, final: share.default(0) })
    .describe('half a cosine from the rate down to `final` times it, again and again, each over so many epochs'),
  oneCycle: z
    .strictObject({ rise: share.default(0.3), initial: share.default(0.04), final: share.default(4e-6) })
    .describe(
      'half a cosine from `initial` times the rate up to it, over a part `rise` of the steps, and one down to `final` times it',
    ),
  reduceOnPlateau: z
    .strictObject({
      factor: z.number().gt(0).lt(1).default(0.1),
      patience: z.int().min(0).default(10),
      minimum: share.default(0),
      threshold: z.number().min(0).lt(1).default(1e-4),
      cooldown: z.int().min(0).default(0),
    })
    .describe(
      'times the factor, down to `minimum` times the rate, after more than `patience` epochs whose objective is not better by a part `threshold`',
    ),
} as const;
const scheduleSchema = z.union([
  z.strictObject({ constant: rateSchemas.constant }),
  z.strictObject({ step: rateSchemas.step }),
  z.strictObject({ exponential: rateSchemas.exponential }),
  z.strictObject({ inverseTime: rateSchemas.inverseTime }),
  z.strictObject({ linear: rateSchemas.linear }),
  z.strictObject({ cosine: rateSchemas.cosine }),
  z.strictObject({ cosineRestarts: rateSchemas.cosineRestarts }),
  z.strictObject({ oneCycle: rateSchemas.oneCycle }),
  z.strictObject({ reduceOnPlateau: rateSchemas.reduceOnPlateau }),
]);
const warmUpSchema = z.union([z.strictObject({ steps: count }), z.strictObject({ epochs: positive })]);
const rate = {
  learningRate: positive.describe('the rate itself, such as 1e-3'),
  schedule: scheduleSchema.optional().describe('how the rate changes over the epochs'),
  warmUp: warmUpSchema.optional().describe('steps or epochs over which the rate rises linearly'),
};

const velocity = {
  momentum: decay.default(0.9),
  velocity: z
    .enum(['gradients', 'steps'])
    .default('gradients')
    .describe('what it adds up: gradients, as in PyTorch, or steps, as in Keras, to which later rates do nothing'),
};
/** Added to the root, outside of it. */
const epsilon = positive.default(1e-7);
const moments = { beta1: decay.default(0.9), beta2: decay.default(0.999), epsilon };

export const optimizerSchemas = {
  sgd: z.strictObject(rate),
  momentum: z.strictObject({ ...rate, ...velocity }),
  nesterov: z.strictObject({ ...rate, ...velocity }),
  adagrad: z.strictObject({ ...rate, epsilon }),
  rmsprop: z.strictObject({ ...rate, decay: decay.default(0.99), epsilon }),
  adam: z.strictObject({ ...rate, ...moments }),
  adamw: z.strictObject({
    ...rate,
    ...moments,
    weightDecay: z
      .number()
      .nonnegative()
      .default(0.01)
      .describe('every step multiplies kernels by 1 - learningRate × weightDecay'),
  }),
  amsgrad: z.strictObject({ ...rate, ...moments }),
  nadam: z.strictObject({
    ...rate,
    ...moments,
    momentumDecay: z
      .number()
      .nonnegative()
      .default(4e-3)
      .describe('how soon the momentum comes up from half of beta1 to the whole'),
  }),
  lamb: z.strictObject({
    ...rate,
    ...moments,
    weightDecay: z
      .number()
      .nonnegative()
      .default(0.01)
      .describe("weightDecay times a kernel is added to its update, before the update's norm is taken"),
  }),
} as const;

/** They take the gradient over the whole training split, and a step of theirs is one evaluation of it. */
const fullBatch = {
  tolerance: positive
    .default(1e-5)
    .describe("training ends where the gradient's norm is at most this; train.epochs is the most evaluations"),
};
export const fullBatchSchemas = {
  lbfgs: z.strictObject({
    ...fullBatch,
    history: count.max(100).default(10).describe('steps that the curvature is estimated from'),
  }),
  bfgs: z.strictObject(fullBatch),
  newton: z.strictObject(fullBatch),
} as const;
const optimizerSchema = z.union([
  z.strictObject({ sgd: optimizerSchemas.sgd }),
  z.strictObject({ momentum: optimizerSchemas.momentum }),
  z.strictObject({ nesterov: optimizerSchemas.nesterov }),
  z.strictObject({ adagrad: optimizerSchemas.adagrad }),
  z.strictObject({ rmsprop: optimizerSchemas.rmsprop }),
  z.strictObject({ adam: optimizerSchemas.adam }),
  z.strictObject({ adamw: optimizerSchemas.adamw }),
  z.strictObject({ amsgrad: optimizerSchemas.amsgrad }),
  z.strictObject({ nadam: optimizerSchemas.nadam }),
  z.strictObject({ lamb: optimizerSchemas.lamb }),
  z.strictObject({ lbfgs: fullBatchSchemas.lbfgs }),
  z.strictObject({ bfgs: fullBatchSchemas.bfgs }),
  z.strictObject({ newton: fullBatchSchemas.newton }),
]);

const clipSchema = z.union([
  z.strictObject({ value: positive.describe('limits each component') }),
  z.strictObject({ globalNorm: positive.describe('scales the whole gradient down to this Euclidean norm') }),
]);

/** The direction is the metric's own: a loss or an error is minimised, an accuracy maximised. */
const objectiveSchema = z
  .strictObject({
    metric: z.enum(objectiveMetrics).default('validation.loss').describe('what a trial is judged by'),
    direction: z.enum(['maximise', 'minimise']).optional().describe('follows from the metric'),
    weights: z
      .enum(['last', 'average'])
      .default('last')
      .describe('what is evaluated: the weights as they are, or their running average'),
  })
  .transform((objective) => ({ ...objective, direction: objective.direction ?? directionOf(objective.metric) }));

const modelFileSchema = z.strictObject({
  file: path.describe('a model.json, relative to the experiment file'),
  topology: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('what the file holds, as a run stores it, so that workers need no file'),
});

export const experimentSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be up to 63 lower-case letters, digits and dashes')
    .describe('up to 63 lower-case letters, digits and dashes'),
  seed: z.int().min(0).default(1).describe('what every draw is a function of'),
  data: dataSchema.describe('where the samples come from'),
  preprocess: z.array(preprocessSchema).default([]).describe('what is done to every sample'),
  augment: z.array(augmentSchema).default([]).describe('what is done to training samples, by the seed'),
  model: z
    .union([layerListSchema, modelFileSchema])
    .describe('a list of layers, or the path of a Keras-style model.json'),
  transfer: transferSchema.optional().describe('weights to begin with in place of drawn ones, and which of them stay'),
  loss: lossSchema.describe('for classes, for two classes, or for numbers to predict'),
  metrics: z.array(metricSchema).default([]).describe('what is measured beside the loss'),
  objective: objectiveSchema.prefault({}).describe('what the training is judged by'),
  regularise: z
    .strictObject({
      l1: z
        .number()
        .min(0)
        .default(0)
        .describe('l1 times the sum of absolute values of all kernels is added to the loss'),
      l2: z.number().min(0).default(0).describe('l2 / 2 times the sum of squares of all kernels is added to the loss'),
    })
    .prefault({})
    .describe('what is added to the loss'),
  optimizer: optimizerSchema.describe('how a gradient becomes a change of the weights'),
  clip: clipSchema
    .nullish()
    .transform((value) => value ?? undefined)
    .describe("limits the step's mean gradient, before the optimizer"),
  weightAverage: z
    .strictObject({
      decay: decay.default(0.995).describe('average = decay average + (1 - decay) weights, after every step'),
    })
    .prefault({})
    .describe('a running average of the weights'),
  train: z
    .strictObject({
      epochs: count.describe('passes over the training split'),
      batchSize: count.describe('samples of a step; the last of an epoch has what is left'),
      microBatchSize: count.describe(
        'samples of one gradient, the unit of work that workers share; divides `batchSize`',
      ),
      threads: count
        .max(256)
        .default(1)
        .describe(
          "TensorFlow's threads in each worker; a sum depends on how it is cut, so this is part of the experiment",
        ),
      classWeights: z
        .union([z.literal('balanced'), z.record(z.string(), z.number().min(0))], {
          error: 'must be balanced, or weights by class such as { yes: 3, no: 1 }',
        })
        .optional()
        .describe(
          '`balanced`, or weights by class: what the samples of a class count in the loss; 1 for what is not named',
        ),
    })
    .describe('how long, and in what portions'),
  numerics: z
    .enum(['exact', 'tolerant'])
    .default('exact')
    .describe(
      '`exact` refuses a worker whose arithmetic differs in a single bit; `tolerant` admits it and marks the run as not reproducible',
    ),
  checkpoint: z
    .strictObject({
      every: positive.default(10).describe('seconds; what a crash costs at most, beside the restart'),
      keep: count.default(3).describe('committed checkpoints that are kept'),
      snapshots: z
        .strictObject({
          every: count.describe('epochs'),
          keep: count.max(100).default(5).describe('the newest that are kept'),
        })
        .optional()
        .describe('checkpoints at the end of every so many epochs, kept beside the others: the members of an ensemble'),
    })
    .prefault({})
    .describe('what a run can be continued from'),
  chunkFloats: z
    .int()
    .min(4)
    .max(16_777_216)
    .default(65_536)
    .describe('weights in a chunk, the unit of every message and update'),
  module: moduleSchema
    .optional()
    .describe('a TypeScript or JavaScript file with parts of your own; relative to the experiment file'),
  search: searchSchema.optional().describe('what `polyak sweep` tries; a single training takes its constants only'),
});

/**
 * Of an experiment with a module: it may also have the module's own layers, metrics and augmentations, by their names,
 * and `module` where its one model, loss or data source is meant. Whether the module has them is checked once it is loaded.
 */
export const moduleExperimentSchema = experimentSchema.extend({
  module: moduleSchema,
  data: z.discriminatedUnion('source', [...dataSchema.options, moduleDataSchema]),
  augment: z.array(moduleAugmentSchema(augmentSchema)).default([]),
  model: z.union([moduleLayerListSchema, modelFileSchema, z.literal('module')]),
  loss: z.union([experimentSchema.shape.loss, z.literal('module')]),
  metrics: z.array(z.union([metricSchema, z.string().min(1)])).default([]),
});

/** A resolved experiment: every default filled in, paths absolute. */
export type Experiment = Omit<z.output<typeof moduleExperimentSchema>, 'module'> & {
  module?: z.output<typeof moduleSchema>;
};
/** What a user writes. */
export type ExperimentInput = z.input<typeof experimentSchema>;
/** What a user writes who has a module. */
export type ModuleExperimentInput = z.input<typeof moduleExperimentSchema>;
