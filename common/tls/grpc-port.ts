/**
 * A port of gRPC alone: it holds so many connections and no more, and they are secured where there is TLS. A server's port,
 * which has more on it, is server/shared-port.ts.
 */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type grpc from '@grpc/grpc-js';
import { splitAddress } from '../address.js';
import { ConnectionLimit, type ConnectionLimits } from '../connection-limit.js';
import { PolyakError } from '../errors.js';
import { acceptInjected } from '../rpc.js';
import type { Refusals } from './refusals.js';
import { refuseConnection } from './refuse-connection.js';
import { peerOf, secureDoor } from './secure-door.js';
import type { TlsFiles } from './tls-files.js';

export interface GrpcPortOptions {
  /** Plain without it. */
  tls: TlsFiles | undefined;
  refusals: Refusals;
  limits?: ConnectionLimits | undefined;
}

export interface GrpcPort {
  port: number;
  /** Ends all connections. */
  close(): void;
}

/** Errors: `usage` where the address cannot be had. */
export async function listenForGrpc(
  server: grpc.Server,
  address: string,
  { tls, refusals, limits }: GrpcPortOptions,
): Promise<GrpcPort> {
  const inject = acceptInjected(server, (peer) => refusals.addFull(peer));
  const sockets = new Set<Socket>();
  const enter = (socket: Socket) => {
    socket.on('error', () => socket.destroy());
    inject(socket);
  };
  const knock = tls ? secureDoor({ tls, refusals }, enter) : enter;
  const limit = new ConnectionLimit(limits);
  const listener = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    if (!isRefused(socket, limit, { refusals, isSecure: tls !== undefined })) knock(socket);
  });
  try {
    listener.listen(splitAddress(address));
    await once(listener, 'listening');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PolyakError('usage', `--listen: cannot listen on '${address}': ${reason}`, { cause: error });
  }
  const bound = listener.address();
  const close = () => {
    listener.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: typeof bound === 'object' && bound ? bound.port : 0, close };
}

/** Of a socket that is one too many: it is told why, where its client would understand it, and closed. */
export function isRefused(
  socket: Socket,
  limit: ConnectionLimit,
  { refusals, isSecure }: { refusals: Refusals | undefined; isSecure: boolean },
): boolean {
  const error = limit.admit(socket);
  if (!error) return false;
  refusals?.add('too many', peerOf(socket), error.message);
  socket.on('error', () => socket.destroy());
  if (isSecure || !limit.mayExplain(socket)) socket.destroy();
  else refuseConnection(socket, error);
  return true;
}
