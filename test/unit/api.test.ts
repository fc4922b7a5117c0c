/** The HTTP API of a real coordinator, over real HTTP. Sweeps have no workers: what is tested needs none. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attend } from '../../common/attendance.js';
import { packageRoot } from '../../common/package-root.js';
import { startCoordinator } from '../../coordinator/coordinator.js';
import { openApiText } from '../../coordinator/http/openapi.js';

const key = '0123456789abcdef';
const experiment = {
  name: 'small',
  data: { source: 'csv', path: 'digits.csv', validation: 10 },
  model: ['flatten', { dense: { units: 10 } }],
  loss: 'softmaxCrossEntropy',
  metrics: ['accuracy'],
  objective: { metric: 'validation.accuracy', direction: 'maximise' },
  optimizer: { sgd: { learningRate: '$rate' } },
  train: { epochs: 2, batchSize: 8, microBatchSize: 4 },
  search: { trials: 3, space: { rate: { logUniform: [1e-3, 1e-1] } } },
};

interface Answer {
  status: number;
  // What a test looks at is the body's own business.
  body: Record<string, never> & { error: { code: string; message: string }; [member: string]: unknown };
}

let folder: string;
let logged: string[];
const closing: (() => unknown)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'polyak-api-'));
  logged = [];
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  rmSync(folder, { recursive: true });
});

async function coordinator(more: { listen?: string; apiTokens?: string } = {}) {
  const log = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) });
  const running = await startCoordinator({
    ...{ listen: '127.0.0.1:0', metricsPort: 0, store: join(folder, 'c.db'), log, ...more },
  });
  closing.push(() => running.close());
  const base = `http://127.0.0.1:${running.metricsPort}`;
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const json: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    const init = { method, headers: { ...json, ...headers } };
    const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
    const response = await fetch(`${base}/api/v1${path}`, { ...init, ...sent });
    return { status: response.status, body: (await response.json()) as Answer['body'] } satisfies Answer;
  };
  const submit = async (of: object = {}) =>
    await call('POST', '/sweeps', { key, name: 'small', experiment, directory: folder, ...of });
  return { base, port: running.metricsPort, running, call, submit };
}

interface ServerSentEvent {
  id?: string;
  event?: string;
  data?: string;
}

/** Events until `enough` of them are there, or the end. */
async function eventsOf(
  url: string,
  enough: (events: ServerSentEvent[]) => boolean,
  headers: Record<string, string> = {},
): Promise<ServerSentEvent[]> {
  const abort = new AbortController();
  const response = await fetch(url, { headers, signal: abort.signal });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const events: ServerSentEvent[] = [];
  let text = '';
  const decoder = new TextDecoder();
  for await (const bytes of response.body!) {
    text += decoder.decode(bytes as Uint8Array, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop()!;
    for (const block of blocks) {
      const fields = block.split('\n').map((line) => /^(\w*): ?(.*)$/.exec(line)!.slice(1));
      events.push(Object.fromEntries(fields) as ServerSentEvent);
    }
    if (enough(events)) break;
  }
  abort.abort();
  return events;
}

/** With a header that fetch does not let one set. */
async function statusWithHost(port: number, path: string, host: string): Promise<number> {
  return await new Promise((resolve, reject) => {
    httpRequest({ host: '127.0.0.1', port, path, headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

describe('a sweep by the HTTP API', () => {
  it('is submitted, listed, found by its key and its name, paused, changed, resumed and stopped', async () => {
    const { call, submit } = await coordinator();
    const submitted = await submit();
    expect(submitted).toMatchObject({ status: 200, body: { key, name: 'small', state: 'running', trials: 3 } });
    expect(await call('GET', '/sweeps')).toMatchObject({ body: { sweeps: [{ key, counts: { waiting: 3 } }] } });
    expect((await call('GET', `/sweeps/${key}`)).body['name']).toBe('small');
    expect((await call('GET', '/sweeps/small')).body['key']).toBe(key);
    expect((await call('POST', '/sweeps/small/pause')).body['state']).toBe('paused');
    const changed = await call('PATCH', '/sweeps/small', { parallel: 2, budget: { epochs: 9 } });
    expect(changed.body['settings']).toMatchObject({ parallel: 2, budget: { epochs: 9 } });
    const back = await call('PATCH', '/sweeps/small', { parallel: null, budget: { epochs: null } });
    expect(back.body['settings']).toMatchObject({ budget: {} });
    expect((await call('POST', '/sweeps/small/resume')).body['state']).toBe('running');
    expect((await call('POST', '/sweeps/small/stop')).body['state']).toBe('stopped');
  });

  it('is the same sweep when it is submitted again with the same Idempotency-Key', async () => {
    const { call, submit } = await coordinator();
    const again = async () =>
      await call('POST', '/sweeps', { name: 'small', experiment, directory: folder }, { 'idempotency-key': 'a b c' });
    const first = await again();
    expect((await again()).body['key']).toBe(first.body['key']);
    expect((await call('GET', '/sweeps')).body['sweeps']).toHaveLength(1);
    expect(await submit({ key: undefined })).toMatchObject({ status: 400 });
  });

  it('is not found by a name that two have', async () => {
    const { call, submit } = await coordinator();
    await submit();
    await submit({ key: 'ffffffffffffffff', directory: join(folder, 'other') });
    const { status, body } = await call('GET', '/sweeps/small');
    expect(status).toBe(400);
    expect(body.error.message).toContain(`${key}, ffffffffffffffff`);
  });

  it('has its log in pages', async () => {
    const { call, submit } = await coordinator();
    await submit();
    const { body } = await call('GET', '/sweeps/small/log?limit=1');
    expect(body).toMatchObject({ lines: [{ event: 'begin', sequence: 0 }], next: 1 });
    expect((await call('GET', '/sweeps/small/log?from=1')).body['lines']).toMatchObject([{ event: 'create' }]);
  });
});

describe("a sweep's events", () => {
  it('are its log with ids, progress without, and its end; and go on after Last-Event-ID', async () => {
    const { base, call, submit } = await coordinator();
    await submit();
    const url = `${base}/api/v1/sweeps/small/events`;
    const first = await eventsOf(url, (events) => events.some(({ event }) => event === 'progress'));
    const ids = first.flatMap(({ id }) => (id === undefined ? [] : [id]));
    expect(ids).toEqual(['0', '1']);
    expect(first.filter(({ event }) => event === 'progress').every(({ id }) => id === undefined)).toBe(true);
    const rest = eventsOf(url, () => false, { 'last-event-id': '0' });
    await call('POST', '/sweeps/small/stop');
    const events = (await rest).filter(({ event }) => event !== 'progress');
    // After the trials' creation that it is to be halted, and that it is.
    expect(events.map(({ id, event }) => [id, event])).toEqual([
      ['1', 'log'],
      ['2', 'log'],
      ['3', 'log'],
      [undefined, 'end'],
    ]);
    expect(JSON.parse(events.at(-1)?.data ?? '')).toEqual({ event: 'sweep-stopped', reason: null });
  });

  it('refuse a Last-Event-ID that is none', async () => {
    const { call, submit } = await coordinator();
    await submit();
    expect((await call('GET', '/sweeps/small/events', undefined, { 'last-event-id': 'x' })).status).toBe(400);
  });
});

describe('what is wrong', () => {
  it.each([
    ['an unknown sweep', 'GET', '/sweeps/none', undefined, 404, "no sweep 'none'"],
    ['a trial that has not begun', 'GET', '/sweeps/small/trials/0', undefined, 404, 'begun no trial 0'],
    ['a trial that is no number', 'GET', '/sweeps/small/trials/x', undefined, 400, "'x' is no number"],
    ['an unknown route', 'GET', '/nothing', undefined, 404, 'openapi.json'],
    ['a limit beyond 1000', 'GET', '/sweeps/small/trials?limit=1001', undefined, 400, 'query.limit'],
    ['an unknown query', 'GET', '/sweeps/small/trials?sorted=x', undefined, 400, 'sorted'],
    ['an unknown column', 'GET', '/sweeps/small/trials?sort=valu', undefined, 400, "did you mean 'value'"],
    ['an unknown setting', 'PATCH', '/sweeps/small', { parallell: 3 }, 400, 'parallell'],
    ['a setting out of range', 'PATCH', '/sweeps/small', { budget: { time: -1 } }, 400, 'budget.time'],
    ['no JSON', 'PATCH', '/sweeps/small', '{', 400, 'JSON'],
    [
      'a wrong experiment',
      'POST',
      '/sweeps',
      { key: 'a'.repeat(16), name: 'a', directory: '/a', experiment: {} },
      400,
      '',
    ],
    ['a body of 5 MiB', 'PATCH', '/sweeps/small', JSON.stringify({ a: 'x'.repeat(5 << 20) }), 413, 'large'],
  ])('as %s is said with its status', async (_, method, path, body, status, message) => {
    const { call, submit } = await coordinator();
    await submit();
    const answer = await call(method, path, body);
    expect(answer).toMatchObject({ status, body: { error: { message: expect.stringContaining(message) as string } } });
  });
});

describe('who may use it', () => {
  it('is who has a token, of scope admin for changes, and no token is in the log', async () => {
    const apiTokens = join(folder, 'tokens.yaml');
    const [reader, admin] = ['reader-0123456789', 'admin-01234567890'];
    writeFileSync(apiTokens, `- { token: ${reader}, scope: read }\n- { token: ${admin}, scope: admin }\n`);
    const { call } = await coordinator({ apiTokens });
    const as = (token: string) => ({ authorization: `Bearer ${token}` });
    expect((await call('GET', '/sweeps')).status).toBe(401);
    expect((await call('GET', '/sweeps', undefined, as(`${reader}x`))).status).toBe(401);
    expect((await call('GET', '/sweeps', undefined, as(reader))).status).toBe(200);
    expect((await call('POST', '/sweeps/x/stop', undefined, as(reader))).body.error.code).toBe('refused');
    expect((await call('POST', '/sweeps/x/stop', undefined, as(admin))).status).toBe(404);
    expect(logged.join('')).not.toMatch(/reader-|admin-/);
  });

  it('is nobody with a file of tokens that is wrong, which is said without them', async () => {
    const apiTokens = join(folder, 'tokens.yaml');
    writeFileSync(apiTokens, '- { token: secret-0123456789, scope: write }\n');
    const error = await coordinator({ apiTokens }).then(
      () => '',
      (reason: unknown) => (reason as Error).message,
    );
    expect(error).toContain('wrong at 0.scope');
    expect(error).not.toContain('secret');
  });

  it('without tokens may only read where others reach the coordinator', async () => {
    const { call, submit } = await coordinator({ listen: '0.0.0.0:0' });
    expect((await call('GET', '/sweeps')).status).toBe(200);
    const { status, body } = await submit();
    expect(status).toBe(403);
    expect(body.error.message).toContain('--api-tokens FILE');
  });

  it('is not a web page of another name or origin', async () => {
    const { port, call } = await coordinator();
    expect(await statusWithHost(port, '/api/v1/sweeps', 'evil.example')).toBe(403);
    expect(await statusWithHost(port, '/api/v1/sweeps', `localhost:${port}`)).toBe(200);
    expect(await statusWithHost(port, '/api/v1/sweeps', `[::1]:${port}`)).toBe(200);
    expect((await call('POST', '/sweeps/x/stop', undefined, { origin: 'http://evil.example' })).status).toBe(403);
  });
});

describe('the description', () => {
  it('is the one that the routes give; else run: npm run api-docs', () => {
    expect(readFileSync(join(packageRoot(), 'schema/openapi.json'), 'utf8') === openApiText()).toBe(true);
  });

  it('says of every route that answers JSON what it answers', async () => {
    const { base, call, submit, running } = await coordinator();
    // They do nothing but listen; enough for a trial to begin.
    for (const role of ['SERVER', 'WORKER'] as const) {
      const register = { role, id: role, ...(role === 'SERVER' ? { shard: 0, address: '127.0.0.1:9' } : {}) };
      const { signal } = new AbortController();
      const log = pino({ level: 'silent' });
      const attendance = attend({ coordinator: running.address, register, onOrder: () => undefined, signal, log });
      closing.push(() => attendance.close());
    }
    await submit();
    await eventsOf(`${base}/api/v1/sweeps/${key}/events`, (events) =>
      events.some(({ data = '' }) => data.startsWith('{"event":"created"')),
    );
    const description = (await call('GET', '/openapi.json')).body as unknown as {
      paths: Record<
        string,
        Record<string, { responses: Record<string, { content: Record<string, { schema: object }> }> }>
      >;
    };
    const bodies: Record<string, unknown> = {
      submitSweep: { key, name: 'small', experiment, directory: folder },
      changeSweep: { priority: 1 },
    };
    const ajv = new Ajv2020({ strict: false });
    for (const [path, methods] of Object.entries(description.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        const { operationId = '', responses } = operation as typeof operation & { operationId?: string };
        const schema = responses['200']?.content['application/json']?.schema;
        if (!schema) continue;
        const answer = await call(
          method.toUpperCase(),
          path.replace('/api/v1', '').replace('{key}', key).replace('{number}', '0'),
          bodies[operationId],
        );
        const validate = ajv.compile(schema);
        expect([operationId, answer.status, validate(answer.body), validate.errors]).toEqual([
          operationId,
          200,
          true,
          null,
        ]);
      }
    }
    expect(await (await fetch(`${base}/healthz`)).text()).toBe('ok\n');
    expect(await (await fetch(`${base}/metrics`)).text()).toContain('polyak_coordinator_sweeps{state="');
  });
});

describe('docs/api.md', () => {
  it('has examples that work as they stand, in their order', async () => {
    const { base } = await coordinator();
    const page = readFileSync(join(packageRoot(), 'docs/api.md'), 'utf8');
    const script = [...page.matchAll(/^```sh\n([^`]*)```/gm)].map(([, block]) => block).join('');
    const env = { ...process.env, POLYAK_API: `${base}/api/v1` };
    const { stdout } = await promisify(execFile)('bash', ['-euc', script], { env });
    expect(stdout).toContain('event: end\ndata: {"event":"sweep-stopped"');
  });
});
