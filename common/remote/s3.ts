/**
 * S3's REST API, as far as data and checkpoints need it: signed requests, the list of what lies under a prefix, and objects
 * that are created only where there is none. Keys and endpoint come from the usual AWS_ variables and are never logged or
 * kept.
 */
import { createHash } from 'node:crypto';
import { AwsClient } from 'aws4fetch';
import { PolyakError } from '../errors.js';
import { refused, withRetries, withoutSilence, type RemoteTarget } from './http.js';
import { putParts } from './put-parts.js';

export interface S3Object {
  key: string;
  bytes: number;
  etag: string;
}

const characters: Record<string, string> = { quot: '"', apos: "'", lt: '<', gt: '>', amp: '&' };
/** What one request may create, by Amazon's limit. */
export const objectBytesMax = 5 * 2 ** 30;
/** A data set of more files than this is no use to a worker that holds it in memory. */
const objectsMax = 1_000_000;

export class S3 {
  private constructor(
    private readonly client: AwsClient | undefined,
    /** Undefined for AWS itself. */
    private readonly endpoint: string | undefined,
    private readonly region: string,
  ) {}

  /** Without keys, requests are not signed, as public buckets take them. Errors: `usage` for one key without the other. */
  static fromEnvironment(env: NodeJS.ProcessEnv = process.env): S3 {
    const said = (name: string) => (env[name] === '' ? undefined : env[name]);
    const accessKeyId = said('AWS_ACCESS_KEY_ID');
    const secretAccessKey = said('AWS_SECRET_ACCESS_KEY');
    const sessionToken = said('AWS_SESSION_TOKEN');
    if ((accessKeyId === undefined) !== (secretAccessKey === undefined)) {
      throw new PolyakError('usage', 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: one is set without the other');
    }
    const region = said('AWS_REGION') ?? said('AWS_DEFAULT_REGION') ?? 'us-east-1';
    const client =
      accessKeyId !== undefined && secretAccessKey !== undefined
        ? new AwsClient({ accessKeyId, secretAccessKey, sessionToken, service: 's3', region })
        : undefined;
    return new S3(client, said('AWS_ENDPOINT_URL_S3') ?? said('AWS_ENDPOINT_URL'), region);
  }

  get hasKeys(): boolean {
    return this.client !== undefined;
  }

  /** For messages and to tell servers apart. */
  get host(): string {
    return this.endpoint ?? `s3.${this.region}.amazonaws.com`;
  }

  object(bucket: string, { key, bytes, etag }: S3Object): RemoteTarget {
    return { ...this.target(bucket, key, {}), bytes, validator: etag };
  }

  /** All objects whose keys begin with the prefix. Errors: `data` for a bucket that refuses; `unreachable`. */
  async list(bucket: string, prefix: string, signal?: AbortSignal): Promise<S3Object[]> {
    const objects: S3Object[] = [];
    for (let token: string | undefined; ;) {
      const query = {
        'list-type': '2',
        'encoding-type': 'url',
        prefix,
        ...(token !== undefined && { 'continuation-token': token }),
      };
      const page = await this.page(bucket, prefix, query, signal);
      for (const object of objectsOf(page)) objects.push(object);
      if (objects.length > objectsMax) {
        throw new PolyakError('data', `s3://${bucket}/${prefix}: has more than ${objectsMax} objects`);
      }
      token = textOf(page, 'IsTruncated') === 'true' ? textOf(page, 'NextContinuationToken') : undefined;
      if (token === undefined) return objects;
    }
  }

  /**
   * One attempt to create an object of these bytes; false where there is one of that key already. The server compares the
   * bytes with their hash (hexadecimal SHA-256). Errors: `data` where it refuses; `unreachable`.
   */
  async create(
    bucket: string,
    key: string,
    parts: readonly Uint8Array[],
    { sha256, signal }: { sha256: string; signal?: AbortSignal | undefined },
  ): Promise<boolean> {
    const shown = `s3://${bucket}/${key}`;
    const headers = {
      ...{ 'if-none-match': '*', 'x-amz-content-sha256': sha256, 'x-amz-meta-sha256': sha256 },
      // SeaweedFS takes the hash that is signed for what the bytes have, and compares this one.
      'x-amz-checksum-sha256': Buffer.from(sha256, 'hex').toString('base64'),
    };
    const url = this.url(bucket, key, {});
    const request = await this.signed(url, { method: 'PUT', headers });
    const response = await putParts(request, parts, shown, signal);
    if (response.status === 412) return false;
    // Another request for the same key was under way; which of them has won, the next attempt finds out.
    if (response.status === 409) throw refused(shown, 500, 'another request for it was under way');
    if (!response.ok) throw await this.refusal(response, shown, 'write');
    return true;
  }

  /** Bytes from `from` on, at most `length`, and how many the object has. Errors: `data`, `unreachable`. */
  async range(
    bucket: string,
    key: string,
    { from, length, signal }: { from: number; length: number; signal?: AbortSignal | undefined },
  ): Promise<{ bytes: Buffer; total: number }> {
    const response = await this.answer(bucket, key, { range: `bytes=${from}-${from + length - 1}` }, signal);
    const bytes = response.body;
    const total = Number(/\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1] ?? bytes.length);
    // A server that knows no ranges gives all.
    return response.status === 206 ? { bytes, total } : { bytes: bytes.subarray(from, from + length), total };
  }

  /** A small object. Errors: `data`, `unreachable`. */
  async read(bucket: string, key: string, signal?: AbortSignal): Promise<Buffer> {
    return (await this.answer(bucket, key, {}, signal)).body;
  }

  /** What `create` was given of an object, or else the hash of its bytes. Errors: `data`, `unreachable`. */
  async hashOf(bucket: string, key: string, signal?: AbortSignal): Promise<string> {
    const { headers } = await this.answer(bucket, key, {}, signal, 'HEAD');
    const noted = headers.get('x-amz-meta-sha256');
    if (noted !== null) return noted;
    return createHash('sha256')
      .update(await this.read(bucket, key, signal))
      .digest('hex');
  }

  /** Whether it was there or not. Errors: `data`, `unreachable`. */
  async remove(bucket: string, key: string, signal?: AbortSignal): Promise<void> {
    await this.answer(bucket, key, {}, signal, 'DELETE');
  }

  private async answer(
    bucket: string,
    key: string,
    headers: Record<string, string>,
    signal: AbortSignal | undefined,
    method = 'GET',
  ): Promise<{ status: number; headers: Headers; body: Buffer }> {
    const target = { ...this.target(bucket, key, {}, undefined, method), afterwards: '' };
    return await withRetries(target, signal, nothing, async () =>
      withoutSilence(signal, async (unlessSilent) => {
        const response = await fetch(await target.request(headers), { signal: unlessSilent });
        if (!response.ok) throw await target.refusal(response);
        return {
          status: response.status,
          headers: response.headers,
          body: Buffer.from(await response.arrayBuffer()),
        };
      }),
    );
  }

  private async signed(url: string, init: { method: string; headers?: Record<string, string> }): Promise<Request> {
    const given = { ...init, redirect: 'manual' as const };
    return this.client ? await this.client.sign(url, given) : new Request(url, given);
  }

  private async page(bucket: string, prefix: string, query: Record<string, string>, signal?: AbortSignal) {
    const target = this.target(bucket, '', query, `s3://${bucket}/${prefix}`);
    return await withRetries(target, signal, nothing, async () =>
      withoutSilence(signal, async (unlessSilent) => {
        const response = await fetch(await target.request({}), { signal: unlessSilent });
        if (!response.ok) throw await target.refusal(response);
        return await response.text();
      }),
    );
  }

  private target(
    bucket: string,
    key: string,
    query: Record<string, string>,
    shown = `s3://${bucket}/${key}`,
    method = 'GET',
  ): RemoteTarget {
    const url = this.url(bucket, key, query);
    return {
      shown,
      request: async (headers) => {
        // Range and the like are added unsigned: what lies between may change them.
        const signed = await this.signed(url, { method });
        for (const [name, value] of Object.entries({ 'accept-encoding': 'identity', ...headers })) {
          signed.headers.set(name, value);
        }
        return signed;
      },
      refusal: async (response) => await this.refusal(response, shown, method === 'DELETE' ? 'write' : 'read'),
    };
  }

  private url(bucket: string, key: string, query: Record<string, string>): string {
    const search = Object.entries(query).map(([name, value]) => `${name}=${escaped(value)}`);
    const end = `${key.split('/').map(escaped).join('/')}${search.length > 0 ? `?${search.join('&')}` : ''}`;
    if (this.endpoint !== undefined) return `${this.endpoint.replace(/\/+$/, '')}/${bucket}/${end}`;
    // A name with dots has no certificate as a part of the host's name.
    return bucket.includes('.')
      ? `https://s3.${this.region}.amazonaws.com/${bucket}/${end}`
      : `https://${bucket}.s3.${this.region}.amazonaws.com/${end}`;
  }

  private async refusal(response: Response, shown: string, verb: 'read' | 'write'): Promise<PolyakError> {
    const body = (await response.text()).slice(0, 4096);
    const code = textOf(body, 'Code');
    const elsewhere = response.headers.get('x-amz-bucket-region') ?? textOf(body, 'Region');
    const { status } = response;
    const ways: string[] = code === undefined ? [] : [code];
    if (elsewhere !== undefined && elsewhere !== this.region)
      ways.push(`its bucket is in another region: set AWS_REGION=${elsewhere}`);
    else if ((status === 403 || status === 401) && !this.client) {
      ways.push('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set where this process runs');
    } else if (status === 403) ways.push(`the keys of the environment may not ${verb} it`);
    return refused(shown, status, ways.join('; '));
  }
}

/** No attempt gets further than the one before. */
async function nothing(): Promise<number> {
  return await Promise.resolve(0);
}

/** As signatures want it: encodeURIComponent leaves five characters that S3 escapes. */
function escaped(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Of an answer whose keys are escaped as in a URL, so that its elements hold no markup. */
function objectsOf(page: string): S3Object[] {
  return [...page.matchAll(/<Contents>([^]*?)<\/Contents>/g)].map(([, element = '']) => ({
    key: decodeURIComponent((textOf(element, 'Key') ?? '').replaceAll('+', ' ')),
    bytes: Number(textOf(element, 'Size')),
    etag: textOf(element, 'ETag') ?? '',
  }));
}

function textOf(xml: string, element: string): string | undefined {
  const text = new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1];
  return text?.replaceAll(/&(#?\w+);/g, (escape, name: string) => {
    const [base, digits] = name.startsWith('#x') ? [16, name.slice(2)] : [10, name.slice(1)];
    return name.startsWith('#') ? String.fromCodePoint(Number.parseInt(digits, base)) : (characters[name] ?? escape);
  });
}
