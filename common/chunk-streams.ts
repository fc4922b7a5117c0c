/**
 * The two streams that carry chunk frames, seen by the worker that opens them. They go over a plain socket to the
 * server's one port, or as gRPC calls where only HTTP/2 gets through; the messages are the same.
 */
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ParameterServerClient } from '../proto/gen/polyak/v1/ParameterServer.js';
import type { PushReply__Output } from '../proto/gen/polyak/v1/PushReply.js';
import type { WeightsRequest } from '../proto/gen/polyak/v1/WeightsRequest.js';
import { splitAddress } from './address.js';
import { decodeFrame, frameParts, type ChunkFrame } from './frame.js';
import type { ClientStream } from './message-stream.js';
import { openings } from './opening.js';
import { ReadBuffer } from './read-buffer.js';
import { chunkStreamCodecs, parameterServerClient } from './rpc.js';
import { SocketStream, readBytes, type Codec } from './socket-stream.js';
import type { TlsFiles } from './tls/tls-files.js';

export type Transport = 'socket' | 'grpc';
export type PushStream = ClientStream<ChunkFrame, PushReply__Output>;
/** A frame is a view that does not outlive the event. */
export type WeightsStream = ClientStream<WeightsRequest, ChunkFrame>;

const { encodeRequest, decodeReply } = chunkStreamCodecs;
const pushCodec: Codec<ChunkFrame, PushReply__Output> = { encode: frameParts, decode: decodeReply };
const weightsCodec: Codec<WeightsRequest, ChunkFrame> = {
  encode: (request) => [encodeRequest(request)],
  decode: decodeFrame,
};

export function openPush(address: string, transport: Transport, tls?: TlsFiles): PushStream {
  if (transport === 'socket') return openSocket(address, openings.push, pushCodec, tls);
  return call(address, tls, (client) => client.push()) as unknown as PushStream;
}

export function openWeights(address: string, transport: Transport, tls?: TlsFiles): WeightsStream {
  if (transport === 'socket') return openSocket(address, openings.weights, weightsCodec, tls);
  return call(address, tls, (client) => client.weights());
}

/** Opens a connection of its own for a stream of any messages. */
export function openSocket<Sent, Received>(
  address: string,
  opening: string,
  codec: Codec<Sent, Received>,
  tls?: TlsFiles,
): SocketStream<Sent, Received> {
  const input = new ReadBuffer(opening === openings.weights ? readBytes.frames : readBytes.answers);
  const socket = connectTo(address, input, tls);
  socket.write(opening);
  return new SocketStream(socket, input, codec, address, opening === openings.weights);
}

/** What is written before the handshake is over is sent after it. */
function connectTo(address: string, { onread }: ReadBuffer, tls: TlsFiles | undefined): Socket {
  const options = { ...splitAddress(address), allowHalfOpen: true, onread };
  return tls ? connectTls({ ...options, ...tls.callOptions(options.host) }) : connect(options);
}

/** On a connection of its own, which ends with it. */
function call<Sent, Received>(
  address: string,
  tls: TlsFiles | undefined,
  open: (client: ParameterServerClient) => ClientDuplexStream<Sent, Received>,
): ClientDuplexStream<Sent, Received> {
  const client = parameterServerClient(address, tls);
  return open(client).on('status', () => client.close());
}
