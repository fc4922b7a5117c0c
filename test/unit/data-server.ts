/** A web server on loopback for tests of remote data: knows ranges, and misbehaves where a test wants it to. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Seen {
  path: string;
  range: string | undefined;
  ifRange: string | undefined;
}

export class DataServer {
  readonly files = new Map<string, Buffer>();
  readonly seen: Seen[] = [];
  /** Answers instead of the server, where it says so. */
  instead: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;
  private server: Server | undefined;
  url = '';

  static async start(files: Record<string, Uint8Array | string>): Promise<DataServer> {
    const own = new DataServer();
    for (const [name, content] of Object.entries(files)) own.put(name, content);
    own.server = createServer((request, response) => {
      const { range, 'if-range': ifRange } = request.headers;
      own.seen.push({ path: request.url ?? '', range, ifRange: ifRange as string | undefined });
      if (!own.instead(request, response)) own.give(request, response);
    }).listen(0, '127.0.0.1');
    await once(own.server, 'listening');
    own.url = `http://127.0.0.1:${(own.server.address() as AddressInfo).port}`;
    return own;
  }

  put(name: string, content: Uint8Array | string): void {
    this.files.set(`/${name}`, Buffer.from(content));
  }

  /** Requests for content, not only for the first byte. */
  get contentRequests(): Seen[] {
    return this.seen.filter(({ range }) => range !== 'bytes=0-0');
  }

  close(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }

  give(request: IncomingMessage, response: ServerResponse): void {
    const content = this.files.get(decodeURI((request.url ?? '').split('?')[0] ?? ''));
    if (!content) return void response.writeHead(404).end();
    const etag = etagOf(content);
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const ifRange = request.headers['if-range'];
    if (from === undefined || (ifRange !== undefined && ifRange !== etag)) {
      response.writeHead(200, { etag, 'content-length': content.length }).end(content);
      return;
    }
    if (Number(from) >= content.length) {
      response.writeHead(416, { etag, 'content-range': `bytes */${content.length}` }).end();
      return;
    }
    const part = content.subarray(Number(from), to === '' || to === undefined ? content.length : Number(to) + 1);
    const range = `bytes ${from}-${Number(from) + part.length - 1}/${content.length}`;
    response.writeHead(206, { etag, 'content-range': range, 'content-length': part.length }).end(part);
  }
}

export function etagOf(content: Uint8Array): string {
  return `"v-${createHash('sha256').update(content).digest('hex').slice(0, 16)}"`;
}
