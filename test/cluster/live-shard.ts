/** A shard over a real socket with the test as its lead and its workers: for what a whole run would only show by luck. */
import { connect } from 'node:net';
import { Registry } from 'prom-client';
import {
  openPush as openPushStream,
  openSocket,
  openWeights as openWeightsStream,
  type Transport,
} from '../../common/chunk-streams.js';
import { layOutChunks } from '../../common/chunk-layout.js';
import { vectors, type ChunkFrame } from '../../common/frame.js';
import { vectorKernels } from '../../common/kernels/vector-kernels.js';
import { createLog } from '../../common/log.js';
import type { ClientStream } from '../../common/message-stream.js';
import { openings } from '../../common/opening.js';
import { headBytes } from '../../common/message-reader.js';
import type { Manifest } from '../../common/manifest.js';
import { chunkStreamCodecs, createGrpcServer, parameterServerClient, services } from '../../common/rpc.js';
import type { PushReply__Output } from '../../proto/gen/polyak/v1/PushReply.js';
import type { ShardReport__Output } from '../../proto/gen/polyak/v1/ShardReport.js';
import { ArenaPool } from '../../server/arithmetic/arena-pool.js';
import { Arithmetic } from '../../server/arithmetic/arithmetic.js';
import { chunkService } from '../../server/chunk-service.js';
import { FrameCache } from '../../server/frame-cache.js';
import { parameterService } from '../../server/parameter-service.js';
import { serverMetrics } from '../../server/server-metrics.js';
import { listenShared } from '../../server/shared-port.js';
import { TrialTable } from '../../server/trial-table.js';

export const trialKey = Buffer.from('0102030405060708', 'hex');

export interface LiveShardOptions {
  parameters: number;
  chunkFloats: number;
  leaves: number;
  optimizer?: object;
  clip?: object;
  memoryBytesMax?: number;
  transport?: Transport;
}

export async function startLiveShard(options: LiveShardOptions) {
  const { parameters, chunkFloats, leaves, memoryBytesMax = 1 << 30, transport = 'socket' } = options;
  const manifest: Manifest = {
    parameters: [
      {
        name: 'dense/kernel',
        shape: [parameters],
        offset: 0,
        length: parameters,
        initializer: { name: 'zeros' },
        rateMultiplier: 1,
        l2: 0,
        frozen: false,
      },
    ],
    parameterCount: parameters,
    statistics: [],
    statisticsCount: 0,
    statisticsMomentum: [],
  };
  const experiment = {
    seed: 1,
    chunkFloats,
    optimizer: options.optimizer ?? { sgd: { learningRate: 1 } },
    clip: options.clip,
    weightAverage: { decay: 0.5 },
    train: { batchSize: leaves, microBatchSize: 1, epochs: 1000 },
  };
  const arithmetic = new Arithmetic(1);
  const pool = new ArenaPool({ chunkBytes: chunkFloats * 4, bytesMax: memoryBytesMax });
  const log = createLog('test');
  log.level = 'silent';
  const metrics = serverMetrics(new Registry());
  const table = new TrialTable({ poolFor: () => pool, arithmetic, frames: new FrameCache(), metrics, log });
  const server = createGrpcServer();
  const service = chunkService(table, log);
  server.addService(services.parameterServer.service, parameterService(table, service));
  const listening = await listenShared(server, service, '127.0.0.1:0');
  const address = `127.0.0.1:${listening.port}`;
  const client = parameterServerClient(address);
  const closers: (() => void)[] = [];

  const lead = client.follow();
  closers.push(() => lead.cancel());
  const reports = collect<ShardReport__Output>(lead);
  const begin = async (incarnation: number, leadEpoch = 1) => {
    lead.write({
      begin: {
        trialKey,
        incarnation,
        shard: 0,
        shards: 1,
        experiment: JSON.stringify(experiment),
        manifest: JSON.stringify(manifest),
        data: { trainCount: leaves, features: 1 },
        directory: '/nonexistent',
        leadEpoch,
      },
    });
    return await reports.next((report) => Boolean(report.begun ?? report.fenced ?? report.failed));
  };

  const memory = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true });
  const kernels = vectorKernels(memory);
  const checksum = (floats: Float32Array) => {
    new Float32Array(memory.buffer, 1024, floats.length).set(floats);
    return kernels.checksum(1024, floats.length);
  };
  const chunks = layOutChunks(manifest, chunkFloats);

  const frame = (fields: Partial<ChunkFrame> & { floats?: Float32Array }): ChunkFrame => {
    const { floats = new Float32Array(chunks[fields.chunk ?? 0]?.length ?? 1).fill(1), ...rest } = fields;
    const header = { trialKey, incarnation: 1, vector: vectors.weights, step: 0, chunk: 0, firstLeaf: 0, leaves: 1 };
    const data = Buffer.from(floats.buffer, floats.byteOffset, floats.byteLength);
    return { ...header, checksum: checksum(floats), data, ...rest };
  };

  const openPush = () => {
    const stream = openPushStream(address, transport);
    closers.push(() => stream.cancel());
    const replies = collect<PushReply__Output>(stream);
    const push = async (sent: ChunkFrame) => {
      stream.write(sent);
      return await replies.next(({ result }) => result !== 'NONE');
    };
    return { stream, push, replies };
  };

  /** What is pushed need not be a frame. */
  const openRawPush = () => {
    const stream = openRawStream(address, transport);
    closers.push(() => stream.cancel());
    const replies = collect<PushReply__Output>(stream);
    const push = async (bytes: Buffer) => {
      stream.write(bytes);
      return await replies.next(({ result }) => result !== 'NONE');
    };
    return { stream, push };
  };

  /** A client that asks for weights and never reads. */
  const openStalledWeights = (credit: number) => {
    const request = { trialKey, incarnation: 1, vector: 'WEIGHTS' as const, credit, subscribe: true };
    if (transport === 'grpc') {
      const stream = client.weights();
      closers.push(() => stream.cancel());
      stream.on('error', () => undefined).pause();
      stream.write(request);
      return;
    }
    const socket = connect({ port: listening.port, host: '127.0.0.1' }).pause();
    closers.push(() => socket.destroy());
    const body = chunkStreamCodecs.encodeRequest(request);
    const head = Buffer.alloc(headBytes);
    head.writeUInt32LE(body.length);
    socket.write(Buffer.concat([Buffer.from(openings.weights), head, body]));
  };

  const openWeights = (credit: number, vector: 'WEIGHTS' | 'AVERAGE' = 'WEIGHTS') => {
    const stream = openWeightsStream(address, transport);
    closers.push(() => stream.cancel());
    const frames = collect<ChunkFrame>(stream, ({ data, ...header }) => ({ ...header, data: Uint8Array.from(data) }));
    stream.write({ trialKey, incarnation: 1, vector, credit, subscribe: true });
    return { stream, frames };
  };

  const close = async () => {
    for (const closer of closers) closer();
    client.close();
    await table.closeAll();
    listening.close();
    await arithmetic.close();
  };
  return {
    client,
    port: listening.port,
    table,
    pool,
    chunks,
    begin,
    reports,
    frame,
    openPush,
    openRawPush,
    openWeights,
    openStalledWeights,
    close,
    lead,
  };
}

function openRawStream(address: string, transport: Transport): ClientStream<Buffer, PushReply__Output> {
  const { decodeReply } = chunkStreamCodecs;
  if (transport === 'grpc') {
    const path = '/polyak.v1.ParameterServer/Push';
    return parameterServerClient(address).makeBidiStreamRequest(path, (bytes: Buffer) => bytes, decodeReply);
  }
  return openSocket(address, openings.push, { encode: (bytes: Buffer) => [bytes], decode: decodeReply });
}

interface Listened<Message> {
  on(event: 'data', listener: (message: Message) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** What a stream gives, in order, each to be asked for once. */
function collect<Message>(stream: Listened<Message>, keep = (message: Message) => message) {
  const buffered: Message[] = [];
  let wake: () => void = () => undefined;
  let failure: Error | undefined;
  stream.on('data', (message: Message) => {
    buffered.push(keep(message));
    wake();
  });
  stream.on('error', (error: Error) => {
    failure = error;
    wake();
  });
  return {
    get length() {
      return buffered.length;
    },
    async next(fits: (message: Message) => boolean = () => true): Promise<Message> {
      for (;;) {
        const index = buffered.findIndex(fits);
        if (index >= 0) return buffered.splice(0, index + 1).at(-1) as Message;
        if (failure) throw failure;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}
