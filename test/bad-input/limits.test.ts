/** Messages that are too large, and more streams than a connection may have: refused in words, counted, and no harm to anybody else. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http2 from 'node:http2';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import grpc from '@grpc/grpc-js';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { PolyakError } from '../../common/errors.js';
import { openings } from '../../common/opening.js';
import { coordinatorClient, fromServiceError, unary } from '../../common/rpc.js';
import { messageBytesMax } from '../../common/socket-stream.js';
import { streamsMax } from '../../common/stream-limit.js';
import { startCoordinator, type RunningCoordinator } from '../../coordinator/coordinator.js';
import type { CoordinatorClient } from '../../proto/gen/polyak/v1/Coordinator.js';
import { ClusterRole, readMetric } from '../cluster/cluster-role.js';

const coordinatorBytesMax = 16 << 20;
const refused = 'polyak_connections_refused_total';

/** Of the coordinator's log. */
const lines: string[] = [];
let folder: string;
let coordinator: RunningCoordinator;
let server: ClusterRole;
const clients: { close(): void }[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'polyak-limits-'));
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  coordinator = await startCoordinator({ listen: '127.0.0.1:0', metricsPort: 0, store: join(folder, 'c.db'), log });
  server = ClusterRole.start('server', ['--coordinator', coordinator.address]);
  await server.listening;
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});
afterAll(async () => {
  await server.kill();
  await coordinator.close();
  rmSync(folder, { recursive: true });
});

const counted = async (reason: string) => await readMetric(coordinator.metricsPort, refused, `reason="${reason}"`);

function ours(): CoordinatorClient {
  const client = coordinatorClient(coordinator.address);
  clients.push(client);
  return client;
}

/** That knows no limits. */
function anybodys(address: string, options: grpc.ChannelOptions = {}): grpc.Client {
  const client = new grpc.Client(address, grpc.credentials.createInsecure(), options);
  clients.push(client);
  return client;
}

async function status(client = ours()): Promise<unknown> {
  return await unary('coordinator', (done) => client.status({}, { deadline: Date.now() + 60_000 }, done));
}

/** Bytes that need be no message of the method. */
async function errorOf(client: grpc.Client, method: string, bytes: Buffer): Promise<PolyakError> {
  const asTheyAre = (some: Buffer) => some;
  return await new Promise((resolve, reject) => {
    client.makeUnaryRequest(`/polyak.v1.${method}`, asTheyAre, asTheyAre, bytes, (error) => {
      if (error) resolve(fromServiceError(error, 'peer'));
      else reject(new Error(`${method} has taken ${bytes.length} bytes`));
    });
  });
}

describe('a message that is too large', () => {
  it('is refused by the coordinator in words, counted and logged, and its sender may go on', async () => {
    const before = await counted('too large');
    const sender = anybodys(coordinator.address);
    const refusal = errorOf(sender, 'Coordinator/Submit', Buffer.alloc(coordinatorBytesMax + 1));
    const [error] = await Promise.all([refusal, status()]);
    expect(error.code).toBe('exhausted');
    expect(error.message).toContain(
      `polyak.v1.Coordinator/Submit: the message is too large (Received message larger than max`,
    );
    expect(error.message).toContain(`the most is ${coordinatorBytesMax} bytes`);
    expect(await counted('too large')).toBe(before + 1);
    expect(lines.at(-1)).toContain('"reason":"too large"');
    // By the same connection. It says nothing, but it has been read.
    const next = await errorOf(sender, 'Coordinator/Submit', Buffer.alloc(0));
    expect(`${next.code}: ${next.message}`).toContain('usage: submit: shards is 0');
  });

  it('is refused also where it is small until it is unpacked', async () => {
    const before = await counted('too large');
    const gzip = { 'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip };
    // A thousandth of that on the way.
    const bytes = Buffer.alloc(2 * coordinatorBytesMax);
    const error = await errorOf(anybodys(coordinator.address, gzip), 'Coordinator/Submit', bytes);
    expect(`${error.code}: ${error.message}`).toContain('decompresses to a size larger than');
    expect(await counted('too large')).toBe(before + 1);
    await status();
  });

  it('is refused by a server, which takes four times as much', async () => {
    const { address } = await server.listening;
    const method = 'ParameterServer/FetchModule';
    const error = await errorOf(anybodys(address), method, Buffer.alloc(messageBytesMax + 1));
    expect(`${error.code}: ${error.message}`).toContain(`the most is ${messageBytesMax} bytes`);
    expect(error.code).toBe('exhausted');
    expect(await server.metric(refused, 'reason="too large"')).toBe(1);
    expect(server.report).toContain('"reason":"too large"');
  });

  it('is refused by a server on its plain sockets too', async () => {
    const before = await server.metric(refused, 'reason="too large"');
    const { address } = await server.listening;
    const socket = connect(Number(address.split(':')[1]), '127.0.0.1');
    const head = Buffer.alloc(5);
    head.writeUInt32LE(0xff_ff_ff_ff);
    socket.write(Buffer.concat([Buffer.from(openings.push), head, Buffer.alloc(1 << 20)]));
    const parts: Buffer[] = [];
    socket.on('data', (part) => parts.push(part)).on('error', () => undefined);
    await once(socket, 'close');
    expect(Buffer.concat(parts).toString()).toContain('exhausted\na message of 4294967295 bytes was announced');
    expect(await server.metric(refused, 'reason="too large"')).toBe(before + 1);
  });

  it('is not sent at all by a client of ours, which says so', async () => {
    const client = ours();
    const bytes = 'x'.repeat(messageBytesMax);
    const submitting = unary('coordinator', (done) => client.submit({ experiment: bytes, directory: '/a' }, done));
    await expect(submitting).rejects.toMatchObject({
      code: 'exhausted',
      message: expect.stringMatching(/^coordinator: Attempted to send message with a size larger than \d+$/) as unknown,
    });
    await status(client);
  });
});

describe('a connection', () => {
  it('that has as many streams as it may lets further calls wait for one to end, and the port counts it; others go on', async () => {
    const before = await counted('streams');
    const client = ours();
    const streams = Array.from({ length: streamsMax }, () => client.attend().on('error', () => undefined));
    await expect.poll(async () => await counted('streams'), { timeout: 30_000 }).toBe(before + 1);
    expect(lines.at(-1)).toContain(`the connection has ${streamsMax} streams, the most there may be`);
    let isAnswered = false;
    const waiting = status(client).then(() => (isAnswered = true));
    for (let call = 0; call < 3; call++) await status();
    await delay(50);
    expect(isAnswered).toBe(false);
    streams.pop()?.cancel();
    await waiting;
    for (const stream of streams) stream.cancel();
  });

  it('whose client keeps to no limit is refused the streams that are too many, and no others', async () => {
    const before = await counted('streams');
    const tooMany = 12;
    // As if there were no limit, until the port has said that there is.
    const session = http2.connect(`http://${coordinator.address}`, { peerMaxConcurrentStreams: 1000 });
    session.on('error', () => undefined);
    const call = { ':method': 'POST', ':path': '/polyak.v1.Coordinator/Attend', 'content-type': 'application/grpc' };
    const opened = Array.from({ length: streamsMax + tooMany }, () => session.request(call));
    const ended = opened.map(async (stream) => {
      stream.on('error', () => undefined);
      await new Promise((resolve) => stream.once('close', resolve));
      return stream.rstCode;
    });
    const first = await Promise.all(ended.slice(-tooMany));
    expect(first).toEqual(Array.from({ length: tooMany }, () => http2.constants.NGHTTP2_REFUSED_STREAM));
    expect(opened.filter(({ closed }) => !closed)).toHaveLength(streamsMax);
    expect(await counted('streams')).toBe(before + 1);
    await status();
    session.destroy();
    await Promise.all(ended);
  });
});
