/** The routes of the HTTP API, one entry each: what it takes, what it answers, and the function of the engine that it calls. */
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { sweepKeyOf } from '../../common/idempotency-key.js';
import { PolyakError } from '../../common/errors.js';
import { sweepsNow, type ServiceParts } from '../coordinator-service.js';
import { changeSweep, listTrials, submitSweep } from '../sweep-service.js';
import type { RunRow } from '../store/rows.js';
import { lineOf } from '../sweep/log-line.js';
import { ApiError } from './api-error.js';
import * as schemas from './api-schemas.js';
import type { ApiScope } from './api-tokens.js';

export interface ApiRequest<Query, Body> {
  params: Readonly<Record<string, string>>;
  query: Query;
  body: Body;
  headers: IncomingHttpHeaders;
}

export interface ApiRoute {
  method: 'GET' | 'POST' | 'PATCH';
  /** Under /api/v1, with `{key}` as OpenAPI has it. */
  path: string;
  id: string;
  summary: string;
  scope: ApiScope;
  query?: z.ZodType;
  body?: z.ZodType;
  response: z.ZodType;
  handle: (parts: ServiceParts, request: ApiRequest<unknown, unknown>) => Promise<unknown>;
}

interface TypedRoute<Query, Body> extends Omit<ApiRoute, 'query' | 'body' | 'handle'> {
  query?: z.ZodType<Query>;
  body?: z.ZodType<Body>;
  handle(parts: ServiceParts, request: ApiRequest<Query, Body>): Promise<unknown>;
}

const nothing = z.strictObject({});

/** What comes is checked before `handle` sees it. */
function route<Query = object, Body = undefined>(typed: TypedRoute<Query, Body>): ApiRoute {
  return {
    ...typed,
    handle: async (parts, request) =>
      await typed.handle(parts, {
        ...request,
        query: checked<unknown>(typed.query ?? nothing, request.query, 'query') as Query,
        body: (typed.body ? checked<unknown>(typed.body, request.body, 'body') : undefined) as Body,
      }),
  };
}

/** Errors: `usage`, naming what is wrong. */
export function checked<Value>(schema: z.ZodType<Value>, value: unknown, what: string): Value {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const lines = result.error.issues.map(({ path, message }) => `${[what, ...path].join('.')}: ${message}`);
  throw new PolyakError('usage', lines.join('; '));
}

const change = (action: 'PAUSE' | 'RESUME' | 'STOP', summary: string) =>
  route({
    ...{ method: 'POST', path: `/sweeps/{key}/${action.toLowerCase()}`, id: `${action.toLowerCase()}Sweep`, summary },
    ...{ scope: 'admin', response: schemas.sweepSchema },
    handle: async (parts, { params }) => await changed(parts, params, action, ''),
  });

export const apiRoutes: readonly ApiRoute[] = [
  route({
    ...{ method: 'GET', path: '/sweeps', id: 'listSweeps', scope: 'read', response: schemas.sweepListSchema },
    summary: 'All sweeps, oldest first; of finished ones, only what the store has in a row.',
    handle: async (parts) => ({ sweeps: await sweepsNow(parts) }),
  }),
  route({
    ...{ method: 'POST', path: '/sweeps', id: 'submitSweep', scope: 'admin', response: schemas.sweepSchema },
    summary: 'Starts a sweep. The same again, with the same key, is the same sweep.',
    body: schemas.submitBody,
    handle: submitted,
  }),
  route({
    ...{ method: 'GET', path: '/sweeps/{key}', id: 'getSweep', scope: 'read', response: schemas.sweepSchema },
    summary: 'How a sweep stands.',
    handle: async (parts, { params }) => (await findSweep(parts, params)).snapshot(),
  }),
  route({
    ...{ method: 'PATCH', path: '/sweeps/{key}', id: 'changeSweep', scope: 'admin', response: schemas.sweepSchema },
    summary: 'Changes settings; null takes a limit away.',
    body: schemas.changeBody,
    handle: async (parts, { params, body }) => await changed(parts, params, 'SET', JSON.stringify(body)),
  }),
  change('PAUSE', 'No trial begins; those that run stop at a checkpoint.'),
  change('RESUME', 'A sweep that is paused, stopped or has failed goes on.'),
  change('STOP', 'As pause, and the sweep has ended; it can be resumed.'),
  route({
    ...{ method: 'GET', path: '/sweeps/{key}/trials', id: 'listTrials', scope: 'read' },
    summary: "Lines of a sweep's table, sorted.",
    response: schemas.trialPageSchema,
    query: schemas.trialsQuery,
    handle: async (parts, { params, query: { sort = '', descending, status = [], offset, limit } }) => {
      const { trials, total } = await listTrials(parts, {
        sweepKey: Buffer.from((await findSweep(parts, params)).key, 'hex'),
        ...{ sort, descending: descending === 'true', status: [status].flat(), offset, limit },
      });
      return { trials: trials.map((trial): unknown => JSON.parse(trial)), total };
    },
  }),
  route({
    ...{ method: 'GET', path: '/sweeps/{key}/trials/{number}', id: 'getTrial', scope: 'read' },
    summary: 'A trial, its runs, and what was reported of them.',
    response: schemas.trialDetailSchema,
    handle: trialDetail,
  }),
  route({
    ...{ method: 'GET', path: '/sweeps/{key}/log', id: 'readLog', scope: 'read', response: schemas.logPageSchema },
    summary: "A page of a sweep's log.",
    query: schemas.logQuery,
    handle: async (parts, { params, query: { from, limit } }) => {
      const rows = await parts.store.log((await findSweep(parts, params)).key, from, limit);
      return { lines: rows.map(lineOf), next: from + rows.length };
    },
  }),
  route({
    ...{ method: 'GET', path: '/runs', id: 'listRuns', scope: 'read', response: schemas.runListSchema },
    summary: 'Runs that belong to no sweep.',
    handle: async ({ runs }) => await Promise.resolve({ runs: runs.alone().map(withoutExperiment) }),
  }),
  route({
    ...{ method: 'GET', path: '/processes', id: 'listProcesses', scope: 'read' },
    summary: 'Servers and workers that attend now.',
    response: schemas.processListSchema,
    handle: async ({ dispatcher }) => await Promise.resolve({ processes: dispatcher.processes() }),
  }),
];

/** By its key, or by its name where no other has it. Errors: 404; `usage` for a name of several. */
export async function findSweep({ store, sweeps }: ServiceParts, { key = '' }: ApiRequest<unknown, unknown>['params']) {
  const rows = await store.sweeps();
  const found = rows.filter((row) => row.key === key.toLowerCase());
  const named = found.length > 0 ? found : rows.filter(({ name }) => name === key);
  const [row, other] = named;
  if (!row) throw new ApiError(404, 'unknown', `there is no sweep '${key}' here; GET /api/v1/sweeps lists them`);
  if (other) {
    const keys = named.map((each) => each.key).join(', ');
    throw new PolyakError('usage', `${named.length} sweeps are named '${key}'; say which by its key: ${keys}`);
  }
  return await sweeps.get(row.key);
}

async function submitted(
  parts: ServiceParts,
  { body, headers }: ApiRequest<object, z.output<typeof schemas.submitBody>>,
) {
  const header = headers['idempotency-key'];
  const key =
    body.key ??
    (typeof header === 'string' && header !== '' ? sweepKeyOf(header, 'the header Idempotency-Key') : undefined);
  if (key === undefined) {
    throw new PolyakError(
      'usage',
      'the sweep has no key: send the header Idempotency-Key, or key (16 hexadecimal digits) in the body, so that the request can be repeated',
    );
  }
  const { name, experiment, folder, directory, shards, list, settings, replayOf = '' } = body;
  const texts = { experiment: jsonOf('experiment', experiment), settings: jsonOf('settings', settings) };
  await submitSweep(parts, {
    ...{ sweepKey: Buffer.from(key, 'hex'), name, folder, directory, shards, list },
    ...texts,
    replayOf: Buffer.from(replayOf, 'hex'),
    external: false,
  });
  return (await parts.sweeps.get(key)).snapshot();
}

/** Errors: `usage` for what is nested too deep to be written down. */
function jsonOf(what: string, value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw new PolyakError('usage', `submit: ${what} is nested too deep`, { cause: error });
  }
}

async function changed(
  parts: ServiceParts,
  params: ApiRequest<unknown, unknown>['params'],
  action: 'PAUSE' | 'RESUME' | 'STOP' | 'SET',
  settings: string,
): Promise<unknown> {
  const { key } = await findSweep(parts, params);
  const { sweep } = await changeSweep(parts, { sweepKey: Buffer.from(key, 'hex'), action, settings, trial: 0 });
  return JSON.parse(sweep);
}

async function trialDetail(parts: ServiceParts, { params }: ApiRequest<object, undefined>) {
  const { key, row } = await findSweep(parts, params);
  const text = params['number'] ?? '';
  if (!/^\d{1,9}$/.test(text)) throw new PolyakError('usage', `'${text}' is no number of a trial; they begin at 0`);
  const trial = await parts.store.trial(key, Number(text));
  if (!trial) throw new ApiError(404, 'unknown', `${row.name} has begun no trial ${text}`);
  const runs = await parts.store.runs({ sweep: key, trial: trial.number });
  const reported = runs.map(async (run) => ({
    ...withoutExperiment(run),
    reports: (await parts.store.reports(run.key)).map(({ kind, step, body, at }) => ({
      ...{ kind, step, body: JSON.parse(body) as unknown, at },
    })),
  }));
  return { trial, runs: await Promise.all(reported) };
}

/** It may have megabytes, and is the same for all. */
function withoutExperiment(run: RunRow): Omit<RunRow, 'experiment'> {
  const { experiment: _, ...rest } = run;
  return rest;
}
