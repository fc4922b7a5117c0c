/** What the lead knows of a trial beyond its weights: all of it goes into the checkpoint, under these names. */
import { z } from 'zod';
import { averageOf, metricValues, sumsOf } from '../../common/experiment/metrics.js';
import type { NamedOption } from '../../common/experiment/named-option.js';
import type { TrialFacts } from './admission.js';

export interface Sums {
  lossSum: number;
  metricSums: number[];
  samples: number;
  /** Sum over steps of the L2 term times the step's samples. */
  l2Sum: number;
}

export interface Report {
  kind: 'EPOCH' | 'END' | 'PAUSED' | 'NOTICE';
  step: number;
  body: Record<string, unknown>;
}

/** The loss, and each metric by its name; null where a metric is not defined. */
export interface Means {
  loss: number;
  /** Null where the experiment has no such metric. */
  accuracy: number | null;
  [metric: string]: number | null;
}

const sumsSchema = z.object({
  lossSum: z.number(),
  metricSums: z.array(z.number()),
  samples: z.number(),
  l2Sum: z.number(),
});

export const leadRecordSchema = z.object({
  /** Null in the checkpoint that a branch begins with: its first worker proves what holds for it. */
  facts: z.custom<TrialFacts>((value) => typeof value === 'object' && value !== null).nullable(),
  epochSums: sumsSchema,
  validation: z
    .object({ loss: z.number(), accuracy: z.number().nullable() })
    .catchall(z.number().nullable())
    .nullable(),
  /** Workers with other numerics were admitted. */
  reproducible: z.boolean(),
  /** Of a full-batch method; null before its first step, absent in older checkpoints. */
  method: z.object({ state: z.record(z.string(), z.unknown()), ended: z.string().nullable() }).nullish(),
  /** Where the rate is reduced on a plateau; absent in older checkpoints. */
  plateau: z
    .object({ factor: z.number(), best: z.number().nullable(), waited: z.number(), cooling: z.number() })
    .nullish(),
  unacknowledged: z.array(z.custom<Report>((value) => typeof value === 'object' && value !== null)),
});
export type LeadRecord = z.output<typeof leadRecordSchema>;

export function emptySums(metrics: readonly NamedOption[]): Sums {
  return { lossSum: 0, metricSums: Array.from({ length: sumsOf(metrics) }, () => 0), samples: 0, l2Sum: 0 };
}

export function addSums(left: Sums, right: Sums): Sums {
  return {
    lossSum: left.lossSum + right.lossSum,
    metricSums: left.metricSums.map((value, index) => value + (right.metricSums[index] ?? 0)),
    samples: left.samples + right.samples,
    l2Sum: left.l2Sum + right.l2Sum,
  };
}

export function meansOf({ lossSum, l2Sum, metricSums, samples }: Sums, metrics: readonly NamedOption[]): Means {
  return { loss: (lossSum + l2Sum) / samples, accuracy: null, ...metricValues(metrics, metricSums, samples) };
}

/** What is reported of the test split: each metric of the last weights, and beside it of the running average. */
export function testScores(last: Means, average: Means | null): Record<string, number | null> {
  const { loss: _, ...metrics } = last;
  return Object.fromEntries(
    Object.entries(metrics).flatMap(([name, value]) => [
      [name, value],
      [averageOf(name), average?.[name] ?? null],
    ]),
  );
}
