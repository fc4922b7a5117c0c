/**
 * The experiment file: every key, its type and its default. A value is what it says: a learning rate of 1e-3 is written
 * 1e-3. Unknown keys and wrong types are refused. docs/experiment-file.md explains the keys.
 */
import { z } from 'zod';
import { layerProblems } from './layer-schema.js';

const positive = z.number().positive();
const count = z.number().int().positive();
const probability = z.number().min(0).lt(1);

/** What layers there are, and their options, is checked by layer-schema.ts, whose messages name the place themselves. */
const layerListSchema = z
  .array(z.unknown())
  .min(1)
  .superRefine((model, context) => {
    for (const message of layerProblems(model)) context.addIssue({ code: 'custom', message, params: { complete: true } });
  });

/** A number of samples, a fraction of them, or a path. */
const split = z.union([z.number().min(0), z.string()]);

const dataSchema = z.strictObject({
  source: z.enum(['idx', 'cifar10', 'images', 'csv']),
  /** Relative to the experiment file. */
  path: z.string().min(1),
  /** Samples held out of the training split by seed: a count, or a fraction below 1. */
  validation: split.default(0),
  /** For sources without a test split of their own: a count, a fraction, or a path (csv). */
  test: split.optional(),
  /** csv: the label's column by name, or `last`. */
  label: z.string().default('last'),
  /** csv: the first line names the columns. */
  header: z.boolean().default(true),
  /** csv: shape of one sample, such as [8, 8, 1]; a vector unless given. */
  shape: z.array(count).min(1).max(3).optional(),
  /** csv: the label is a number to predict, not a class. */
  regression: z.boolean().default(false),
  /** images: [height, width] that every picture is resized to; without it all must be of one size. */
  size: z.tuple([count, count]).optional(),
});

const preprocessSchema = z.union([
  z.strictObject({ subtractMean: z.enum(['image', 'channel']) }),
  z.strictObject({ scale: z.number() }),
]);

const augmentSchema = z.union([
  z.strictObject({ flip: z.literal('horizontal') }),
  z.strictObject({ crop: z.strictObject({ padding: count }) }),
]);

const scheduleSchema = z.union([
  z.strictObject({ constant: z.strictObject({}) }),
  z.strictObject({ step: z.strictObject({ every: count, factor: positive }) }),
  z.strictObject({ cosine: z.strictObject({ final: z.number().min(0).max(1).default(0) }) }),
]);
const warmUpSchema = z.union([z.strictObject({ steps: count }), z.strictObject({ epochs: positive })]);
const rate = { learningRate: positive, schedule: scheduleSchema.optional(), warmUp: warmUpSchema.optional() };

const optimizerSchema = z.union([
  z.strictObject({ sgd: z.strictObject(rate) }),
  z.strictObject({ momentum: z.strictObject({ ...rate, momentum: probability.default(0.9) }) }),
  z.strictObject({ nesterov: z.strictObject({ ...rate, momentum: probability.default(0.9) }) }),
  z.strictObject({
    adam: z.strictObject({
      ...rate,
      beta1: probability.default(0.9),
      beta2: probability.default(0.999),
      epsilon: positive.default(1e-8),
    }),
  }),
]);

const clipSchema = z.union([z.strictObject({ value: positive }), z.strictObject({ globalNorm: positive })]);

export const experimentSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and dashes'),
  seed: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(1),
  data: dataSchema,
  preprocess: z.array(preprocessSchema).default([]),
  augment: z.array(augmentSchema).default([]),
  /** A list of layers, or the path of a Keras-style model.json. */
  model: z.union([layerListSchema, z.strictObject({ file: z.string().min(1) })]),
  loss: z.enum(['softmaxCrossEntropy', 'binaryCrossEntropy', 'meanSquaredError']),
  metrics: z.array(z.enum(['accuracy'])).default([]),
  objective: z
    .strictObject({
      metric: z.enum(['validation.loss', 'validation.accuracy']).default('validation.loss'),
      direction: z.enum(['maximise', 'minimise']).default('minimise'),
      weights: z.enum(['last', 'average']).default('last'),
    })
    .prefault({}),
  regularise: z.strictObject({ l2: z.number().min(0).default(0) }).prefault({}),
  optimizer: optimizerSchema,
  /** Of the mean gradient, before the optimizer. */
  clip: clipSchema.nullish().transform((value) => value ?? undefined),
  weightAverage: z.strictObject({ decay: probability.default(0.995) }).prefault({}),
  train: z.strictObject({
    epochs: count,
    batchSize: count,
    microBatchSize: count,
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
  chunkFloats: z.number().int().min(4).max(16_777_216).default(65_536),
  search: z.unknown().optional(),
});

/** A resolved experiment: every default filled in, data.path absolute. */
export type Experiment = z.output<typeof experimentSchema>;
/** What a user writes. */
export type ExperimentInput = z.input<typeof experimentSchema>;

/** Checks what a type cannot say. Answers with path and message of each finding. */
export function crossCheck(experiment: Experiment): { path: string; message: string }[] {
  const findings: { path: string; message: string }[] = [];
  const { batchSize, microBatchSize } = experiment.train;
  if (batchSize % microBatchSize !== 0) {
    const message = `${microBatchSize} does not divide train.batchSize, ${batchSize}`;
    findings.push({ path: 'train.microBatchSize', message });
  }
  if (experiment.objective.metric === 'validation.accuracy' && !experiment.metrics.includes('accuracy')) {
    findings.push({ path: 'objective.metric', message: "'validation.accuracy' needs metrics: [accuracy]" });
  }
  if (experiment.loss === 'meanSquaredError' && experiment.metrics.includes('accuracy')) {
    findings.push({ path: 'metrics', message: "'accuracy' is no metric of loss: meanSquaredError" });
  }
  return findings;
}
