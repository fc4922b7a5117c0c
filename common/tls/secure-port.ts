/** A port of gRPC alone whose connections are secured. A server's port, which has more on it, is server/shared-port.ts. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type grpc from '@grpc/grpc-js';
import { splitAddress } from '../address.js';
import { PolyakError } from '../errors.js';
import { acceptInjected } from '../rpc.js';
import { secureDoor, type SecureDoorOptions } from './secure-door.js';

export interface SecurePort {
  port: number;
  /** Ends all connections. */
  close(): void;
}

/** Errors: `usage` where the address cannot be had. */
export async function listenSecurely(
  server: grpc.Server,
  address: string,
  options: SecureDoorOptions,
): Promise<SecurePort> {
  const inject = acceptInjected(server);
  const sockets = new Set<Socket>();
  const knock = secureDoor(options, (socket) => {
    socket.on('error', () => socket.destroy());
    inject(socket);
  });
  const listener = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    knock(socket);
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
