/**
 * A way to a server that can be cut just after a message has passed, or just before the answer to it comes back, or that falls
 * silent without breaking.
 */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export class CuttingProxy {
  /** How often it was cut. */
  cuts = 0;
  private armed: string | undefined;
  private isSilent = false;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    port: number,
  ) {
    server.on('connection', (client) => this.join(client, connect(port, '127.0.0.1')));
  }

  static async to(port: number): Promise<CuttingProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new CuttingProxy(server, port);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The next message that holds the text reaches the server; its answer does not come back, and the connection is gone. */
  cutAnswerTo(text: string): void {
    this.armed = text;
  }

  /** Nothing passes any more, in either direction, though connections are taken. */
  fallSilent(): void {
    this.isSilent = true;
    for (const socket of this.sockets) socket.pause();
  }

  /** What was sent meanwhile passes. */
  speakAgain(): void {
    this.isSilent = false;
    for (const socket of this.sockets) socket.resume();
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private join(client: Socket, server: Socket): void {
    let cutting = false;
    client.on('data', (data) => {
      if (this.armed !== undefined && data.includes(this.armed)) {
        this.armed = undefined;
        cutting = true;
      }
      server.write(data);
    });
    server.on('data', (data) => {
      if (!cutting) return void client.write(data);
      this.cuts += 1;
      client.destroy();
      server.destroy();
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.sockets.add(one);
      if (this.isSilent) one.pause();
      one.on('error', () => undefined);
      one.on('close', () => {
        this.sockets.delete(one);
        other.destroy();
      });
    }
  }
}
