/** The weights stream from one shard: a subscription to every new version, or one reading of a vector as it is. */
import { openWeights, type WeightsStream } from '../common/chunk-streams.js';
import { PolyakError } from '../common/errors.js';
import type { ChunkFrame } from '../common/frame.js';
import { fromServiceError } from '../common/rpc.js';
import { keepConnected, streamEnd } from './reconnect.js';
import type { LinkOptions } from './shard-link.js';

type VectorName = 'WEIGHTS' | 'AVERAGE' | 'PREPROCESS';

const creditMax = 64;
const creditBatch = 8;

/** Subscribes again and again until the signal aborts. `onFrame` throws when a frame is not right; then it starts anew. */
export async function subscribeWeights(options: LinkOptions, onFrame: (frame: ChunkFrame) => void): Promise<void> {
  const { address, transport, tls, signal, onBreak, onFenced } = options;
  await keepConnected(
    signal,
    async () => await read(openWeights(address, transport, tls), 'WEIGHTS', options, onFrame),
    (error) => {
      const known = fromServiceError(error, address);
      if (known.code === 'fenced') onFenced(known.message);
      else onBreak(known);
    },
  );
}

/** Reads each of a shard's chunks of the vector once. Errors: PolyakError. */
export async function readVector(
  options: LinkOptions,
  vector: VectorName,
  onFrame: (frame: ChunkFrame) => void,
): Promise<void> {
  const { address, transport, tls } = options;
  try {
    await read(openWeights(address, transport, tls), vector, options, onFrame);
  } catch (error) {
    throw fromServiceError(error, address);
  }
}

async function read(
  stream: WeightsStream,
  vector: VectorName,
  { address, trialKey, incarnation, signal }: LinkOptions,
  onFrame: (frame: ChunkFrame) => void,
): Promise<void> {
  let owed = 0;
  let failure: unknown;
  stream.on('data', (frame) => {
    if (failure !== undefined || signal.aborted) return;
    try {
      if (!frame.trialKey.equals(trialKey) || frame.incarnation !== incarnation) {
        throw new PolyakError('protocol', `${address} sent a chunk of another trial or incarnation`);
      }
      onFrame(frame);
    } catch (error) {
      failure = error;
      stream.cancel();
      return;
    }
    owed += 1;
    if (owed < creditBatch) return;
    stream.write({ credit: owed });
    owed = 0;
  });
  stream.write({ trialKey, incarnation, vector, subscribe: true, credit: creditMax });
  try {
    await streamEnd(stream, signal);
  } catch (error) {
    throw failure ?? error;
  }
}
