/** A shard over a real socket with the test as its lead and its workers: for what a whole run would only show by luck. */
import { Registry } from 'prom-client';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { layOutChunks } from '../../common/chunk-layout.js';
import { vectors, type ChunkFrame } from '../../common/frame.js';
import { vectorKernels } from '../../common/kernels/vector-kernels.js';
import { createLog } from '../../common/log.js';
import type { Manifest } from '../../common/manifest.js';
import { createGrpcServer, listen, parameterServerClient, services } from '../../common/rpc.js';
import type { ChunkFrame as ChunkFrameMessage } from '../../proto/gen/polyak/v1/ChunkFrame.js';
import type { PushReply__Output } from '../../proto/gen/polyak/v1/PushReply.js';
import type { ShardReport__Output } from '../../proto/gen/polyak/v1/ShardReport.js';
import { ArenaPool } from '../../server/arithmetic/arena-pool.js';
import { Arithmetic } from '../../server/arithmetic/arithmetic.js';
import { FrameCache } from '../../server/frame-cache.js';
import { parameterService } from '../../server/parameter-service.js';
import { serverMetrics } from '../../server/server-metrics.js';
import { TrialTable } from '../../server/trial-table.js';

export const trialKey = Buffer.from('0102030405060708', 'hex');

export interface LiveShardOptions {
  parameters: number;
  chunkFloats: number;
  leaves: number;
  optimizer?: object;
  clip?: object;
  memoryBytesMax?: number;
}

export async function startLiveShard(options: LiveShardOptions) {
  const { parameters, chunkFloats, leaves, memoryBytesMax = 1 << 30 } = options;
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
  server.addService(services.parameterServer.service, parameterService(table, log));
  const port = await listen(server, '127.0.0.1:0');
  const client = parameterServerClient(`127.0.0.1:${port}`);
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
    const stream = client.push();
    closers.push(() => stream.cancel());
    const replies = collect<PushReply__Output>(stream);
    const push = async (sent: ChunkFrame) => {
      stream.write(sent as unknown as ChunkFrameMessage);
      return await replies.next(({ result }) => result !== 'NONE');
    };
    return { stream, push, replies };
  };

  const openWeights = (credit: number, vector: 'WEIGHTS' | 'AVERAGE' = 'WEIGHTS') => {
    const stream = client.weights();
    closers.push(() => stream.cancel());
    const frames = collect<ChunkFrame>(stream as unknown as ClientDuplexStream<never, ChunkFrame>);
    stream.write({ trialKey, incarnation: 1, vector, credit, subscribe: true });
    return { stream, frames };
  };

  const close = async () => {
    for (const closer of closers) closer();
    client.close();
    await table.closeAll();
    server.forceShutdown();
    await arithmetic.close();
  };
  return { client, table, pool, chunks, begin, reports, frame, openPush, openWeights, close, lead };
}

/** What a stream gives, in order, each to be asked for once. */
function collect<Message>(stream: ClientDuplexStream<never, Message>) {
  const buffered: Message[] = [];
  let wake: () => void = () => undefined;
  let failure: Error | undefined;
  stream.on('data', (message: Message) => {
    buffered.push(message);
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
