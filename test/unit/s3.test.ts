/** Data from s3://, of a small S3 of our own that checks signatures. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defineExperiment } from '../../common/experiment/load.js';
import { openDataset } from '../../worker/data/dataset.js';
import { locateData } from '../../worker/data/location/locate.js';
import { experimentOn, png } from '../bad-input/data-files.js';
import { S3Server, accessKey, secretKey } from './s3-server.js';

const names = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_ENDPOINT_URL', 'AWS_REGION'];
const before = names.map((name) => [name, process.env[name]] as const);
let cacheFolder: string;
let server: S3Server;
let said: string[];

beforeEach(async () => {
  cacheFolder = mkdtempSync(join(tmpdir(), 'polyak-s3-'));
  said = [];
  server = await S3Server.start({ 'data/table.csv': 'a,kind\n1,x\n2,y\n' });
  Object.assign(process.env, {
    ...{ AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey, AWS_SESSION_TOKEN: '' },
    ...{ AWS_ENDPOINT_URL: server.url, AWS_REGION: 'eu-central-1' },
  });
});
afterEach(() => {
  server.close();
  rmSync(cacheFolder, { recursive: true });
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

async function locate(path: string, source: 'csv' | 'images' = 'csv') {
  const { data } = defineExperiment(experimentOn({ source, path }));
  const place = { map: [], cacheFolder, cacheBytesMax: 2 ** 20 };
  return await locateData(data, { place, say: (line) => said.push(line) });
}

describe('s3://', () => {
  it('gives an object', async () => {
    const { data, files } = await locate('s3://bucket/data/table.csv');
    expect(readFileSync(data.path, 'utf8')).toBe('a,kind\n1,x\n2,y\n');
    expect(files.map(({ name }) => name)).toEqual(['table.csv']);
  });

  it('gives what lies under a prefix, over several pages, whatever the keys are called', async () => {
    const strange = ["red/it's (1)+2 & 3.png", 'red/ü.png', 'red/a=b?c#d%41.png', 'blue/1.png', 'blue/2.png'];
    for (const name of strange) server.objects.set(`set/${name}`, await png(1, 1, name.split('/')[0] ?? ''));
    server.objects.set('set/', Buffer.alloc(0));
    server.objects.set('settle/other/1.png', await png(1, 1, 'red'));
    const data = { source: 'images', path: 's3://bucket/set' } as const;
    const place = { map: [], cacheFolder, cacheBytesMax: 2 ** 20 };
    const dataset = await openDataset(defineExperiment(experimentOn(data)), { place });
    expect(dataset.classes).toEqual(['blue', 'red']);
    const found = dataset.files.groups.map(({ name }) => name);
    expect(found.toSorted()).toEqual(strange.toSorted());
    expect(server.requests.filter((url) => url.includes('list-type=2')).length).toBeGreaterThan(2);
  });

  it('refuses a wrong secret in words that hold neither key', async () => {
    process.env['AWS_SECRET_ACCESS_KEY'] = 'wrong-secret';
    const failure = locate('s3://bucket/data/table.csv');
    await expect(failure).rejects.toThrow(
      's3://bucket/data/table.csv: the server answered 403; SignatureDoesNotMatch; the keys of the environment',
    );
    await expect(failure).rejects.toMatchObject({ code: 'data' });
    await expect(failure).rejects.not.toThrow(/wrong-secret|AKID/);
  });

  it('says that there are no keys where the server wants some', async () => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' });
    await expect(locate('s3://bucket/data/table.csv')).rejects.toThrow(
      'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set',
    );
  });

  it('says neither key in its progress', async () => {
    await locate('s3://bucket/data/table.csv');
    expect(said.length).toBeGreaterThan(0);
    expect(said.join('\n')).not.toMatch(/AKIDEXAMPLE|very\+secret/);
  });

  it('refuses bytes that are not those of the md5 in their ETag', async () => {
    server.etags.set('data/table.csv', `"${'0'.repeat(32)}"`);
    await expect(locate('s3://bucket/data/table.csv')).rejects.toThrow(`its ETag says ${'0'.repeat(32)}`);
  });

  it('takes no ETag for an md5 where the server encrypts, or the object came in parts', async () => {
    server.etags.set('data/table.csv', `"${'0'.repeat(32)}"`);
    server.objectHeaders = { 'x-amz-server-side-encryption': 'aws:kms' };
    expect((await locate('s3://bucket/data/table.csv')).files).toHaveLength(1);
    server.objectHeaders = {};
    server.etags.set('data/table.csv', `"${'0'.repeat(32)}-2"`);
    expect((await locate('s3://bucket/data/table.csv')).files).toHaveLength(1);
  });

  it('says where there is nothing', async () => {
    await expect(locate('s3://bucket/dat')).rejects.toThrow(
      's3://bucket/dat: there is no such object, and none below it',
    );
    await expect(locate('s3://other/a.csv')).rejects.toThrow('the server answered 404; NoSuchBucket');
  });
});
