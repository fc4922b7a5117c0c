/**
 * The server's one port: gRPC for everything, and plain sockets for the streams of chunk frames. The first bytes of a
 * connection tell them apart.
 */
import type grpc from '@grpc/grpc-js';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { splitAddress } from '../common/address.js';
import { ConnectionLimit } from '../common/connection-limit.js';
import { PolyakError } from '../common/errors.js';
import { decodeFrameOrError, frameParts, type ChunkFrame } from '../common/frame.js';
import { openings, readOpening } from '../common/opening.js';
import { ReadBuffer } from '../common/read-buffer.js';
import { acceptInjected, chunkStreamCodecs } from '../common/rpc.js';
import { SocketStream, readBytes, type Codec } from '../common/socket-stream.js';
import { refusalOf } from '../common/tls/method-roles.js';
import type { CertificateRole } from '../common/tls/certificate-role.js';
import { isRefused, type GrpcPortOptions } from '../common/tls/grpc-port.js';
import { refuseConnection } from '../common/tls/refuse-connection.js';
import { peerOf, secureDoor } from '../common/tls/secure-door.js';
import type { PushReply } from '../proto/gen/polyak/v1/PushReply.js';
import type { WeightsRequest__Output } from '../proto/gen/polyak/v1/WeightsRequest.js';
import type { ChunkService } from './chunk-service.js';

export interface SharedPort {
  port: number;
  /** Ends all connections. */
  close(): void;
}

const { encodeReply, decodeRequest } = chunkStreamCodecs;
const pushCodec: Codec<PushReply, ChunkFrame | PolyakError> = {
  encode: (reply) => [encodeReply(reply)],
  decode: decodeFrameOrError,
};
const weightsCodec: Codec<ChunkFrame, WeightsRequest__Output> = { encode: frameParts, decode: decodeRequest };

/** The gRPC methods that the streams of plain sockets stand for. */
const streamMethods = new Map<string, string>([
  [openings.push, '/polyak.v1.ParameterServer/Push'],
  [openings.weights, '/polyak.v1.ParameterServer/Weights'],
]);

/** Without options: plain, and nothing is counted. Errors: `usage` where the address cannot be had. */
export async function listenShared(
  server: grpc.Server,
  chunks: ChunkService,
  address: string,
  { tls, refusals, limits }: Partial<GrpcPortOptions> = {},
): Promise<SharedPort> {
  const inject = acceptInjected(server, (peer) => refusals?.addFull(peer));
  const limit = new ConnectionLimit(limits);
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
  };
  const serve = <Sent, Received>(
    accepted: Socket,
    brings: keyof typeof readBytes,
    codec: Codec<Sent, Received>,
    handle: (stream: SocketStream<Sent, Received>) => void,
  ) => {
    const input = new ReadBuffer(readBytes[brings]);
    sockets.delete(accepted);
    const { socket, rest } = input.takeOver(accepted);
    keep(socket);
    const stream = new SocketStream(socket, input, codec, peerOf(socket), brings === 'frames');
    stream.on('error', (error: PolyakError) => {
      // Not what the peer says of itself.
      if (!stream.cancelled && error.code === 'exhausted') refusals?.add('too large', peerOf(socket), error.message);
    });
    handle(stream);
    if (rest) input.onPiece(rest);
  };
  const enter = (socket: Socket, roles?: ReadonlySet<CertificateRole>) =>
    readOpening(socket, (opening) => {
      const service = opening.toString('latin1');
      const method = streamMethods.get(service);
      const error = method !== undefined && roles ? refusalOf(method, roles) : undefined;
      if (error) {
        refusals?.add('role', peerOf(socket), error.message);
        socket.unshift(opening);
        refuseConnection(socket, error);
      } else if (service === openings.push) serve(socket, 'frames', pushCodec, (stream) => chunks.push(stream));
      else if (service === openings.weights) serve(socket, 'answers', weightsCodec, (stream) => chunks.weights(stream));
      else {
        socket.allowHalfOpen = false;
        socket.unshift(opening);
        inject(socket);
      }
    });
  const knock =
    tls && refusals
      ? secureDoor({ tls, refusals }, (socket, roles) => {
          keep(socket);
          enter(socket, roles);
        })
      : enter;
  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    keep(socket);
    if (!isRefused(socket, limit, { refusals, isSecure: tls !== undefined })) knock(socket);
  });
  try {
    listener.listen(splitAddress(address));
    await once(listener, 'listening');
  } catch (error) {
    throw new PolyakError('usage', `--listen: cannot listen on '${address}': ${(error as Error).message}`);
  }
  const bound = listener.address();
  const close = () => {
    listener.close();
    server.forceShutdown();
    for (const socket of sockets) socket.destroy();
  };
  return { port: typeof bound === 'object' && bound ? bound.port : 0, close };
}
