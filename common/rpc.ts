/**
 * gRPC as all roles use it: the service definitions of proto/ (with the hand-made codec for chunk frames), a
 * server whose receive windows are wide enough for gradients, and clients with a connection of their own per purpose.
 */
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import grpc from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import { HealthImplementation } from 'grpc-health-check';
import type { ProtoGrpcType as CoordinatorTypes } from '../proto/gen/coordinator.js';
import type { ProtoGrpcType as ParameterServerTypes } from '../proto/gen/parameter_server.js';
import type { CoordinatorClient } from '../proto/gen/polyak/v1/Coordinator.js';
import type { ParameterServerClient } from '../proto/gen/polyak/v1/ParameterServer.js';
import type { PushReply, PushReply__Output } from '../proto/gen/polyak/v1/PushReply.js';
import type { WeightsRequest, WeightsRequest__Output } from '../proto/gen/polyak/v1/WeightsRequest.js';
import { PolyakError, isErrorCode } from './errors.js';
import { decodeFrame, decodeFrameOrError, encodeFrame } from './frame.js';
import { packageRoot } from './package-root.js';
import { addReflection } from './reflection.js';
import { messageBytesMax } from './socket-stream.js';
import { streamsMax, watchStreams } from './stream-limit.js';
import { channelSecurity } from './tls/channel-credentials.js';
import { connectionProblem } from './tls/connection-problem.js';
import type { TlsFiles } from './tls/tls-files.js';

/** grpc-js leaves the receive window of its servers at 64 KiB, at which pushes crawl. */
const receiveWindowBytes = 4 << 20;

/*
 * Frames pass through as buffers outside V8's heap. Every few dozen megabytes of them V8 starts to mark the whole heap
 * step by step, though they all die young and a scavenge frees them; that took more time than moving the bytes. A
 * collection at one go, of a heap of tens of megabytes, is short and rare.
 */
setFlagsFromString('--no-incremental-marking');

// Parsed already: to read the .proto files takes a process longer than all else that it does before it listens.
const descriptors = JSON.parse(readFileSync(join(packageRoot(), 'proto/gen/polyak.json'), 'utf8')) as Parameters<
  typeof fromJSON
>[0];
const packageDefinition = fromJSON(descriptors, { longs: Number, enums: String, defaults: true, oneofs: true });
// Before the clients are made, which keep the codecs that they find here.
const parameterServer = packageDefinition['polyak.v1.ParameterServer'] as grpc.ServiceDefinition;
Object.assign(parameterServer['Push'] ?? {}, { requestSerialize: encodeFrame, requestDeserialize: decodeFrameOrError });
Object.assign(parameterServer['Weights'] ?? {}, { responseSerialize: encodeFrame, responseDeserialize: decodeFrame });
const loaded = grpc.loadPackageDefinition(packageDefinition) as unknown as ParameterServerTypes & CoordinatorTypes;
/** How the messages of the chunk streams are written, but for chunk frames themselves. */
export const chunkStreamCodecs = {
  encodeReply: parameterServer['Push']!.responseSerialize as (reply: PushReply) => Buffer,
  decodeReply: parameterServer['Push']!.responseDeserialize as (bytes: Buffer) => PushReply__Output,
  encodeRequest: parameterServer['Weights']!.requestSerialize as (request: WeightsRequest) => Buffer,
  decodeRequest: parameterServer['Weights']!.requestDeserialize as (bytes: Buffer) => WeightsRequest__Output,
};
export const services = {
  parameterServer: loaded.polyak.v1.ParameterServer,
  coordinator: loaded.polyak.v1.Coordinator,
};

/** The interceptors see every call before its handler. */
export function createGrpcServer(
  interceptors: grpc.ServerInterceptor[] = [],
  requestBytesMax = messageBytesMax,
): grpc.Server {
  return new grpc.Server({
    interceptors,
    'grpc.max_receive_message_length': requestBytesMax,
    'grpc.max_send_message_length': messageBytesMax,
    'grpc.max_concurrent_streams': streamsMax,
  });
}

/** Adds health and reflection, listens, and answers with the port. */
export async function listen(server: grpc.Server, address: string): Promise<number> {
  addStandardServices(server);
  return await new Promise((resolve, reject) => {
    withWideWindows(() =>
      server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (error, port) => {
        if (error) reject(new PolyakError('usage', `--listen: cannot listen on '${address}': ${error.message}`));
        else resolve(port);
      }),
    );
  });
}

/**
 * Adds health and reflection; connections come from somebody else who listens, and has taken them through TLS if need be. `onFull` hears
 * of the peers of those that have as many streams as they may.
 */
export function acceptInjected(
  server: grpc.Server,
  onFull: (peer: string) => void = () => undefined,
): (connection: Socket) => void {
  addStandardServices(server);
  const inject = () => server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
  const injector = withWideWindows(inject, (session) => watchStreams(session, onFull));
  return (connection) => injector.injectConnection(connection);
}

function addStandardServices(server: grpc.Server): void {
  new HealthImplementation({ '': 'SERVING' }).addToServer(server);
  addReflection(server, packageDefinition);
}

/** grpc-js makes its HTTP/2 server inside the call, before it returns; there is no option for the window. */
function withWideWindows<Value>(
  bind: () => Value,
  onSession: (session: http2.ServerHttp2Session) => void = () => undefined,
): Value {
  const original = http2.createServer;
  http2.createServer = ((options: http2.ServerOptions) => {
    const settings = { ...options.settings, initialWindowSize: receiveWindowBytes };
    const server = original({ ...options, settings });
    server.on('session', (session: http2.ServerHttp2Session) => {
      session.setLocalWindowSize(receiveWindowBytes);
      onSession(session);
    });
    return server;
  }) as typeof http2.createServer;
  try {
    return bind();
  } finally {
    http2.createServer = original;
  }
}

const channelOptions = {
  'grpc.use_local_subchannel_pool': 1,
  'grpc-node.flow_control_window': receiveWindowBytes,
  'grpc.max_receive_message_length': messageBytesMax,
  'grpc.max_send_message_length': messageBytesMax,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 10_000,
};

/** Each client is one TCP connection, plain without `tls`. */
export function parameterServerClient(address: string, tls?: TlsFiles): ParameterServerClient {
  const { credentials, options } = channelSecurity(address, tls);
  return new services.parameterServer(address, credentials, { ...channelOptions, ...options });
}

export function coordinatorClient(address: string, tls?: TlsFiles): CoordinatorClient {
  const { credentials, options } = channelSecurity(address, tls);
  return new services.coordinator(address, credentials, { ...channelOptions, ...options });
}

/** The one place that turns an error into a gRPC status. What is not ours reaches the peer without its text. */
export function toServiceError(error: unknown): grpc.StatusObject {
  const metadata = new grpc.Metadata();
  if (!(error instanceof PolyakError)) {
    return { code: grpc.status.INTERNAL, details: 'internal error; the process has it in its log', metadata };
  }
  metadata.set('polyak-error', error.code);
  return { code: grpc.status[error.grpcStatus], details: error.message, metadata };
}

/** A peer's status as our error again. */
export function fromServiceError(error: unknown, peer: string): PolyakError {
  if (error instanceof PolyakError) return error;
  const service = error as Partial<grpc.ServiceError>;
  const code = service.metadata?.get('polyak-error')[0]?.toString() ?? '';
  if (isErrorCode(code)) return new PolyakError(code, service.details ?? code, { cause: error });
  const unreachable = service.code === grpc.status.UNAVAILABLE || service.code === grpc.status.DEADLINE_EXCEEDED;
  const problem = unreachable ? connectionProblem(service.details ?? '') : undefined;
  if (problem !== undefined) return new PolyakError('refused', `${peer}: ${problem}`, { cause: error });
  const message = `${peer}: ${service.details ?? String(error)}`;
  // By gRPC itself, on either side: a message that is too large.
  const exhausted = service.code === grpc.status.RESOURCE_EXHAUSTED;
  return new PolyakError(unreachable ? 'unreachable' : exhausted ? 'exhausted' : 'internal', message, { cause: error });
}

/** A unary call as a promise. Errors: PolyakError. */
export async function unary<Reply>(
  peer: string,
  call: (callback: (error: grpc.ServiceError | null, reply?: Reply) => void) => unknown,
): Promise<Reply> {
  return await new Promise((resolve, reject) => {
    call((error, reply) => {
      if (error || reply === undefined) reject(fromServiceError(error, peer));
      else resolve(reply);
    });
  });
}
