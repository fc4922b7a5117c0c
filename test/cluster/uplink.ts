/** A TCP link to a server that can hold back what its present clients send, and let it through later: what was under way. */
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';

export interface Uplink {
  address: string;
  /** Holds back what the clients connected now send; later ones are not touched. Resolves once `bytes` are held. */
  hold(bytes: number): Promise<void>;
  release(): void;
  close(): void;
}

export async function openUplink(target: string): Promise<Uplink> {
  const sockets = new Set<Socket>();
  const clients = new Map<Socket, { server: Socket; held: Buffer[] | undefined }>();
  let heldBytes = 0;
  let enough: { bytes: number; resolve: () => void } | undefined;
  const listener = createServer((client) => {
    const [host = '', port] = target.split(':');
    const server = connect(Number(port), host);
    const link: { server: Socket; held: Buffer[] | undefined } = { server, held: undefined };
    clients.set(client, link);
    client.on('data', (data) => {
      if (!link.held) return void server.write(data);
      link.held.push(data);
      heldBytes += data.length;
      if (enough && heldBytes >= enough.bytes) enough.resolve();
    });
    server.on('data', (data) => void client.write(data));
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        if (!link.held) other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(listener.address() as AddressInfo).port}`,
    hold: async (bytes) => {
      heldBytes = 0;
      for (const link of clients.values()) link.held = [];
      await new Promise<void>((resolve) => (enough = { bytes, resolve }));
    },
    release: () => {
      for (const link of clients.values()) {
        for (const data of link.held?.splice(0) ?? []) link.server.write(data);
        link.held = undefined;
      }
    },
    close: () => {
      listener.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
