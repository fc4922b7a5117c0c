/** What the HTTP API takes and answers, as schemas: they check requests, and the OpenAPI description is made of them. */
import { z } from 'zod';
import { budgetSchema, sweepSettingsSchema } from '../sweep/sweep-settings.js';

const number = z.number().nullable();
const text = z.string().nullable();
const members = z.record(z.string(), z.unknown());
const count = z.int().nonnegative();
const states = ['running', 'paused', 'stopped', 'finished', 'failed'] as const;

export const pageMax = 1000;

const sweepBase = {
  key: z.string().meta({ description: '16 hexadecimal digits.' }),
  name: z.string(),
  state: z.enum(states),
  reason: text,
  directory: z.string(),
  createdAt: z.string(),
  endedAt: text,
};
const sweepMore = {
  settings: z.object(sweepSettingsSchema.shape),
  metric: z.string(),
  direction: z.enum(['maximise', 'minimise']),
  counts: z.record(z.string(), count),
  trials: z.int().nullable(),
  best: z.object({ trial: count, value: z.number(), epoch: count, columns: members }).nullable(),
  spent: z.object({ seconds: z.number(), computeSeconds: z.number(), epochs: z.number() }),
  reproducibility: z.unknown(),
};

export const sweepSchema = z.object({ ...sweepBase, ...sweepMore });
export const sweepListSchema = z.object({
  sweeps: z.array(z.object({ ...sweepBase, ...z.object(sweepMore).partial().shape })),
});

const trialStatus = z.enum(['waiting', 'running', 'paused', 'stopped', 'finished', 'failed']);

const trialSchema = z.object({
  ...{ sweep: z.string(), number: count, parameters: members, columns: members },
  ...{ bracket: count, round: count, rung: count, status: trialStatus, untilEpoch: count, epoch: count },
  ...{ value: number, best: number, bestEpoch: count, loss: number, deviation: number, reason: text },
  ...{ computeSeconds: z.number(), trained: count, startedAt: text, endedAt: text },
});
export const trialPageSchema = z.object({ trials: z.array(trialSchema), total: count });

const runSchema = z.object({
  ...{ key: z.string(), directory: z.string(), untilStep: count, untilEpoch: count, shards: count },
  ...{ state: z.string(), checkpointStep: count, retries: count, sweep: text, trial: count, member: count },
  ...{ computeSeconds: z.number(), createdAt: z.string() },
});
export const runListSchema = z.object({ runs: z.array(runSchema) });
const reportSchema = z.object({
  kind: z.enum(['EPOCH', 'PAUSED', 'END', 'NOTICE']),
  step: count,
  body: members,
  at: text,
});
export const trialDetailSchema = z.object({
  trial: trialSchema,
  runs: z.array(runSchema.extend({ reports: z.array(reportSchema) })),
});

export const logPageSchema = z.object({
  lines: z.array(z.looseObject({ event: z.string(), sequence: count })),
  next: count.meta({ description: 'What `from` is for the next page.' }),
});

export const processListSchema = z.object({
  processes: z.array(
    z.object({
      ...{ role: z.enum(['SERVER', 'WORKER']), shard: count, address: z.string(), id: z.string() },
      fingerprint: z.string().meta({ description: 'Of workers: those of one fingerprint may share a run.' }),
      trials: count.meta({ description: 'Of workers: how many each works on.' }),
    }),
  ),
});

const fromQuery = z.coerce.number().int().nonnegative();
const limitQuery = z.coerce.number().int().min(1).max(pageMax).default(pageMax);

export const trialsQuery = z.strictObject({
  sort: z.string().optional().meta({ description: '`number`, `value`, another member of a line, or `columns.NAME`.' }),
  descending: z.enum(['true', 'false']).default('false'),
  status: z.union([trialStatus, z.array(trialStatus)]).optional(),
  offset: fromQuery.default(0),
  limit: limitQuery,
});
export const logQuery = z.strictObject({ from: fromQuery.default(0), limit: limitQuery });
export const eventsQuery = z.strictObject({ from: fromQuery.default(0) });

const keyText = z.string().regex(/^[0-9a-f]{16}$/, 'must be 16 hexadecimal digits');

export const submitBody = z.strictObject({
  key: keyText.optional().meta({ description: 'Chosen at random by who submits; or the header Idempotency-Key.' }),
  name: z.string().min(1),
  experiment: members.meta({ description: 'As in its file, with parameters still open.' }),
  folder: z.string().default('/').meta({ description: 'What relative paths of the experiment count from.' }),
  directory: z.string().min(1).meta({ description: 'Folder of the sweep, which the servers see.' }),
  shards: z.int().positive().default(1),
  list: z.string().default('').meta({ description: 'The text of the list of trials, where the sampler is one.' }),
  settings: members.default({}),
  replayOf: keyText.optional(),
});

const loose = z.object(sweepSettingsSchema.shape).shape;
const nullable = (schema: z.ZodType) => z.union([schema, z.null()]).optional();
/** Null takes a limit away; the coordinator checks the whole again. */
export const changeBody = z.strictObject({
  trials: loose.trials.optional(),
  parallel: nullable(z.int().positive()),
  workers: nullable(z.int().positive()),
  priority: z.int().optional(),
  budget: z
    .strictObject(Object.fromEntries(Object.keys(budgetSchema.shape).map((name) => [name, nullable(z.number())])))
    .optional(),
  price: nullable(z.number().positive()),
  keep: z.int().positive().optional(),
  retries: count.optional(),
  sameFailures: z.int().positive().optional(),
});

export const errorSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });
