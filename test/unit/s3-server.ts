/**
 * A small S3 on loopback: lists in pages, gives objects and takes them, by conditional writes too, fails as it is told to, and
 * checks every signature by the steps of Amazon's
 * documentation ("Signature Calculations for the Authorization Header"), written here apart from what signs.
 */
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export const accessKey = 'AKIDEXAMPLE';
export const secretKey = 'a/very+secret/key';
const pageLength = 2;

export class S3Server {
  readonly objects = new Map<string, Buffer>();
  /** By key, instead of the md5. */
  readonly etags = new Map<string, string>();
  /** Headers of every object that is given. */
  objectHeaders: Record<string, string> = {};
  readonly requests: string[] = [];
  /**
   * What becomes of a request instead of an answer: nothing at all, so that it hangs; a status and a code; or it is carried out
   * and the answer is lost.
   */
  fault:
    | ((method: string, key: string) => 'hang' | 'lose the answer' | { status: number; code: string } | undefined)
    | undefined;
  /** As a server that knows no conditional writes. */
  ignoresConditions = false;
  /** Of bytes with an end; what a download goes on with has none. */
  knowsRanges = true;
  private readonly hashes = new Map<string, string>();
  private readonly waiting: { method: string; resolve: (key: string) => void }[] = [];
  private server: Server | undefined;
  url = '';

  static async start(objects: Record<string, Uint8Array | string>): Promise<S3Server> {
    const own = new S3Server();
    for (const [key, content] of Object.entries(objects)) own.objects.set(key, Buffer.from(content));
    own.server = createServer((request, response) => void own.take(request, response)).listen(0, '127.0.0.1');
    await once(own.server, 'listening');
    own.url = `http://127.0.0.1:${(own.server.address() as AddressInfo).port}`;
    return own;
  }

  /** The key of the next request by this method, as soon as it comes and before it is answered. */
  async next(method: string): Promise<string> {
    return await new Promise((resolve) => this.waiting.push({ method, resolve }));
  }

  /** Ends all requests, those that hang with them. */
  breakOff(): void {
    this.server?.closeAllConnections();
  }

  close(): void {
    this.breakOff();
    this.server?.close();
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const heard = this.waiting.filter(({ method }) => method === request.method);
    for (const each of heard) {
      this.waiting.splice(this.waiting.indexOf(each), 1);
      each.resolve(request.url ?? '');
    }
    const parts: Buffer[] = [];
    try {
      for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    } catch {
      // Whoever sent it has gone in the middle of it: nothing of it is kept.
      return;
    }
    this.answer(request, Buffer.concat(parts), response);
  }

  private answer(request: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const { method = '' } = request;
    this.requests.push(method === 'GET' ? (request.url ?? '') : `${method} ${request.url}`);
    const fault = this.fault?.(method, request.url ?? '');
    if (fault === 'hang') return;
    if (typeof fault === 'object') return fail(response, fault.status, fault.code);
    if (!isSigned(request)) return fail(response, 403, 'SignatureDoesNotMatch');
    const { pathname, searchParams } = new URL(request.url ?? '', this.url);
    const key = /^\/bucket\/(.*)$/s.exec(decodeURIComponent(pathname))?.[1];
    if (key === undefined) return fail(response, 404, 'NoSuchBucket');
    if (key === '') return this.list(searchParams, response);
    if (method === 'PUT') {
      const isThere = request.headers['if-none-match'] === '*' && this.objects.has(key) && !this.ignoresConditions;
      if (isThere) return fail(response, 412, 'PreconditionFailed');
      const hash = createHash('sha256').update(body).digest('hex');
      if (request.headers['x-amz-content-sha256'] !== hash) return fail(response, 400, 'XAmzContentSHA256Mismatch');
      this.objects.set(key, body);
      this.hashes.set(key, String(request.headers['x-amz-meta-sha256']));
      if (fault === 'lose the answer') return void response.destroy();
      return void response.writeHead(200).end();
    }
    if (method === 'DELETE') {
      this.objects.delete(key);
      return void response.writeHead(204).end();
    }
    const content = this.objects.get(key);
    if (!content) return fail(response, 404, 'NoSuchKey');
    const hash = this.hashes.get(key);
    const noted = hash === undefined ? {} : { 'x-amz-meta-sha256': hash };
    const headers = { etag: this.etagOf(key), ...noted, ...this.objectHeaders };
    const range = this.knowsRanges ? /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') : null;
    if (!range) return void response.writeHead(200, { ...headers, 'content-length': content.length }).end(content);
    const part = content.subarray(Number(range[1]), Number(range[2]) + 1);
    const place = `bytes ${range[1]}-${Number(range[1]) + part.length - 1}/${content.length}`;
    response.writeHead(206, { ...headers, 'content-range': place, 'content-length': part.length }).end(part);
  }

  private list(query: URLSearchParams, response: ServerResponse): void {
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(query.get('prefix') ?? '')).toSorted();
    const from = Number(query.get('continuation-token') ?? 0);
    const page = keys.slice(from, from + pageLength);
    const more = from + pageLength < keys.length;
    const contents = page.map((key) => {
      // Servers write quotes in one way or another.
      const etag = this.etagOf(key).replace('"', '&quot;').replace('"', '&#34;');
      const size = this.objects.get(key)?.length;
      return `<Contents><Key>${encodeURIComponent(key)}</Key><ETag>${etag}</ETag><Size>${size}</Size></Contents>`;
    });
    const next = more ? `<NextContinuationToken>${from + pageLength}</NextContinuationToken>` : '';
    const body = `<IsTruncated>${more}</IsTruncated>${contents.join('')}${next}`;
    response.end(`<?xml version="1.0"?><ListBucketResult>${body}</ListBucketResult>`);
  }

  private etagOf(key: string): string {
    const md5 = createHash('md5').update(this.objects.get(key) ?? '');
    return this.etags.get(key) ?? `"${md5.digest('hex')}"`;
  }
}

function fail(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status).end(`<Error><Code>${code}</Code></Error>`);
}

function isSigned({ method, url = '', headers }: IncomingMessage): boolean {
  const pattern =
    /^AWS4-HMAC-SHA256 Credential=(\S+?)\/(\d{8})\/(\S+?)\/s3\/aws4_request, SignedHeaders=(\S+), Signature=(\S+)$/;
  const [, id, date, region, signedHeaders, signature] = pattern.exec(headers.authorization ?? '') ?? [];
  if (id !== accessKey || date === undefined || region === undefined || signedHeaders === undefined) return false;
  const [path = '', search = ''] = url.split('?');
  // Escaped again from the plain text, so that a client that escapes otherwise does not agree with itself only.
  const canonicalPath = decodeURIComponent(path).split('/').map(escaped).join('/');
  const pairs = [...new URLSearchParams(search)]
    .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
    .toSorted();
  const lines = signedHeaders.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const canonical = [
    ...[method, canonicalPath, pairs.join('&'), lines.join(''), signedHeaders],
    String(headers['x-amz-content-sha256']),
  ].join('\n');
  const scope = `${date}/${region}/s3/aws4_request`;
  const digest = createHash('sha256').update(canonical).digest('hex');
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, digest].join('\n');
  const keyed = [region, 's3', 'aws4_request'].reduce(hmac, hmac(`AWS4${secretKey}`, date));
  return hmac(keyed, text).toString('hex') === signature;
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** Every byte but letters, digits and - . _ ~, in capital hexadecimal digits. */
function escaped(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      const letter = String.fromCharCode(byte);
      return /[A-Za-z0-9._~-]/.test(letter) ? letter : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}
