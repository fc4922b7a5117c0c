/** What of a sweep may be changed while it runs. It begins as the experiment's `search` says. */
import { z } from 'zod';
import { PolyakError } from '../../common/errors.js';

const count = z.int().positive();

export const budgetSchema = z.strictObject({
  /** Of all trials together. */
  epochs: count.optional(),
  /** Seconds that the sweep runs. */
  time: z.number().positive().optional(),
  /** Seconds that workers are assigned to it, all together. */
  computeTime: z.number().positive().optional(),
  /** One more ends the sweep. */
  failedTrials: z.int().nonnegative().optional(),
});
export type Budget = z.output<typeof budgetSchema>;

export const sweepSettingsSchema = z.strictObject({
  trials: count,
  /** Trials that run at once at most; without it, as many as there are workers. */
  parallel: count.optional(),
  /** Workers that it has at most. */
  workers: count.optional(),
  /** Of several sweeps the higher one's trials begin first. */
  priority: z.int().default(0),
  budget: budgetSchema.prefault({}),
  /** Of a worker-hour. */
  price: z.number().positive().optional(),
  /** The best trials whose weights are kept. */
  keep: count.default(5),
  retries: z.int().nonnegative().default(2),
  sameFailures: count.default(5),
});
export type SweepSettings = z.output<typeof sweepSettingsSchema>;

/** What the row's JSON holds beside the settings; it does not change. */
export const sweepRecordSchema = z.strictObject({
  settings: sweepSettingsSchema,
  /** What relative paths of the experiment count from. */
  folder: z.string(),
  /** The text of the list of trials, where the sampler is one. */
  list: z.string().optional(),
  /** Its trials are run by the user's own processes. */
  external: z.boolean().default(false),
  /** Key of the sweep whose stored decisions this one repeats. */
  replayOf: z.string().optional(),
  /** Seconds that it has run, and that workers were assigned to it. */
  seconds: z.number().default(0),
  computeSeconds: z.number().default(0),
  /** Until when they are counted, ISO 8601; null where it was not running then. */
  asOf: z.string().nullable().default(null),
  /** Those that count for `sameFailures`. */
  failures: z
    .strictObject({
      error: z.string(),
      count: z.int(),
      trials: z.record(z.string(), z.array(z.int().nonnegative())).default({}),
    })
    .prefault({ error: '', count: 0 }),
});
export type SweepRecord = z.output<typeof sweepRecordSchema>;

/** `change` replaces members of the same name; null takes one away. Errors: `usage`, naming what is wrong. */
export function changedSettings(settings: SweepSettings, change: Record<string, unknown>): SweepSettings {
  const { budget = {}, ...others } = change;
  const merged = {
    ...settings,
    ...others,
    budget: withoutNull({ ...settings.budget, ...(typeof budget === 'object' ? budget : { epochs: budget }) }),
  };
  return checkedSettings(withoutNull(merged), "the sweep's settings cannot be changed so");
}

/** Errors: `usage`, naming what is wrong after `complaint`. */
export function checkedSettings(settings: Record<string, unknown>, complaint: string): SweepSettings {
  const result = sweepSettingsSchema.safeParse(settings);
  if (result.success) return result.data;
  const lines = result.error.issues.map(({ path, message }) => `${path.join('.') || 'settings'}: ${message}`);
  throw new PolyakError('usage', `${complaint}: ${lines.join('; ')}`);
}

function withoutNull(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null));
}
