/**
 * The gRPC face of a server: finds the trial that a message speaks of and fences what is old. It knows no arithmetic; the
 * streams that carry floats are in chunk-service.ts.
 */
import type { EventEmitter } from 'node:events';
import { PolyakError } from '../common/errors.js';
import type { ServerStream } from '../common/message-stream.js';
import { toServiceError } from '../common/rpc.js';
import { assertCompatible } from '../common/version.js';
import type { ParameterServerHandlers } from '../proto/gen/polyak/v1/ParameterServer.js';
import type { ShardReport } from '../proto/gen/polyak/v1/ShardReport.js';
import type { ChunkService } from './chunk-service.js';
import { MemoryTaken } from './memory-taken.js';
import type { ShardTrial } from './shard-trial.js';
import type { TrialTable } from './trial-table.js';

/** As of an id that the coordinator takes. */
const workerLengthMax = 200;

export function parameterService(table: TrialTable, chunks: ChunkService): ParameterServerHandlers {
  const { metrics } = table.context;
  return {
    Control(stream) {
      stream.once('data', (first) => {
        if (!first.hello) {
          stream.emit('error', toServiceError(new PolyakError('protocol', 'the first message must be Hello')));
          return;
        }
        const { trialKey, worker, version } = first.hello;
        const refusal = refusalOfHello(worker, version);
        if (refusal) return void stream.emit('error', toServiceError(refusal));
        const lead = table.findLead(trialKey);
        if (!lead) {
          metrics.fenced.inc({ what: 'control' });
          stream.write({ fenced: { message: `trial ${trialKey.toString('hex')} is not led here` } });
          stream.end();
          return;
        }
        lead.membership.attach(worker, stream);
      });
      stream.on('error', () => undefined);
    },

    Push(call) {
      chunks.push(asServerStream(call));
    },

    Weights(call) {
      chunks.weights(asServerStream(call));
    },

    FetchModule({ request: { trialKey, sha256 } }, answer) {
      const read = async () => await table.leadOf(trialKey).moduleCode(sha256);
      read().then(
        (code) => answer(null, { code }),
        (error: unknown) => answer(toServiceError(error)),
      );
    },

    Follow(stream) {
      stream.on('error', () => undefined);
      const report = (message: ShardReport) => void (stream.writableEnded || stream.write(message));
      let trialKey: Buffer | undefined;
      let incarnation = -1;
      let followed: ShardTrial | undefined;
      let left = false;
      const heartbeat = setInterval(() => report({ heartbeat: {} }), 1000);
      stream.on('data', (order) => {
        if (order.begin) {
          const begin = order.begin;
          trialKey = begin.trialKey;
          incarnation = begin.incarnation;
          table.begin(begin, report).then(
            (trial) => {
              if (left) return table.release(trial);
              followed = trial;
              report({ begun: { step: trial.step } });
            },
            (error: unknown) => {
              if (error instanceof PolyakError && error.code === 'fenced') {
                report({ fenced: { message: error.message, replaced: table.isReplaced(begin) } });
              } else {
                const message = error instanceof Error ? error.message : String(error);
                const code = error instanceof PolyakError ? error.code : '';
                report({ failed: { message, code, memoryTaken: error instanceof MemoryTaken } });
              }
            },
          );
        } else if (trialKey && !order.heartbeat) {
          const trial = table.find(trialKey, incarnation);
          if (trial) trial.handle(order);
          else report({ fenced: { message: 'a newer incarnation is here' } });
        }
      });
      const over = () => {
        clearInterval(heartbeat);
        left = true;
        if (followed) table.release(followed);
      };
      stream.on('end', () => {
        over();
        stream.end();
      });
      stream.on('close', over);
      stream.on('cancelled', over);
    },
  };
}

/** The error of a worker that cannot work with this process, whatever its trial. */
function refusalOfHello(worker: string, version: string): unknown {
  try {
    if (worker.length > workerLengthMax) {
      throw new PolyakError(
        'protocol',
        `hello: worker has ${worker.length} characters, the most is ${workerLengthMax}`,
      );
    }
    assertCompatible('the worker', version);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Chunk frames have a codec of their own, so that they are not what the generated types say. */
function asServerStream<Sent, Received>(call: EventEmitter): ServerStream<Sent, Received> {
  const fail = (error: unknown) => void call.emit('error', toServiceError(error));
  return Object.assign(call, { fail }) as unknown as ServerStream<Sent, Received>;
}
