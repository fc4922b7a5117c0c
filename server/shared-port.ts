/**
 * The server's one port: gRPC for everything, and plain sockets for the streams of chunk frames. The first bytes of a
 * connection tell them apart.
 */
import type grpc from '@grpc/grpc-js';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { splitAddress } from '../common/address.js';
import { openings } from '../common/chunk-streams.js';
import { PolyakError } from '../common/errors.js';
import { decodeFrameOrError, frameParts, type ChunkFrame } from '../common/frame.js';
import { ReadBuffer } from '../common/read-buffer.js';
import { acceptInjected, chunkStreamCodecs } from '../common/rpc.js';
import { SocketStream, readBytes, type Codec } from '../common/socket-stream.js';
import type { PushReply } from '../proto/gen/polyak/v1/PushReply.js';
import type { WeightsRequest__Output } from '../proto/gen/polyak/v1/WeightsRequest.js';
import type { ChunkService } from './chunk-service.js';

export interface SharedPort {
  port: number;
  /** Ends all connections. */
  close(): void;
}

const openingBytes = 8;
/** A client says at once what it wants. */
const openingMsMax = 10_000;

const { encodeReply, decodeRequest } = chunkStreamCodecs;
const pushCodec: Codec<PushReply, ChunkFrame | PolyakError> = {
  encode: (reply) => [encodeReply(reply)],
  decode: decodeFrameOrError,
};
const weightsCodec: Codec<ChunkFrame, WeightsRequest__Output> = { encode: frameParts, decode: decodeRequest };

/** Errors: `usage` where the address cannot be had. */
export async function listenShared(server: grpc.Server, chunks: ChunkService, address: string): Promise<SharedPort> {
  const inject = acceptInjected(server);
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
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    handle(new SocketStream(socket, input, codec, peer, brings === 'frames'));
    if (rest) input.onPiece(rest);
  };
  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    keep(socket);
    readOpening(socket, (opening) => {
      const service = opening.toString('latin1');
      if (service === openings.push) serve(socket, 'frames', pushCodec, (stream) => chunks.push(stream));
      else if (service === openings.weights) serve(socket, 'answers', weightsCodec, (stream) => chunks.weights(stream));
      else {
        socket.allowHalfOpen = false;
        socket.unshift(opening);
        inject(socket);
      }
    });
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

function readOpening(socket: Socket, then: (opening: Buffer) => void): void {
  const late = setTimeout(() => socket.destroy(), openingMsMax);
  const read = () => {
    const opening = socket.read(openingBytes) as Buffer | null;
    // At the end of the stream it may give fewer.
    if (opening === null) return;
    clearTimeout(late);
    socket.off('readable', read);
    if (opening.length < openingBytes) socket.destroy();
    else then(opening);
  };
  socket.on('readable', read).once('close', () => clearTimeout(late));
}
