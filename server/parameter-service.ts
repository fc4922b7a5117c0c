/**
 * The gRPC face of a server: finds the trial that a message speaks of, fences what is old, grants credit. It knows no
 * arithmetic.
 */
import { PolyakError } from '../common/errors.js';
import { vectors, type ChunkFrame } from '../common/frame.js';
import { vectorKernels } from '../common/kernels/vector-kernels.js';
import type { Logger } from '../common/log.js';
import { toServiceError } from '../common/rpc.js';
import type { ChunkFrame as ChunkFrameMessage } from '../proto/gen/polyak/v1/ChunkFrame.js';
import type { ParameterServerHandlers } from '../proto/gen/polyak/v1/ParameterServer.js';
import type { PushReply } from '../proto/gen/polyak/v1/PushReply.js';
import type { ShardReport } from '../proto/gen/polyak/v1/ShardReport.js';
import type { WeightsRequest__Output } from '../proto/gen/polyak/v1/WeightsRequest.js';
import { Arena } from './arithmetic/arena.js';
import { allocate } from './chunk.js';
import type { TrialTable } from './trial-table.js';
import { WeightsReader } from './weights-reader.js';

/** Frames that a pushing worker may have under way. */
const pushCredit = 32;

export function parameterService(table: TrialTable, log: Logger): ParameterServerHandlers {
  const { metrics, frames } = table.context;

  const answerPush = (frame: ChunkFrame | PolyakError): PushReply => {
    try {
      if (frame instanceof PolyakError) throw frame;
      metrics.receivedBytes.inc(frame.data.length);
      return { credit: 1, result: route(frame) };
    } catch (error) {
      if (!(error instanceof PolyakError)) {
        log.error({ error: error instanceof Error ? error.stack : String(error) }, 'a push failed');
        return { credit: 1, result: 'REFUSED', message: 'internal error' };
      }
      return { credit: 1, result: error.code === 'fenced' ? 'FENCED' : 'REFUSED', message: error.message };
    }
  };

  const route = (frame: ChunkFrame) => {
    if (frame.vector === vectors.preprocess) {
      const lead = table.leadOf(frame.trialKey);
      if (lead.incarnation !== frame.incarnation) throw table.fence(frame.trialKey, frame.incarnation, 'push');
      return lead.pushPreprocess(frame);
    }
    return table.trialOf(frame.trialKey, frame.incarnation, 'push').push(frame);
  };

  return {
    Control(stream) {
      stream.once('data', (first) => {
        if (!first.hello) {
          stream.emit('error', toServiceError(new PolyakError('protocol', 'the first message must be Hello')));
          return;
        }
        const { trialKey, worker } = first.hello;
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

    Push(stream) {
      /** In the order of the frames. */
      let answers = Promise.resolve();
      stream.on('error', () => undefined);
      stream.on('data', (message: unknown) => {
        const frame = message as ChunkFrame | PolyakError;
        const reply = answerPush(frame);
        metrics.pushes.inc({ result: String(reply.result).toLowerCase() });
        answers = answers.then(async () => {
          if (!(frame instanceof PolyakError))
            await table.find(frame.trialKey, frame.incarnation)?.settled(frame.chunk);
          if (!stream.cancelled && !stream.writableEnded) stream.write(reply);
        });
      });
      stream.on('end', () => void answers.then(() => stream.end()));
      stream.write({ credit: pushCredit, result: 'NONE' });
    },

    Weights(stream) {
      let reader: WeightsReader | undefined;
      stream.on('error', () => reader?.close());
      stream.on('cancelled', () => reader?.close());
      stream.on('end', () => {
        reader?.close();
        stream.end();
      });
      const send = (frame: ChunkFrame, sent: () => void) => {
        metrics.sentBytes.inc(frame.data.length);
        stream.write(frame as unknown as ChunkFrameMessage, sent);
      };
      stream.on('data', (request: WeightsRequest__Output) => {
        try {
          if (request.subscribe && !reader && request.vector === 'PREPROCESS') sendPreprocess(request, send, stream);
          else if (request.subscribe && !reader) {
            const trial = table.trialOf(request.trialKey, request.incarnation, 'weights');
            const which = request.vector === 'AVERAGE' ? 'average' : 'weights';
            const subscribed = new WeightsReader(trial, which, frames, send, () => stream.end());
            table.onClose(trial, () => {
              subscribed.close();
              stream.end();
            });
            reader = subscribed;
          }
          reader?.grant(request.credit);
        } catch (error) {
          stream.emit('error', toServiceError(error));
        }
      });
    },

    Follow(stream) {
      stream.on('error', () => undefined);
      const report = (message: ShardReport) => void (stream.writableEnded || stream.write(message));
      let trialKey: Buffer | undefined;
      let incarnation = -1;
      const heartbeat = setInterval(() => report({ heartbeat: {} }), 1000);
      stream.on('data', (order) => {
        if (order.begin) {
          const begin = order.begin;
          trialKey = begin.trialKey;
          incarnation = begin.incarnation;
          table.begin(begin, report).then(
            (trial) => report({ begun: { step: trial.step } }),
            (error: unknown) => {
              if (error instanceof PolyakError && error.code === 'fenced') {
                report({ fenced: { message: error.message, replaced: table.isReplaced(begin) } });
              } else report({ failed: { message: error instanceof Error ? error.message : String(error) } });
            },
          );
        } else if (trialKey && !order.heartbeat) {
          const trial = table.find(trialKey, incarnation);
          if (trial) trial.handle(order);
          else report({ fenced: { message: 'a newer incarnation is here' } });
        }
      });
      stream.on('end', () => stream.end());
      const over = () => clearInterval(heartbeat);
      stream.on('close', over);
      stream.on('cancelled', over);
    },
  };

  function sendPreprocess(
    request: WeightsRequest__Output,
    send: (frame: ChunkFrame, sent: () => void) => void,
    stream: { end(): unknown },
  ): void {
    const lead = table.leadOf(request.trialKey);
    const mean = lead.preprocess;
    if (!mean) throw new PolyakError('protocol', 'the trial has no preprocessing mean yet');
    const floats = lead.chunkFloats;
    const chunkBytes = Math.min(mean.length, floats) * 4;
    const scratch = new Arena({ chunkBytes, arenaBytes: Math.max(1 << 20, 2 * chunkBytes + 65536) });
    const kernels = vectorKernels(scratch.memory);
    const pointer = allocate(scratch);
    for (let chunk = 0; chunk * floats < mean.length; chunk++) {
      const part = mean.subarray(chunk * floats, (chunk + 1) * floats);
      scratch.floats(pointer, part.length).set(part);
      const header = { trialKey: request.trialKey, incarnation: request.incarnation, vector: vectors.preprocess };
      const data = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
      const checksum = kernels.checksum(pointer, part.length);
      send({ ...header, step: 0, chunk, firstLeaf: 0, leaves: 0, checksum, data }, () => undefined);
    }
    stream.end();
  }
}
