/**
 * Which metrics there are, and how each follows from sums over the samples. The sums are made in worker/model/metric.ts
 * and added in float64 in the tree's fixed order, so a metric has the same bits on any number of workers.
 */
import { z } from 'zod';
import type { Target } from './losses.js';
import { nameOf, type NamedOption } from './named-option.js';
import { partsOfStage } from './stages.js';

export interface MetricFacts {
  /** Of losses for one of these. */
  targets: readonly Target[];
  better: 'higher' | 'lower';
  /** How many sums it is made of. */
  sums: number;
  /** Null where it is not defined. `sums` are over so many samples. */
  value: (sums: readonly number[], samples: number) => number | null;
}

const mean = ([sum = 0]: readonly number[], samples: number) => sum / samples;

export const metrics = {
  accuracy: { targets: ['classes', 'twoClasses'], better: 'higher', sums: 1, value: mean },
  topKAccuracy: { targets: ['classes'], better: 'higher', sums: 1, value: mean },
  meanAbsoluteError: { targets: ['numbers'], better: 'lower', sums: 1, value: mean },
  meanSquaredError: { targets: ['numbers'], better: 'lower', sums: 1, value: mean },
  rootMeanSquaredError: {
    targets: ['numbers'],
    better: 'lower',
    sums: 1,
    value: (sums, samples) => Math.sqrt(mean(sums, samples)),
  },
  /** 1 - sum (y - z)^2 / sum (y - mean y)^2, of the sums of (y - z)^2, y and y^2. */
  rSquared: { targets: ['numbers'], better: 'higher', sums: 3, value: rSquared },
} as const satisfies Record<string, MetricFacts>;

function rSquared([residual = 0, sum = 0, squares = 0]: readonly number[], samples: number): number | null {
  const total = squares - (sum * sum) / samples;
  return total > 0 ? 1 - residual / total : null;
}

export type MetricName = keyof typeof metrics;
export const metricNames = Object.keys(metrics) as MetricName[];

export const metricOptionSchemas = {
  topKAccuracy: z.strictObject({
    k: z.int().positive().default(5).describe('right where the label is among so many of the largest'),
  }),
} as const;

export const metricSchema = z.union(
  [z.enum(metricNames), z.strictObject({ topKAccuracy: metricOptionSchemas.topKAccuracy })],
  { error: `must be one of ${metricNames.join(', ')}, or with options such as { topKAccuracy: { k: 3 } }` },
);

export function metricFacts(metric: NamedOption): MetricFacts | undefined {
  const given = nameOf<string>(metric);
  const name = partsOfStage(given)?.metric ?? given;
  return Object.hasOwn(metrics, name) ? metrics[name as MetricName] : undefined;
}

/** How many sums all of them are made of. */
export function sumsOf(all: readonly NamedOption[]): number {
  return all.reduce((count, metric) => count + (metricFacts(metric)?.sums ?? 1), 0);
}

/** By the metrics' names; `sums` are those of the first metric, then those of the second, and on. */
export function metricValues(
  all: readonly NamedOption[],
  sums: readonly number[],
  samples: number,
): Record<string, number | null> {
  let from = 0;
  return Object.fromEntries(
    all.map((metric) => {
      const { sums: count, value } = metricFacts(metric) ?? { sums: 1, value: mean };
      from += count;
      return [nameOf(metric), value(sums.slice(from - count, from), samples)];
    }),
  );
}

/** The name of a test split's metric of the running average, beside that of the last weights. */
export function averageOf(name: string): string {
  return `average${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

/** What a trial may be judged by. */
export const objectiveMetrics = [
  'validation.loss',
  ...metricNames.map((name) => `validation.${name}` as const),
] as const;

export function directionOf(objective: string): 'maximise' | 'minimise' {
  const facts = metricFacts(objective.slice(objective.indexOf('.') + 1));
  return facts?.better === 'higher' ? 'maximise' : 'minimise';
}
