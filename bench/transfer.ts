/**
 * Pushing and pulling 40 MB (10 million floats, 153 chunks) through the real server in a process of its own over
 * loopback, with the worker's own links, against TensorFlow's parameter server over gRPC, in turns.
 */
import { fileURLToPath } from 'node:url';
import { layOutChunks } from '../common/chunk-layout.js';
import { vectors, type ChunkFrame } from '../common/frame.js';
import { vectorKernels } from '../common/kernels/vector-kernels.js';
import { createLog } from '../common/log.js';
import type { Manifest } from '../common/manifest.js';
import { parameterServerClient } from '../common/rpc.js';
import { withResolvers } from '../common/with-resolvers.js';
import type { ShardReport__Output } from '../proto/gen/polyak/v1/ShardReport.js';
import { PushLink } from '../worker/push-link.js';
import type { LinkOptions } from '../worker/shard-link.js';
import { TrialMemory } from '../worker/trial-memory.js';
import { readVector, subscribeWeights } from '../worker/weights-link.js';
import { writeChunk } from '../worker/weights.js';
import { median, Peer, peerPython } from './measure.js';

const parameters = 10_000_000;
const megabytes = (parameters * 4) / 1e6;
const chunkFloats = 65_536;
const rounds = 10;
const transfersPerRound = 3;

export interface TransferFigures {
  /** Megabytes a second, medians. Each chunk is checked on arrival and its optimizer step made. */
  pushMBs: number;
  /** A whole reading on a connection of its own, each chunk checked on arrival. */
  pullMBs: number;
  /** Milliseconds from the first byte of a gradient out to the last of the new weights in, both streams at once. */
  stepMs: number;
  tensorflow?: { pushMBs: number; pullMBs: number; stepMs: number };
  pushRatio?: number;
  pullRatio?: number;
  /** TensorFlow's time as a multiple of ours. */
  stepRatio?: number;
}

type Operation = 'push' | 'pull' | 'step';

const manifest: Manifest = {
  parameters: [
    {
      ...{ name: 'dense/kernel', shape: [parameters], offset: 0, length: parameters },
      ...{ initializer: { name: 'zeros' }, rateMultiplier: 1, l2: 0, frozen: false },
    },
  ],
  ...{ parameterCount: parameters, statistics: [], statisticsCount: 0, statisticsMomentum: [] },
};
const experiment = {
  ...{ seed: 1, chunkFloats, optimizer: { sgd: { learningRate: 0.1 } }, weightAverage: { decay: 0.995 } },
  train: { batchSize: 1, microBatchSize: 1, epochs: 1_000_000 },
};

/** The trial on the server, and one worker's links to it. */
class TransferClient {
  readonly #chunks = layOutChunks(manifest, chunkFloats);
  readonly #memory = new TrialMemory({ weights: parameters, preprocess: 1, leavesMax: 1 });
  readonly #kernels = vectorKernels(this.#memory.memory);
  readonly #over = new AbortController();
  readonly #link: LinkOptions;
  readonly #client;
  #node = 0;
  #step = 0;
  #reached = withResolvers<void>();
  /** Chunks that the subscription still has to bring, of which version. */
  #missing = { version: 0, chunks: 0 };
  #whole = withResolvers<void>();

  constructor(address: string) {
    const fail = (reason: unknown) => {
      throw new Error(String(reason));
    };
    this.#link = {
      ...{
        address,
        transport: 'socket' as const,
        trialKey: Buffer.from('0102030405060708', 'hex'),
        incarnation: 1,
        signal: this.#over.signal,
      },
      ...{ onFenced: fail, onBreak: fail, log: createLog('bench') },
    };
    this.#client = parameterServerClient(address);
  }

  async open(): Promise<void> {
    const lead = this.#client.follow();
    lead.on('error', () => undefined);
    const begun = withResolvers<void>();
    lead.on('data', (report: ShardReport__Output) => {
      if (report.failed) throw new Error(report.failed.message);
      if (report.begun) begun.resolve();
      if (report.reached) this.#reached.resolve();
    });
    const { trialKey, incarnation } = this.#link;
    lead.write({
      begin: {
        ...{ trialKey, incarnation, shard: 0, shards: 1, directory: '/nonexistent' },
        ...{ experiment: JSON.stringify(experiment), manifest: JSON.stringify(manifest) },
        data: { trainCount: 1, features: 1 },
      },
    });
    await begun.promise;
    this.#over.signal.addEventListener('abort', () => lead.cancel());
    this.#node = await this.#memory.acquire();
    this.#memory.floats(this.#node, parameters).fill(0.25);
  }

  /** Seconds until every chunk is answered, and the step is made. */
  async push(link: PushLink): Promise<number> {
    this.#reached = withResolvers();
    const frames = this.#frames();
    const startedAt = performance.now();
    let left = frames.length;
    const answered = withResolvers<void>();
    for (const frame of frames) link.push(frame, () => void ((left -= 1) === 0 && answered.resolve()));
    await Promise.all([answered.promise, this.#reached.promise]);
    this.#step += 1;
    return (performance.now() - startedAt) / 1000;
  }

  async pull(): Promise<number> {
    const startedAt = performance.now();
    await readVector(this.#link, 'AVERAGE', (frame) => this.#write(frame));
    return (performance.now() - startedAt) / 1000;
  }

  /** Seconds until the new weights are here, when they are sent chunk by chunk as soon as each is made. */
  async step(link: PushLink): Promise<number> {
    this.#missing = { version: this.#step + 1, chunks: this.#chunks.length };
    this.#whole = withResolvers();
    const startedAt = performance.now();
    await Promise.all([this.push(link), this.#whole.promise]);
    return (performance.now() - startedAt) / 1000;
  }

  /** A push link until the returned function is called. */
  connect(subscribed: boolean): { link: PushLink; close: () => Promise<void> } {
    const over = new AbortController();
    const options = { ...this.#link, signal: over.signal };
    const link = new PushLink(options);
    const running = [link.run()];
    if (subscribed) {
      running.push(
        subscribeWeights(options, (frame) => {
          this.#write(frame);
          if (frame.step === this.#missing.version && (this.#missing.chunks -= 1) === 0) this.#whole.resolve();
        }),
      );
    }
    return {
      link,
      close: async () => {
        over.abort();
        await Promise.all(running);
      },
    };
  }

  close(): void {
    this.#over.abort();
    this.#client.close();
  }

  #frames(): ChunkFrame[] {
    const { trialKey, incarnation } = this.#link;
    return this.#chunks.map(({ index, offset, length }) => {
      const at = this.#node + offset * 4;
      return {
        ...{ trialKey, incarnation, vector: vectors.weights, step: this.#step, chunk: index, firstLeaf: 0, leaves: 1 },
        ...{ checksum: this.#kernels.checksum(at, length), data: this.#memory.bytes(at, length * 4) },
      };
    });
  }

  #write(frame: ChunkFrame): void {
    const target = { memory: this.#memory, kernels: this.#kernels };
    writeChunk(target, this.#chunks[frame.chunk], this.#memory.weights[0], frame);
  }
}

/** One round of each operation: the seconds of each transfer. */
async function measureOurs(client: TransferClient): Promise<Record<Operation, number[]>> {
  const times: Record<Operation, number[]> = { push: [], pull: [], step: [] };
  const alone = client.connect(false);
  for (let i = 0; i < transfersPerRound; i += 1) {
    times.push.push(await client.push(alone.link));
    times.pull.push(await client.pull());
  }
  await alone.close();
  const both = client.connect(true);
  await client.step(both.link);
  for (let i = 0; i < transfersPerRound; i += 1) times.step.push(await client.step(both.link));
  await both.close();
  return times;
}

export async function benchmarkTransfer(): Promise<TransferFigures> {
  const server = Peer.ours('transfer-server');
  const { port } = (await server.read()) as { port: number };
  const client = new TransferClient(`127.0.0.1:${port}`);
  await client.open();
  const python = peerPython('tensorflow');
  const peer = python ? Peer.python(python, 'transfer_tensorflow.py') : undefined;
  await peer?.read();
  const measureTheirs = async () => (await peer?.ask(String(transfersPerRound))) as Record<Operation, number[]>;
  const ours: Record<Operation, number[]> = { push: [], pull: [], step: [] };
  const theirs: Record<Operation, number[]> = { push: [], pull: [], step: [] };
  for (let round = -1; round < rounds; round += 1) {
    const measured = [{ into: ours, times: await measureOurs(client) }];
    if (peer) measured.push({ into: theirs, times: await measureTheirs() });
    // The first round warms both up.
    if (round < 0) continue;
    for (const { into, times } of measured) {
      for (const operation of ['push', 'pull', 'step'] as const) into[operation].push(...times[operation]);
    }
  }
  client.close();
  await server.close();
  await peer?.close();
  const figures = figuresOf(ours);
  if (!peer) return figures;
  const tensorflow = figuresOf(theirs);
  return {
    ...figures,
    tensorflow,
    pushRatio: figures.pushMBs / tensorflow.pushMBs,
    pullRatio: figures.pullMBs / tensorflow.pullMBs,
    stepRatio: tensorflow.stepMs / figures.stepMs,
  };
}

function figuresOf(times: Record<Operation, number[]>): { pushMBs: number; pullMBs: number; stepMs: number } {
  return {
    pushMBs: megabytes / median(times.push),
    pullMBs: megabytes / median(times.pull),
    stepMs: median(times.step) * 1000,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(JSON.stringify(await benchmarkTransfer()));
}
