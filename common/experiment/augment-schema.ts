/**
 * The entries of `augment`: what is done to training samples. How each is drawn and computed is in worker/data/augment;
 * docs/methods.md has their formulas.
 */
import { z } from 'zod';

const count = z.int().positive();
const positive = z.number().positive();
const factor = positive
  .max(1)
  .describe('from 1 - factor to 1 + factor, each equally likely, is what it is multiplied by');

/** Two numbers above 0, the smaller one first. */
function range(most: number, meaning: string) {
  return z
    .tuple([positive.max(most), positive.max(most)])
    .refine(([least, largest]) => least <= largest, 'must have the smaller number first')
    .describe(meaning);
}

const aspectMeaning = 'its width divided by its height, from … to …; as much above 1 as below is as likely';

export const augmentSchemas = {
  flip: z.literal('horizontal').describe('mirrors a sample with probability a half'),
  crop: z
    .strictObject({ padding: count.describe('pixels that a sample is shifted by at most, down and across') })
    .describe('shifts by whole pixels, from -padding to padding down and across'),
  resizedCrop: z
    .strictObject({
      area: range(1, 'of the box, as a part of the sample, from … to …').default([0.08, 1]),
      aspect: range(100, aspectMeaning).default([0.75, 1.3333]),
    })
    .describe('a random box of the sample, resized to the whole'),
  rotate: z
    .strictObject({ degrees: positive.max(180).describe('the most that a sample is turned by, either way') })
    .describe('turns around the middle'),
  translate: z
    .strictObject({ fraction: positive.lt(1).describe('of height and width that a sample is shifted by at most') })
    .describe('shifts down and across, also by parts of a pixel'),
  brightness: z.strictObject({ factor }).describe('multiplies all values'),
  contrast: z.strictObject({ factor }).describe("multiplies the distance from the sample's mean grey"),
  saturation: z.strictObject({ factor }).describe("multiplies the distance from each pixel's grey, of three channels"),
  lighting: z
    .strictObject({
      deviation: positive
        .default(0.1)
        .describe('of the normal number that each principal component times its variance is multiplied by'),
    })
    .describe('adds a colour along the principal components of the training split, of three channels'),
  erase: z
    .strictObject({
      probability: positive.max(1).default(0.5).describe('of a sample to be erased at all'),
      area: range(1, 'of the box, as a part of the sample, from … to …').default([0.02, 0.33]),
      aspect: range(100, aspectMeaning).default([0.3, 3.3]),
    })
    .describe('a box within the sample becomes 0'),
  cutout: z
    .strictObject({ size: count.describe('pixels of its side') })
    .describe('a square becomes 0; its middle lies anywhere, so that a part of it may lie outside'),
  mixup: z
    .strictObject({
      alpha: positive.max(100).default(0.2).describe('λ is drawn from Beta(alpha, alpha): small is near 0 or 1'),
    })
    .describe('λ sample + (1 - λ) another of its micro-batch, and the labels likewise; softmaxCrossEntropy only'),
} as const;

export type AugmentName = keyof typeof augmentSchemas;

export const augmentSchema = z.union([
  z.strictObject({ flip: augmentSchemas.flip }),
  z.strictObject({ crop: augmentSchemas.crop }),
  z.strictObject({ resizedCrop: augmentSchemas.resizedCrop }),
  z.strictObject({ rotate: augmentSchemas.rotate }),
  z.strictObject({ translate: augmentSchemas.translate }),
  z.strictObject({ brightness: augmentSchemas.brightness }),
  z.strictObject({ contrast: augmentSchemas.contrast }),
  z.strictObject({ saturation: augmentSchemas.saturation }),
  z.strictObject({ lighting: augmentSchemas.lighting }),
  z.strictObject({ erase: augmentSchemas.erase }),
  z.strictObject({ cutout: augmentSchemas.cutout }),
  z.strictObject({ mixup: augmentSchemas.mixup }),
]);

/** What an entry says, by its name. */
export type AugmentOptions = { [Name in AugmentName]: z.output<(typeof augmentSchemas)[Name]> };

export const augmentNames = Object.keys(augmentSchemas) as AugmentName[];
