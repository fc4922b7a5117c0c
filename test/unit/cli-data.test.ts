/** `polyak data` against a server and folders of our own; no other host is asked. */
import { createHash, randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bringDataSet } from '../../cli/data.js';
import type { DataSet } from '../../cli/data/data-sets.js';
import { packageRoot } from '../../common/package-root.js';
import { realData } from '../real-data.js';

const bin = join(packageRoot(), 'bin/polyak.js');
const content = randomBytes(300_000);
const sha256 = createHash('sha256').update(content).digest('hex');
const set: DataSet = {
  ...{ url: '', source: 'idx', unpacked: {}, licence: 'none' },
  files: [{ name: 'pictures.bin', checksum: { of: 'file', sha256 } }],
};

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
let folder: string;
let server: Server;
let url: string;
let requests: { path: string | undefined; range: string | undefined }[];
let answer: Answer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'polyak-data-'));
  requests = [];
  answer = giveRange;
  server = createServer((request, response) => {
    requests.push({ path: request.url, range: request.headers.range });
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

/** A server that knows ranges. */
function giveRange(request: IncomingMessage, response: ServerResponse): void {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const headers = { 'content-length': content.length - from };
  if (from === 0) response.writeHead(200, headers);
  else {
    const range = `bytes ${from}-${content.length - 1}/${content.length}`;
    response.writeHead(206, { ...headers, 'content-range': range });
  }
  response.end(content.subarray(from));
}

/** Breaks the first answer off in the middle, when some of it has reached the disk. */
function breakOff(request: IncomingMessage, response: ServerResponse): void {
  if (requests.length > 1) return giveRange(request, response);
  const watcher = watch(folder, () => {
    if (!existsSync(partial()) || statSync(partial()).size === 0) return;
    watcher.close();
    response.destroy();
  });
  response.writeHead(200, { 'content-length': content.length });
  response.write(content.subarray(0, 100_000));
}

const target = () => join(folder, 'pictures.bin');
const partial = () => join(folder, 'pictures.bin.partial');

describe('a download', () => {
  it('brings the file, and a second time asks for nothing', async () => {
    await bringDataSet(set, folder, url, true);
    expect(readFileSync(target()).equals(content)).toBe(true);
    expect(readdirSync(folder)).toEqual(['pictures.bin']);
    await bringDataSet(set, folder, url, true);
    expect(requests).toEqual([{ path: '/pictures.bin', range: undefined }]);
  });

  it('that breaks off goes on where it was', async () => {
    answer = breakOff;
    await bringDataSet(set, folder, url, true);
    expect(readFileSync(target()).equals(content)).toBe(true);
    expect(requests[1]?.range).toMatch(/^bytes=[1-9]\d*-$/);
  });

  it('goes on from what an earlier attempt left', async () => {
    writeFileSync(partial(), content.subarray(0, 200_000));
    await bringDataSet(set, folder, url, true);
    expect(requests).toEqual([{ path: '/pictures.bin', range: 'bytes=200000-' }]);
    expect(readFileSync(target()).equals(content)).toBe(true);
  });

  it('begins anew from a server that knows no ranges', async () => {
    writeFileSync(partial(), content.subarray(0, 200_000));
    answer = (_, response) => response.end(content);
    await bringDataSet(set, folder, url, true);
    expect(readFileSync(target()).equals(content)).toBe(true);
  });

  it('that was complete before it was verified is only verified', async () => {
    writeFileSync(partial(), content);
    answer = (_, response) => response.writeHead(416).end();
    await bringDataSet(set, folder, url, true);
    expect(readFileSync(target()).equals(content)).toBe(true);
  });

  it('of other bytes is refused with both checksums, and does not stay', async () => {
    answer = (_, response) => response.end('something else');
    const other = createHash('sha256').update('something else').digest('hex');
    await expect(bringDataSet(set, folder, url, true)).rejects.toThrow(`sha256 ${other}, expected ${sha256}`);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is verified by what is in a gz, however it was compressed', async () => {
    const name = 'pictures.gz';
    const packed: DataSet = { ...set, files: [{ name, checksum: { of: 'content', sha256 } }] };
    answer = (_, response) => response.end(gzipSync(content, { level: 1 }));
    await bringDataSet(packed, folder, url, true);
    expect(existsSync(join(folder, name))).toBe(true);
  });
});

describe('a copy', () => {
  it('of a folder that has the files goes on from what an earlier attempt left', async () => {
    const from = join(folder, 'from');
    const to = join(folder, 'to');
    mkdirSync(from);
    mkdirSync(to);
    writeFileSync(join(from, 'pictures.bin'), content);
    writeFileSync(join(to, 'pictures.bin.partial'), content.subarray(0, 1000));
    await bringDataSet(set, to, from, true);
    expect(readFileSync(join(to, 'pictures.bin')).equals(content)).toBe(true);
    expect(requests).toEqual([]);
  });

  it.skipIf(!realData('mnist'))('of the real MNIST verifies', async () => {
    const args = ['mnist', '--from', String(realData('mnist')), '--to', join(folder, 'mnist')];
    const { code, stdout } = await polyakData(args);
    expect(code).toBe(0);
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({ event: 'ready', data: 'mnist' });
  });
});

/** Asynchronous, since the server is in this process. */
async function polyakData(args: string[], mirror = 'http://127.0.0.1:9/') {
  const env = { ...process.env, POLYAK_DATA_URL: mirror };
  const child = spawn(process.execPath, [bin, 'data', ...args, '--json'], { cwd: folder, env });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, stdout, stderr };
}

describe('polyak data', () => {
  it('asks the server of POLYAK_DATA_URL for NAME/FILE; what it refuses exits 3', async () => {
    answer = (_, response) => response.writeHead(404).end();
    const { code, stderr } = await polyakData(['mnist'], `${url}mirror/`);
    expect(requests[0]?.path).toBe('/mirror/mnist/train-images-idx3-ubyte.gz');
    expect(stderr).toMatch(/the server answered 404; POLYAK_DATA_URL names another server, --from takes files/);
    expect(code).toBe(3);
  });

  it('exits 5 where the server is busy or not there', async () => {
    answer = (_, response) => response.writeHead(503).end();
    const busy = await polyakData(['mnist'], url);
    expect(busy.stderr).toMatch(/the server answered 503/);
    expect(busy.code).toBe(5);
    const address = url;
    server.close();
    server.closeAllConnections();
    const gone = await polyakData(['mnist'], address);
    expect(gone.stderr).toMatch(/ECONNREFUSED/);
    expect(gone.code).toBe(5);
  });

  it('leaves a file alone that has the right name and other content, and exits 3', async () => {
    const file = join(folder, 'data/mnist/train-images-idx3-ubyte.gz');
    mkdirSync(join(folder, 'data/mnist'), { recursive: true });
    writeFileSync(file, gzipSync('mine'));
    const { code, stderr } = await polyakData(['mnist'], url);
    expect(stderr).toMatch(/train-images-idx3-ubyte\.gz: its content has sha256 .* it is left alone/);
    expect(code).toBe(3);
    expect(requests).toEqual([]);
  });

  it('says which file a folder lacks, and that a mirror is no URL', async () => {
    expect(await polyakData(['mnist', '--from', folder])).toMatchObject({
      ...{ code: 3, stderr: expect.stringMatching(/has no train-images-idx3-ubyte\.gz/) as string },
    });
    expect(await polyakData(['mnist'], 'ftp://here')).toMatchObject({
      ...{ code: 2, stderr: expect.stringMatching(/POLYAK_DATA_URL 'ftp:\/\/here': must begin with http/) as string },
    });
  });
});
