/** Remote data from servers of our own on loopback; no other host is asked. */
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defineExperiment } from '../../common/experiment/load.js';
import { locateData, type LocatedData } from '../../worker/data/location/locate.js';
import { openDataset } from '../../worker/data/dataset.js';
import { experimentOn, idxFiles, png } from '../bad-input/data-files.js';
import { DataServer, etagOf } from './data-server.js';

const content = randomBytes(300_000);
const sha256 = createHash('sha256').update(content).digest('hex');
let folder: string;
let server: DataServer;
let said: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'polyak-remote-'));
  server = await DataServer.start({ 'table.csv': content });
  said = [];
});
afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const cache = () => join(folder, 'cache');

interface Asked {
  name?: string;
  sha256?: string;
  bytesMax?: number;
  signal?: AbortSignal;
}

async function locate({ name = 'table.csv', bytesMax = 2 ** 30, signal, ...rest }: Asked = {}): Promise<LocatedData> {
  const { data } = defineExperiment(experimentOn({ source: 'csv', path: `${server.url}/${name}`, ...rest }));
  const place = { map: [], cacheFolder: cache(), cacheBytesMax: bytesMax };
  return await locateData(data, { place, signal, say: (line) => said.push(line) });
}

async function located(asked: Asked = {}): Promise<Buffer> {
  const { data, release } = await locate(asked);
  const bytes = readFileSync(data.path);
  await release();
  return bytes;
}

/** Content requests get so many bytes and then a broken connection, for the first `times`. */
function breakOff(bytes: number, times = 1, then: () => void = () => undefined) {
  let left = times;
  server.instead = (request: IncomingMessage, response: ServerResponse) => {
    if (request.headers.range === 'bytes=0-0' || left === 0) return false;
    left -= 1;
    const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const whole = { etag: etagOf(content), 'content-length': content.length - from };
    const range = { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` };
    response.writeHead(from === 0 ? 200 : 206, from === 0 ? whole : { ...whole, ...range });
    response.write(content.subarray(from, from + bytes));
    // A connection that is reset may take along what has not been read from it.
    void whenArrived(from + bytes).then(() => {
      then();
      response.destroy();
    });
    return true;
  };
}

describe('a file from a web server', () => {
  it('is brought once, and read by its name', async () => {
    const first = await locate();
    expect(readFileSync(first.data.path)).toEqual(content);
    expect(first.data.path).toMatch(/\/table\.csv$/);
    expect(first.files).toEqual([{ name: 'table.csv', bytes: content.length, sha256 }]);
    await first.release();
    expect(await located()).toEqual(content);
    expect(server.contentRequests).toHaveLength(1);
  });

  it('goes on where the connection broke off, for the same version only', async () => {
    breakOff(100_000, 2);
    expect(await located()).toEqual(content);
    const [first, second, third] = server.contentRequests;
    expect(first).toMatchObject({ range: undefined });
    for (const again of [second, third]) {
      expect(again?.ifRange).toBe(etagOf(content));
      expect(again?.range).toMatch(/^bytes=[1-9]\d*-$/);
    }
  });

  it('is begun anew from a server that ignores ranges', async () => {
    breakOff(100_000);
    const broken = server.instead;
    server.instead = (request, response) => {
      if (broken(request, response)) return true;
      response.writeHead(200, { etag: etagOf(content), 'content-length': content.length }).end(content);
      return true;
    };
    expect(await located()).toEqual(content);
  });

  it('that is replaced on the server meanwhile comes whole in its new version', async () => {
    const other = randomBytes(250_000);
    breakOff(100_000, 1, () => server.put('table.csv', other));
    expect(await located()).toEqual(other);
    expect(said.join('\n')).toContain('has changed on its server while it was brought');
  });

  it('goes on from what an aborted start left', async () => {
    const stop = new AbortController();
    server.instead = (request, response) => {
      if (request.headers.range === 'bytes=0-0') return false;
      response.writeHead(200, { etag: etagOf(content), 'content-length': content.length });
      response.write(
        content.subarray(0, 200_000),
        () => void whenArrived(200_000).then(() => stop.abort(new Error('dropped'))),
      );
      return true;
    };
    await expect(locate({ signal: stop.signal })).rejects.toThrow('dropped');
    server.instead = () => false;
    expect(await located()).toEqual(content);
    expect(server.contentRequests.at(-1)?.range).toBe('bytes=200000-');
  });

  it('in another version is another entry', async () => {
    await located();
    const other = randomBytes(1000);
    server.put('table.csv', other);
    expect(await located()).toEqual(other);
  });

  it('comes out of the cache while the server is away', async () => {
    await located();
    server.close();
    expect(await located()).toEqual(content);
    expect(said.at(-1)).toMatch(/ECONNREFUSED.*going on with what is in the cache/);
  });

  it('that no server gives and no cache has is out of reach', async () => {
    server.close();
    await expect(locate()).rejects.toMatchObject({ code: 'unreachable' });
  });

  it.each([404, 403])(
    'that the server answers with %i is refused, without the signature of its URL',
    async (status) => {
      server.instead = (_, response) => {
        response.writeHead(status).end();
        return true;
      };
      const failure = locate({ name: 'table.csv?signature=secret' });
      await expect(failure).rejects.toMatchObject({ code: 'data' });
      await expect(failure).rejects.toThrow(`/table.csv?…: the server answered ${status}`);
      await expect(failure).rejects.not.toThrow('secret');
    },
  );

  it('of a host that does not exist is refused', async () => {
    const { data } = defineExperiment(experimentOn({ source: 'csv', path: 'https://polyak.invalid/table.csv' }));
    const place = { map: [], cacheFolder: cache(), cacheBytesMax: 1 };
    await expect(locateData(data, { place })).rejects.toMatchObject({
      code: 'data',
      message: "https://polyak.invalid/table.csv: there is no host 'polyak.invalid'",
    });
  });

  it('is tried again while the server is busy', async () => {
    let busy = 2;
    server.instead = (_, response) => {
      if (busy === 0) return false;
      busy -= 1;
      response.writeHead(503).end();
      return true;
    };
    expect(await located()).toEqual(content);
  });
});

/** The partial file has so many bytes. */
async function whenArrived(bytes: number): Promise<void> {
  const partials = () =>
    readdirSync(cache(), { recursive: true, withFileTypes: true }).filter(({ name }) => name.endsWith('.csv.partial'));
  const size = () => {
    const [file] = partials();
    return file ? readFileSync(join(file.parentPath, file.name)).length : 0;
  };
  while (size() < bytes) await new Promise(setImmediate);
}

describe('data.sha256', () => {
  it('refuses other bytes, and keeps none of them', async () => {
    const wrong = 'ab'.repeat(32);
    await expect(locate({ sha256: wrong })).rejects.toThrow(`sha256 ${sha256}, data.sha256 says ${wrong}`);
    const left = readdirSync(cache(), { recursive: true }).filter((name) => String(name).includes('table.csv'));
    expect(left).toEqual([]);
  });

  it('needs no server once they are here', async () => {
    await located({ sha256 });
    const before = server.seen.length;
    expect(await located({ sha256 })).toEqual(content);
    expect(server.seen).toHaveLength(before);
  });

  it('holds for a file of this machine too', async () => {
    const path = join(folder, 'own.csv');
    writeFileSync(path, 'a,b\n1,2\n');
    const { data } = defineExperiment(experimentOn({ source: 'csv', path, sha256 }));
    await expect(locateData(data)).rejects.toThrow(`data.sha256 says ${sha256}`);
  });
});

describe('the cache of data', () => {
  it('refuses what is larger than it may be, before a byte is brought', async () => {
    await expect(locate({ bytesMax: 299_999 })).rejects.toThrow(
      /has 300000 bytes, the cache of data \(.*\) holds 299999 at most; --data-cache-bytes/,
    );
    expect(server.contentRequests).toEqual([]);
  });

  it('says where it cannot be written', async () => {
    writeFileSync(cache(), 'a file');
    await expect(locate()).rejects.toThrow(/the cache of data cannot be written: .*; POLYAK_CACHE names another place/);
  });

  it('ends a download whose length nobody told when it is full', async () => {
    server.instead = (_, response) => {
      const more = () => {
        while (response.write(content)) if (response.destroyed) return;
      };
      response.on('drain', more).writeHead(200);
      more();
      return true;
    };
    await expect(locate({ bytesMax: 1_000_000 })).rejects.toThrow('has more than the 1000000 bytes');
  });

  it('makes room by what was used longest ago', async () => {
    for (const name of ['a.csv', 'b.csv', 'c.csv']) server.put(name, content);
    const bytesMax = 700_000;
    await located({ name: 'a.csv', bytesMax });
    await located({ name: 'b.csv', bytesMax });
    await located({ name: 'a.csv', bytesMax });
    await located({ name: 'c.csv', bytesMax });
    const before = server.contentRequests.length;
    await located({ name: 'a.csv', bytesMax });
    expect(server.contentRequests).toHaveLength(before);
    await located({ name: 'b.csv', bytesMax });
    expect(server.contentRequests).toHaveLength(before + 1);
  });

  it('never removes what is being read', async () => {
    for (const name of ['a.csv', 'b.csv']) server.put(name, content);
    const reading = await locate({ name: 'a.csv', bytesMax: 500_000 });
    await expect(located({ name: 'b.csv', bytesMax: 500_000 })).rejects.toThrow(
      /300000 of the 500000 bytes .* are in use/,
    );
    expect(readFileSync(reading.data.path)).toEqual(content);
    await reading.release();
    expect(await located({ name: 'b.csv', bytesMax: 500_000 })).toEqual(content);
  });
});

describe('an archive', () => {
  const pictures = async () => {
    const files = join(folder, 'pictures');
    for (const [name, colour] of [
      ['red', '#ff0000'],
      ['blue', '#0000ff'],
    ] as const) {
      mkdirSync(join(files, name), { recursive: true });
      writeFileSync(join(files, name, '1.png'), await png(1, 1, colour));
    }
    return files;
  };
  const open = async (name: string, bytesMax = 2 ** 20) => {
    const data = { source: 'images', path: `${server.url}/${name}` } as const;
    const place = { map: [], cacheFolder: cache(), cacheBytesMax: bytesMax };
    return await openDataset(defineExperiment(experimentOn(data)), { place });
  };
  const tarred = (...args: string[]) =>
    execFileSync('tar', ['-C', folder, ...args, 'pictures'], { maxBuffer: 2 ** 24 });

  it.each(['.tar', '.tar.gz', '.zip'])('%s holds the folder', async (end) => {
    await pictures();
    const zip = "import shutil,sys; shutil.make_archive(sys.argv[1], 'zip', sys.argv[2], 'pictures')";
    if (end === '.zip') {
      execFileSync('python3', ['-c', zip, join(folder, 'packed'), folder]);
      server.put('pictures.zip', readFileSync(join(folder, 'packed.zip')));
    } else server.put(`pictures${end}`, tarred(end === '.tar' ? '-cf' : '-czf', '-'));
    const dataset = await open(`pictures${end}`);
    expect(dataset.classes).toEqual(['blue', 'red']);
    expect(dataset.files.groups.map(({ name }) => name)).toEqual(['blue/1.png', 'red/1.png']);
  });

  it('with links is refused', async () => {
    symlinkSync('/etc', join(await pictures(), 'link'));
    server.put('pictures.tar', tarred('-cf', '-'));
    await expect(open('pictures.tar')).rejects.toThrow("'link' in it is a link");
  });

  it('that unpacks to more than the cache holds is refused', async () => {
    writeFileSync(join(await pictures(), 'zeros.png'), Buffer.alloc(2 ** 21));
    server.put('pictures.tar.gz', tarred('-czf', '-'));
    await expect(open('pictures.tar.gz')).rejects.toThrow('unpacks to more bytes than that');
  });

  /** Python's libraries write whatever name they are given. */
  const packedAs = (kind: 'tar' | 'zip', name: string) => {
    const script = `
import io, sys, tarfile, zipfile
kind, path, name = sys.argv[1:]
if kind == 'zip':
    with zipfile.ZipFile(path, 'w') as archive: archive.writestr(name, b'owned')
else:
    with tarfile.open(path, 'w') as archive:
        entry = tarfile.TarInfo(name)
        entry.size = 5
        archive.addfile(entry, io.BytesIO(b'owned'))`;
    const path = join(folder, `named.${kind}`);
    execFileSync('python3', ['-c', script, kind, path, name]);
    server.put(`named.${kind}`, readFileSync(path));
  };

  it.each(['tar', 'zip'] as const)(
    '(%s) writes nothing outside its folder, whatever its members are called',
    async (kind) => {
      for (const name of ['../outside', 'a/../../../outside', join(folder, 'outside')]) {
        packedAs(kind, name);
        await expect(open(`named.${kind}`)).rejects.toMatchObject({ code: 'data' });
        const written = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
          path.endsWith('outside'),
        );
        // A name that is absolute may be taken for one within.
        expect(written.filter((path) => !path.startsWith('cache/'))).toEqual([]);
      }
    },
  );

  it('(zip) that unpacks to more than the cache holds is refused', async () => {
    const files = await pictures();
    writeFileSync(join(files, 'zeros.png'), Buffer.alloc(2 ** 21));
    const script = "import shutil,sys; shutil.make_archive(sys.argv[1], 'zip', sys.argv[2], 'pictures')";
    execFileSync('python3', ['-c', script, join(folder, 'packed'), folder]);
    server.put('pictures.zip', readFileSync(join(folder, 'packed.zip')));
    await expect(open('pictures.zip')).rejects.toThrow('unpacks to more bytes than that');
  });

  it('that is torn is refused', async () => {
    await pictures();
    server.put('pictures.tar.gz', tarred('-czf', '-').subarray(0, 100));
    await expect(open('pictures.tar.gz')).rejects.toMatchObject({ code: 'data' });
  });
});

describe('a folder of a web server', () => {
  it('gives the files that the source knows by name', async () => {
    for (const [name, bytes] of Object.entries(idxFiles())) server.put(`mnist/${name}`, bytes);
    const data = { source: 'idx', path: `${server.url}/mnist/` } as const;
    const place = { map: [], cacheFolder: cache(), cacheBytesMax: 2 ** 20 };
    const dataset = await openDataset(defineExperiment(experimentOn(data)), { place });
    expect(dataset.splits.train.count).toBe(6);
    server.files.delete('/mnist/t10k-labels-idx1-ubyte');
    await expect(openDataset(defineExperiment(experimentOn(data)), { place })).rejects.toThrow(
      '/mnist/: has none of t10k-labels-idx1-ubyte, ',
    );
  });
});

describe('an experiment', () => {
  const pathOf = (path: string, source: 'csv' | 'images' | 'idx' = 'csv') =>
    defineExperiment(experimentOn({ source, path })).data.path;

  it('keeps a URL as it is', () => {
    expect(pathOf('https://example.org/a.csv')).toBe('https://example.org/a.csv');
    expect(pathOf('s3://bucket/a.csv')).toBe('s3://bucket/a.csv');
  });

  it.each([
    ['http://example.org/a.csv', 'http:// can be changed on its way'],
    ['https://me:word@example.org/a.csv', 'has a user name or password in it'],
    ['gs://bucket/a.csv', 'gs:// is not known, only https:// and s3://'],
    ['https://example.org/data/', 'must name a file of csv'],
    ['s3://B/a.csv', "'B' is no name of a bucket"],
  ])('with %s is refused', (path, message) => {
    expect(() => pathOf(path)).toThrow(message);
  });

  it('of pictures needs an archive, of idx a folder', () => {
    expect(() => pathOf('https://example.org/pictures/', 'images')).toThrow('must name an archive');
    expect(() => pathOf('https://example.org/mnist', 'idx')).toThrow('must end with a slash');
  });
});
