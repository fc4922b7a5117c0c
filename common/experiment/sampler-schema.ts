/** Which sampler a sweep has, and what it needs. */
import { z } from 'zod';
import type { SpaceFinding } from './space-check.js';
import { allParameters, isDistribution, parametersOfSpace } from './space-tree.js';

const points = z.int().positive().max(1_000_000);

export const samplerNames = ['random', 'grid', 'sobol', 'latinHypercube', 'list'] as const;
export type SamplerName = (typeof samplerNames)[number];

const example = 'such as { grid: { points: 5 } } or { list: trials.csv }';
const pointsMessage = 'must be a whole number above 0, or one for each parameter such as { rate: 5 }';

export const samplerSchemas = {
  grid: z.strictObject({
    points: z
      .union([points, z.record(z.string(), points)], { error: pointsMessage })
      .optional()
      .describe('of every parameter without an end of values, or by name'),
  }),
  list: z.string().min(1).describe('a CSV file; its columns are parameters, its rows are trials'),
} as const;

export const samplerSchema = z.union(
  [
    z.enum(['random', 'grid', 'sobol', 'latinHypercube']),
    z.strictObject({ grid: samplerSchemas.grid }),
    z.strictObject({ list: samplerSchemas.list }),
  ],
  { error: `must be one of random, grid, sobol, latinHypercube, or a map ${example}` },
);
export type SamplerChoice = z.output<typeof samplerSchema>;

export function samplerNameOf(sampler: SamplerChoice): SamplerName {
  return typeof sampler === 'string' ? sampler : (Object.keys(sampler)[0] as SamplerName);
}

/**
 * Of the grid, how many points the parameter of this name has; nothing where the file does not say. A number for all is
 * for those whose values have no end.
 */
export function pointsOf(sampler: SamplerChoice, name: string, endless: boolean): number | undefined {
  const given = typeof sampler === 'object' && 'grid' in sampler ? sampler.grid.points : undefined;
  if (typeof given === 'object') return given[name];
  return endless ? given : undefined;
}

/** A grid needs to know how many of endlessly many values it has; places are counted from `search`. */
export function samplerFindings(sampler: SamplerChoice, space: Readonly<Record<string, unknown>>): SpaceFinding[] {
  if (samplerNameOf(sampler) !== 'grid') return [];
  const all = allParameters(parametersOfSpace(space));
  const path = ['sampler'];
  const open = all.filter(
    ({ name, distribution }) => isEndless(distribution) && pointsOf(sampler, name, true) === undefined,
  );
  const given = typeof sampler === 'object' && 'grid' in sampler ? sampler.grid.points : undefined;
  const strange =
    typeof given === 'object' ? Object.keys(given).filter((name) => all.every((each) => each.name !== name)) : [];
  const [first] = open;
  return [
    ...(first === undefined
      ? []
      : [
          {
            path,
            message: `needs a number of points for ${namesOf(open)}; write { grid: { points: ${written(first.name, given)} } }`,
          },
        ]),
    ...strange.map((name) => ({ path: [...path, 'grid', 'points', name], message: 'is of no parameter of the space' })),
  ];
}

function namesOf(parameters: { name: string }[]): string {
  return [...new Set(parameters.map(({ name }) => name))].join(', ');
}

function written(name: string, given: unknown): string {
  return typeof given === 'object' ? `{ ${name}: 5, … }` : '5';
}

/** There is no first and last value, or there is always one between two. */
export function isEndless(distribution: unknown): boolean {
  if (!isDistribution(distribution)) return false;
  if ('normal' in distribution || 'logNormal' in distribution) return true;
  return ('uniform' in distribution || 'logUniform' in distribution) && distribution['step'] === undefined;
}
