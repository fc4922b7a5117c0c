/** Checkpoints and data in a bucket of SeaweedFS's, whose signatures, conditions and pages are not of our making. */
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { S3 } from '../../common/remote/s3.js';
import { checkpointPlace } from '../../server/checkpoint/checkpoint-place.js';
import { directory, livesThrough, useNoServer, useServer } from './bucket-life.js';
import { SeaweedServer } from './seaweed-server.js';

let server: SeaweedServer | string;

beforeAll(async () => {
  server = await SeaweedServer.start();
}, 240_000);
afterAll(async () => {
  if (typeof server !== 'string') await server.stop();
});

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function create(s3: S3, key: string, bytes: Uint8Array, hash = sha256(bytes)): Promise<boolean> {
  return await s3.create('bucket', key, [bytes], { sha256: hash });
}

describe("SeaweedFS's S3", () => {
  beforeEach((context) => {
    if (typeof server === 'string') context.skip(server);
    else useServer(server.url);
  });
  afterEach(useNoServer);

  it('keeps checkpoints, gives a trial to one of two who claim it, and is empty in the end', async () => {
    await expect(livesThrough()).resolves.toBeUndefined();
  });

  it('creates an object for one of eight who ask at once, and for nobody after', async () => {
    const s3 = S3.fromEnvironment();
    for (const key of ['race/1', 'race/2']) {
      const own = Array.from({ length: 8 }, () => randomBytes(100));
      const won = await Promise.all(own.map(async (bytes) => await create(s3, key, bytes)));
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(await s3.read('bucket', key)).toEqual(own[won.indexOf(true)]);
      expect(await create(s3, key, randomBytes(100))).toBe(false);
    }
  });

  it.each([
    { variable: 'AWS_SECRET_ACCESS_KEY', code: 'SignatureDoesNotMatch' },
    { variable: 'AWS_ACCESS_KEY_ID', code: 'InvalidAccessKeyId' },
  ])('refuses a wrong $variable by the name $code, and we say neither key', async ({ variable, code }) => {
    process.env[variable] = 'WRONG';
    const place = checkpointPlace(directory);
    const attempts = [
      async () => await place.claim('incarnation-1'),
      async () => await place.list(),
      async () => await place.read('a'),
      async () => await place.remove('a'),
    ];
    for (const attempt of attempts) {
      const failure = await attempt().catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'disk', message: expect.stringContaining(`403; ${code}; the keys of`) });
      expect(String(failure)).not.toMatch(/WRONG|AKID|very/);
    }
  });

  it('has every key, over more than one page, whatever it is called', async () => {
    const s3 = S3.fromEnvironment();
    const strange = ["it's (1)+2 & 3.png", 'ü.png', 'a=b?c#d%41.png', 'x/y.z'].map((name) => `set/${name}`);
    const many = Array.from({ length: 1001 }, (_, index) => `set/many/${index}`);
    const waiting = [...strange, ...many];
    const keys = new Set(waiting);
    const one = async () => {
      for (let key = waiting.pop(); key !== undefined; key = waiting.pop())
        expect(await create(s3, key, Buffer.from(key))).toBe(true);
    };
    await Promise.all(Array.from({ length: 16 }, one));
    const listed = await s3.list('bucket', 'set/');
    expect(listed).toHaveLength(keys.size);
    expect(new Set(listed.map(({ key }) => key))).toEqual(keys);
    for (const key of strange) expect((await s3.read('bucket', key)).toString()).toBe(key);
    for (const key of strange) await s3.remove('bucket', key);
    // Once more: what is not there is removed already.
    for (const key of strange) await s3.remove('bucket', key);
    expect((await s3.list('bucket', 'set/')).filter(({ key }) => strange.includes(key))).toEqual([]);
  });

  it('gives any part of an object that it keeps in several, and takes none whose bytes are not those announced', async () => {
    const s3 = S3.fromEnvironment();
    const bytes = randomBytes(9 * 2 ** 20);
    expect(await create(s3, 'large', bytes)).toBe(true);
    const from = 4 * 2 ** 20 - 5;
    const part = await s3.range('bucket', 'large', { from, length: 10 });
    expect(part).toEqual({ bytes: bytes.subarray(from, from + 10), total: bytes.length });
    expect(await s3.hashOf('bucket', 'large')).toBe(sha256(bytes));
    await expect(create(s3, 'torn', bytes, sha256(bytes.subarray(1)))).rejects.toThrow('400; BadDigest');
    await expect(s3.read('bucket', 'torn')).rejects.toThrow('answered 404; NoSuchKey');
  });
});
