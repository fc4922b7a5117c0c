/** The OpenAPI 3.1 description of the HTTP API, made of its routes and of nothing else. */
import { z } from 'zod';
import { apiRoutes, type ApiRoute } from './api-routes.js';
import { errorSchema, eventsQuery } from './api-schemas.js';

type Description = Record<string, unknown>;

/** It answers no JSON, so it is no route of the table. */
const eventsPath: Description = {
  operationId: 'followSweep',
  summary:
    "A sweep's log as server-sent events: `log` with the entry's sequence as id, `progress` once a second without one, " +
    'and `end` last. Last-Event-ID goes on after that entry.',
  'x-scope': 'read',
  parameters: [
    ...pathParameters('/sweeps/{key}/events'),
    ...queryParameters(eventsQuery),
    {
      name: 'Last-Event-ID',
      in: 'header',
      required: false,
      schema: { type: 'string', pattern: String.raw`^\d{1,15}$` },
    },
  ],
  responses: {
    200: { description: 'The events.', content: { 'text/event-stream': { schema: { type: 'string' } } } },
    default: { $ref: '#/components/responses/Error' },
  },
};

export function openApi(): Description {
  const paths: Record<string, Record<string, Description>> = {};
  for (const each of apiRoutes) (paths[`/api/v1${each.path}`] ??= {})[each.method.toLowerCase()] = operationOf(each);
  paths['/api/v1/sweeps/{key}/events'] = { get: eventsPath };
  paths['/api/v1/openapi.json'] = {
    get: {
      operationId: 'describe',
      summary: 'This description.',
      'x-scope': 'read',
      responses: {
        200: { description: 'OpenAPI 3.1.', content: json({ type: 'object' }) },
        default: { $ref: '#/components/responses/Error' },
      },
    },
  };
  return {
    openapi: '3.1.0',
    info: { title: 'Polyak coordinator', version: '1', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    security: [{ token: [] }, {}],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      responses: {
        Error: { description: 'What is wrong, and what would be right.', content: json(schemaOf(errorSchema)) },
      },
    },
  };
}

export function openApiText(): string {
  return `${JSON.stringify(openApi(), undefined, 2)}\n`;
}

function operationOf({ path, id, summary, scope, query, body, response }: ApiRoute): Description {
  const header = id === 'submitSweep' ? [idempotencyKey] : [];
  return {
    ...{ operationId: id, summary, 'x-scope': scope },
    parameters: [...pathParameters(path), ...(query ? queryParameters(query) : []), ...header],
    ...(body ? { requestBody: { required: true, content: json(schemaOf(body, 'input')) } } : {}),
    responses: {
      200: { description: summary, content: json(schemaOf(response)) },
      default: { $ref: '#/components/responses/Error' },
    },
  };
}

const idempotencyKey = {
  ...{ name: 'Idempotency-Key', in: 'header', required: false, schema: { type: 'string' } },
  description: "In place of the body's key: the same text names the same sweep.",
};

function pathParameters(path: string): Description[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    ...{
      name,
      in: 'path',
      required: true,
      schema: name === 'number' ? { type: 'integer', minimum: 0 } : { type: 'string' },
    },
    description: name === 'number' ? 'From 0.' : "A sweep's key, or its name where no other has it.",
  }));
}

function queryParameters(query: z.ZodType): Description[] {
  const { properties = {}, required = [] } = schemaOf(query, 'input') as {
    properties?: Record<string, object>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    ...{ name, in: 'query', required: required.includes(name), schema },
  }));
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output' = 'output'): Description {
  const { $schema: _, ...description } = z.toJSONSchema(schema, { io, target: 'draft-2020-12' });
  return description;
}

function json(schema: Description): Description {
  return { 'application/json': { schema } };
}
