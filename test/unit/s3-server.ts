/**
 * A small S3 on loopback: lists in pages, gives objects, and checks every signature by the steps of Amazon's
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
  private server: Server | undefined;
  url = '';

  static async start(objects: Record<string, Uint8Array | string>): Promise<S3Server> {
    const own = new S3Server();
    for (const [key, content] of Object.entries(objects)) own.objects.set(key, Buffer.from(content));
    own.server = createServer((request, response) => own.answer(request, response)).listen(0, '127.0.0.1');
    await once(own.server, 'listening');
    own.url = `http://127.0.0.1:${(own.server.address() as AddressInfo).port}`;
    return own;
  }

  close(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push(request.url ?? '');
    if (!isSigned(request)) return fail(response, 403, 'SignatureDoesNotMatch');
    const { pathname, searchParams } = new URL(request.url ?? '', this.url);
    const key = /^\/bucket\/(.*)$/s.exec(decodeURIComponent(pathname))?.[1];
    if (key === undefined) return fail(response, 404, 'NoSuchBucket');
    if (key === '') return this.list(searchParams, response);
    const content = this.objects.get(key);
    if (!content) return fail(response, 404, 'NoSuchKey');
    const headers = { etag: this.etagOf(key), 'content-length': content.length, ...this.objectHeaders };
    response.writeHead(200, headers).end(content);
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
