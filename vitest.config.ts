import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const common = { testTimeout: 120_000, hookTimeout: 120_000, pool: 'forks' as const };

/** They take the time of what they start, let processes fall silent for a while, or weigh their memory. */
const alone = [
  'external',
  'fences',
  'give-up',
  'many-trials',
  'membership',
  'memory',
  'no-freeze',
  'server-metrics',
  'shared-workers',
  'slow-link',
  'suspended-lead',
].map((name) => `test/cluster/${name}.test.ts`);

/** Files share the machine, but for a few that come last and have it for themselves. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common,
          name: 'shared',
          include: ['test/**/*.test.ts'],
          exclude: alone,
          maxWorkers: Math.min(4, availableParallelism()),
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...common,
          name: 'alone',
          include: alone,
          maxWorkers: 1,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
