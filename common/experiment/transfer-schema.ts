/** `transfer` of an experiment: weights that a training begins with, and which of them it leaves as they are. */
import { z } from 'zod';
import { patternProblem } from '../name-pattern.js';
import { path, sha256 } from './data-keys.js';

const pattern = z
  .string()
  .min(1)
  .superRefine((text, context) => {
    const message = patternProblem(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
const patterns = z.array(pattern).min(1);

/** As many classifiers as one training has. */
const stagesMax = 32;

export const transferSchema = z.strictObject({
  from: path.describe(
    "a run's folder, the `model.json` of a tfjs model with its weights, or a `.safetensors`; relative to the experiment file",
  ),
  sha256: sha256.describe(
    "of the file; of a run's weights. A run notes it, a sweep for all its trials, and any other is refused",
  ),
  weights: z.enum(['last', 'average']).default('last').describe('of a run: its last weights, or their running average'),
  layout: z
    .enum(['tensorflow', 'torch'])
    .default('tensorflow')
    .describe('`torch`: kernels lie as PyTorch has them, and are called as there: `weight`, `running_mean` and so on'),
  map: z
    .record(z.string().min(1), z.string().min(1))
    .superRefine((map, context) => {
      for (const [ours, theirs] of Object.entries(map)) {
        const message = patternProblem(ours, theirs);
        if (message !== undefined) context.addIssue({ code: 'custom', path: [ours], message });
      }
    })
    .default({})
    .describe('what a layer is called in the file, or `layer/kernel: name` a single weight; `*` stands for any part'),
  head: z.array(pattern).default([]).describe('layers that are drawn anew though the file has them'),
  freeze: z
    .union([z.strictObject({ upTo: z.string().min(1) }), patterns], {
      error: 'must be names of layers, such as [conv2d_1], or { upTo: conv2d_4 }',
    })
    .nullish()
    .transform((freeze) => freeze ?? undefined)
    .describe('layers whose weights and running statistics stay: by name, or `upTo` one with all that it is made of'),
  fineTuneFrom: z
    .string()
    .min(1)
    .optional()
    .describe('freezes all that this layer is made of, but not the layer itself'),
  learningRates: z
    .record(pattern, z.number().nonnegative())
    .default({})
    .describe("by the layer's name: what multiplies the rate of its weights, beside its own `rateMultiplier`"),
  features: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1).max(stagesMax)], {
      error: `must be the name of a layer, or a list of up to ${stagesMax}`,
    })
    .optional()
    .describe(
      'the model ends after this layer, frozen, and a linear classifier on the mean over its places is trained; of a list, one for each layer',
    ),
});
export type Transfer = z.output<typeof transferSchema>;
/** The parts that decide a layer. */
export type TransferLayers = Pick<Transfer, 'freeze' | 'fineTuneFrom' | 'learningRates' | 'features'>;
