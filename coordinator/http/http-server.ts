/** The coordinator's one HTTP port: /metrics, /healthz, /readyz and /api/v1. It knows who may ask; routes know what is answered. */
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Registry } from 'prom-client';
import { ConnectionLimit, type ConnectionLimits } from '../../common/connection-limit.js';
import { PolyakError } from '../../common/errors.js';
import { rolesOf, type CertificateRole } from '../../common/tls/certificate-role.js';
import { peerOf } from '../../common/tls/secure-door.js';
import type { Refusals } from '../../common/tls/refusals.js';
import { probeAt, type Probes } from '../../common/probes.js';
import type { TlsFiles } from '../../common/tls/tls-files.js';
import type { ServiceParts } from '../coordinator-service.js';
import { assertAccess, hostNameOf } from './api-access.js';
import { ApiError, failureOf } from './api-error.js';
import { apiRoutes, checked, findSweep } from './api-routes.js';
import { eventsQuery } from './api-schemas.js';
import type { ApiScope, ApiTokens } from './api-tokens.js';
import { streamEvents } from './event-stream.js';
import { openApi } from './openapi.js';

const bodyBytesMax = 4 << 20;
const prefix = '/api/v1';

export interface HttpServerOptions {
  host: string;
  port: number;
  tokens: ApiTokens | undefined;
  registry: Registry;
  probes: Probes;
  parts: ServiceParts;
  /** Plain without it. Where clients have certificates, their roles are as good as tokens; the pages ask for neither. */
  tls: TlsFiles | undefined;
  refusals: Refusals;
  limits?: ConnectionLimits | undefined;
}

export interface RunningHttpServer {
  port: number;
  close(): Promise<void>;
}

/** Errors: `usage` for an address that cannot be had. */
export async function startHttpServer(options: HttpServerOptions): Promise<RunningHttpServer> {
  const { port, parts } = options;
  const host = hostNameOf(options.host);
  const server = Fastify({
    ...{ logger: false, bodyLimit: bodyBytesMax, forceCloseConnections: true },
    ...(options.tls && { serverFactory: secureServer(options.tls) }),
  });
  server.setErrorHandler(async (error, request, reply) => {
    const { status, body, isInternal } = failureOf(error);
    if (isInternal) {
      const stack = error instanceof Error ? error.stack : String(error);
      parts.log.error({ method: request.method, path: request.routeOptions.url, error: stack }, 'internal error');
    }
    if (status === 401) void reply.header('www-authenticate', 'Bearer');
    return await reply.code(status).send(body);
  });
  server.setNotFoundHandler(async ({ url }, reply) => {
    if (url.startsWith('/api')) throw new ApiError(404, 'unknown', `there is nothing here; see ${prefix}/openapi.json`);
    return await reply.code(404).type('text/plain').send(`try /metrics, /healthz, /readyz or ${prefix}/openapi.json\n`);
  });
  limitConnections(server, options);
  addPages(server, options);
  addApi(server, { ...options, host });
  try {
    await server.listen({ host, port });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `the address for /metrics: cannot listen on '${host}:${port}': ${reason}`;
    throw new PolyakError('usage', message, { cause: error });
  }
  return { port: boundPort(server) ?? port, close: async () => await server.close() };
}

/** Who is one too many is told so in a line of HTTP, where that would be understood. */
function limitConnections({ server }: FastifyInstance, { refusals, limits, tls }: HttpServerOptions): void {
  const limit = new ConnectionLimit(limits);
  server.prependListener('connection', (socket: Socket) => {
    const error = limit.admit(socket);
    if (!error) return;
    refusals.add('too many', peerOf(socket), error.message);
    socket.on('error', () => undefined);
    const answer = `${error.message}\n`;
    const head = `HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: ${answer.length}\r\n\r\n`;
    if (!tls) socket.write(head + answer);
    socket.destroySoon();
  });
}

/** New connections get the certificate that lies there then. */
function secureServer(tls: TlsFiles) {
  return (handler: RequestListener) => {
    let used = tls.current();
    const asked = { requestCert: tls.isMutual, rejectUnauthorized: false };
    const server = createServer({ ...used.options, ...asked }, handler);
    server.prependListener('connection', () => {
      const current = tls.current();
      if (current === used) return;
      used = current;
      server.setSecureContext(current.options);
    });
    return server;
  };
}

/** Of a certificate that nobody trusts, none. */
function rolesOfClient({ raw: { socket } }: FastifyRequest): ReadonlySet<CertificateRole> {
  const isKnown = socket instanceof TLSSocket && socket.authorized;
  return rolesOf(isKnown ? socket.getPeerCertificate().subjectaltname : undefined);
}

function addPages(server: FastifyInstance, { registry, probes }: HttpServerOptions): void {
  server.get('/metrics', async (_, reply) => {
    const text = await registry.metrics();
    return await reply.header('content-type', registry.contentType).send(text);
  });
  for (const path of ['/healthz', '/readyz']) {
    server.get(path, async (_, reply) => {
      const reason = probeAt(path, probes)?.();
      return await reply
        .code(reason === undefined ? 200 : 503)
        .type('text/plain')
        .send(`${reason ?? 'ok'}\n`);
    });
  }
}

function addApi(server: FastifyInstance, { host, tokens, parts, tls }: HttpServerOptions): void {
  const scheme = tls ? 'https' : 'http';
  // Before the body is read: who may not ask shall not make us read.
  const mayUse = (scope: ApiScope) => async (request: FastifyRequest) =>
    await Promise.resolve(
      assertAccess(
        { host, tokens, scheme },
        request.headers,
        scope,
        tls?.isMutual ? rolesOfClient(request) : undefined,
      ),
    );
  for (const { method, path, scope, handle } of apiRoutes) {
    const url = prefix + path.replaceAll(/\{(\w+)\}/g, ':$1');
    server.route({
      ...{ method, url, onRequest: mayUse(scope) },
      handler: async ({ params, query, body, headers }) =>
        await handle(parts, { params: params as Record<string, string>, query, body, headers }),
    });
  }
  server.get(`${prefix}/openapi.json`, { onRequest: mayUse('read') }, async () => await Promise.resolve(openApi()));
  server.get(
    `${prefix}/sweeps/:key/events`,
    { onRequest: mayUse('read'), exposeHeadRoute: false },
    async (request, reply) => await events(parts, request, reply),
  );
}

async function events(parts: ServiceParts, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const sweep = await findSweep(parts, request.params as Record<string, string>);
  const { from } = checked(eventsQuery, request.query, 'query');
  const last = request.headers['last-event-id'];
  if (last !== undefined && !(typeof last === 'string' && /^\d{1,15}$/.test(last)))
    throw new PolyakError('usage', `the header Last-Event-ID is '${String(last)}'; it must be the id of an event`);
  reply.hijack();
  try {
    await streamEvents(parts, sweep, last === undefined ? from : Number(last) + 1, reply.raw);
  } catch (error) {
    // The answer has begun: all that can be done is to end it, whereupon the reader comes again.
    parts.log.error(
      { sweep: sweep.key, error: error instanceof Error ? error.stack : String(error) },
      'internal error',
    );
    reply.raw.destroy();
  }
}

function boundPort(server: FastifyInstance): number | undefined {
  const address = server.server.address();
  return typeof address === 'object' ? address?.port : undefined;
}
