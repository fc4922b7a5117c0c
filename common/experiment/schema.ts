/**
 * The experiment file: every key, its type and its default. A value is what it says: a learning rate of 1e-3 is written
 * 1e-3. Unknown keys and wrong types are refused. docs/experiment-file.md explains the keys.
 */
import { z } from 'zod';
import { layerProblems } from './layer-schema.js';

const positive = z.number().positive();
const count = z.int().positive();
const decay = z.number().min(0).lt(1);

/** Marks an issue whose message is a line of its own and names its place. */
export const completeMessage = { complete: true };

/** What layers there are, and their options, is checked by layer-schema.ts, whose messages name the place themselves. */
const layerListSchema = z.array(z.unknown()).superRefine((model, context) => {
  for (const message of layerProblems(model)) {
    context.addIssue({ code: 'custom', message, params: completeMessage });
  }
});

/** Samples held out of the training split by seed: a count, or a fraction of it below 1. */
const held = z
  .number()
  .min(0)
  .refine((value) => value < 1 || Number.isInteger(value), 'must be a count, or a fraction below 1');
/** Text that is a number would be taken for a path. */
const heldOrPath = z.union([
  held,
  z
    .string()
    .min(1)
    .refine((text) => !Number.isFinite(Number(text)), 'must be a number without quotes, or a path'),
]);
/** Relative to the experiment file. */
const path = z.string().min(1);

const csvSchema = z.strictObject({
  source: z.literal('csv'),
  path,
  validation: heldOrPath.default(0),
  test: heldOrPath.optional(),
  /** The label's column by name, or `last`. */
  label: z.string().min(1).default('last'),
  /** The first line names the columns. */
  header: z.boolean().default(true),
  /** Of one sample, such as [8, 8, 1]; a vector unless given. */
  shape: z.array(count).min(1).max(3).optional(),
  /** The label is a number to predict, not a class. */
  regression: z.boolean().default(false),
});
export type CsvData = z.output<typeof csvSchema>;

const imagesSchema = z.strictObject({
  source: z.literal('images'),
  path,
  validation: heldOrPath.default(0),
  test: heldOrPath.optional(),
  /** [height, width] that every picture is resized to; without it all must be of one size. */
  size: z.tuple([count, count]).optional(),
});
export type ImagesData = z.output<typeof imagesSchema>;

/** By source, so that an option of one source is not silently ignored by another. */
export const dataSchemas = {
  idx: z.strictObject({ source: z.literal('idx'), path, validation: held.default(0) }),
  cifar10: z.strictObject({ source: z.literal('cifar10'), path, validation: held.default(0) }),
  images: imagesSchema,
  csv: csvSchema,
} as const;
const dataSchema = z.discriminatedUnion('source', [
  dataSchemas.idx,
  dataSchemas.cifar10,
  dataSchemas.images,
  dataSchemas.csv,
]);

const preprocessSchema = z.union([
  z.strictObject({ subtractMean: z.enum(['image', 'channel']) }),
  z.strictObject({ scale: positive }),
]);

const augmentSchema = z.union([
  z.strictObject({ flip: z.literal('horizontal') }),
  z.strictObject({ crop: z.strictObject({ padding: count }) }),
]);

const scheduleSchema = z.union([
  z.strictObject({ constant: z.strictObject({}) }),
  /** Every so many epochs the rate is multiplied by the factor. */
  z.strictObject({ step: z.strictObject({ every: count, factor: positive }) }),
  /** Half a cosine from the rate down to `final` times it. */
  z.strictObject({ cosine: z.strictObject({ final: z.number().min(0).max(1).default(0) }) }),
]);
const warmUpSchema = z.union([z.strictObject({ steps: count }), z.strictObject({ epochs: positive })]);
const rate = { learningRate: positive, schedule: scheduleSchema.optional(), warmUp: warmUpSchema.optional() };

const optimizerSchema = z.union([
  z.strictObject({ sgd: z.strictObject(rate) }),
  z.strictObject({ momentum: z.strictObject({ ...rate, momentum: decay.default(0.9) }) }),
  z.strictObject({ nesterov: z.strictObject({ ...rate, momentum: decay.default(0.9) }) }),
  z.strictObject({
    adam: z.strictObject({
      ...rate,
      beta1: decay.default(0.9),
      beta2: decay.default(0.999),
      epsilon: positive.default(1e-8),
    }),
  }),
]);

const clipSchema = z.union([z.strictObject({ value: positive }), z.strictObject({ globalNorm: positive })]);

/** The direction is the metric's own: a loss is minimised, an accuracy maximised. */
const objectiveSchema = z
  .strictObject({
    metric: z.enum(['validation.loss', 'validation.accuracy']).default('validation.loss'),
    direction: z.enum(['maximise', 'minimise']).optional(),
    /** What is evaluated: the weights as they are, or their running average. */
    weights: z.enum(['last', 'average']).default('last'),
  })
  .transform((objective) => ({ ...objective, direction: objective.direction ?? directionOf(objective.metric) }));

function directionOf(metric: string): 'maximise' | 'minimise' {
  return metric.endsWith('.loss') ? 'minimise' : 'maximise';
}

export const experimentSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be up to 63 lower-case letters, digits and dashes'),
  seed: z.int().min(0).default(1),
  data: dataSchema,
  preprocess: z.array(preprocessSchema).default([]),
  augment: z.array(augmentSchema).default([]),
  /** A list of layers, or the path of a Keras-style model.json. */
  model: z.union([layerListSchema, z.strictObject({ file: path })]),
  loss: z.enum(['softmaxCrossEntropy', 'binaryCrossEntropy', 'meanSquaredError']),
  metrics: z.array(z.enum(['accuracy'])).default([]),
  objective: objectiveSchema.prefault({}),
  /** Half l2 times the sum of squares of the kernels, in the loss. */
  regularise: z.strictObject({ l2: z.number().min(0).default(0) }).prefault({}),
  optimizer: optimizerSchema,
  /** Of the mean gradient, before the optimizer. */
  clip: clipSchema.nullish().transform((value) => value ?? undefined),
  /** average = decay average + (1 - decay) weights, after every step. */
  weightAverage: z.strictObject({ decay: decay.default(0.995) }).prefault({}),
  train: z.strictObject({
    epochs: count,
    /** Samples of a step. */
    batchSize: count,
    /** Samples of a leaf of the step's tree; divides batchSize. */
    microBatchSize: count,
    /** Of TensorFlow in each worker; part of the experiment, because sums depend on it. */
    threads: count.max(256).default(1),
  }),
  numerics: z.enum(['exact', 'tolerant']).default('exact'),
  checkpoint: z
    .strictObject({
      /** Seconds. */
      every: positive.default(10),
      keep: count.default(3),
    })
    .prefault({}),
  /** Floats in a chunk; a setting so that small models can have many. */
  chunkFloats: z.int().min(4).max(16_777_216).default(65_536),
  /** For `polyak sweep`; a single training does not look at it. */
  search: z.record(z.string(), z.unknown()).optional(),
});

/** A resolved experiment: every default filled in, data.path absolute. */
export type Experiment = z.output<typeof experimentSchema>;
/** What a user writes. */
export type ExperimentInput = z.input<typeof experimentSchema>;
