/** Which losses there are, their options, and what each is for. Their formulas are in worker/model/loss.ts. */
import { z } from 'zod';
import { nameOf, type NamedOption } from './named-option.js';

/** One output for each class; one output for two classes; or numbers to predict. */
export type Target = 'classes' | 'twoClasses' | 'numbers';

export const lossTargets = {
  softmaxCrossEntropy: 'classes',
  binaryCrossEntropy: 'twoClasses',
  hinge: 'classes',
  binaryHinge: 'twoClasses',
  meanSquaredError: 'numbers',
  meanAbsoluteError: 'numbers',
  huber: 'numbers',
} as const satisfies Record<string, Target>;

export type LossName = keyof typeof lossTargets;
export const lossNames = Object.keys(lossTargets) as LossName[];

const margin = z.number().positive().default(1).describe('what the right class has to be ahead by');
const delta = z.number().positive().default(1).describe('the error from which on the loss is linear');
const labelSmoothing = z
  .number()
  .min(0)
  .lt(1)
  .default(0)
  .describe('the part of a label that is shared out among all classes, so that none is learned to be certain');
export const lossOptionSchemas = {
  softmaxCrossEntropy: z.strictObject({ labelSmoothing }),
  binaryCrossEntropy: z.strictObject({ labelSmoothing }),
  hinge: z.strictObject({ margin }),
  binaryHinge: z.strictObject({ margin }),
  huber: z.strictObject({ delta }),
} as const;

export const lossSchema = z.union(
  [
    z.enum(lossNames),
    z.strictObject({ softmaxCrossEntropy: lossOptionSchemas.softmaxCrossEntropy }),
    z.strictObject({ binaryCrossEntropy: lossOptionSchemas.binaryCrossEntropy }),
    z.strictObject({ hinge: lossOptionSchemas.hinge }),
    z.strictObject({ binaryHinge: lossOptionSchemas.binaryHinge }),
    z.strictObject({ huber: lossOptionSchemas.huber }),
  ],
  { error: `must be one of ${lossNames.join(', ')}, or with options such as { huber: { delta: 2 } }` },
);

/** Undefined for a loss that is none of these. */
export function targetOf(loss: NamedOption): Target | undefined {
  const name = nameOf(loss);
  return Object.hasOwn(lossTargets, name) ? lossTargets[name as LossName] : undefined;
}

export function lossesFor(target: Target): LossName[] {
  return lossNames.filter((name) => lossTargets[name] === target);
}
