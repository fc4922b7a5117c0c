/**
 * The streams that carry floats: gradients come in and are answered, weights go out; both against credit. It does not
 * know whether a stream is a gRPC call or a plain socket.
 */
import { PolyakError } from '../common/errors.js';
import { vectors, type ChunkFrame } from '../common/frame.js';
import { vectorKernels } from '../common/kernels/vector-kernels.js';
import type { Logger } from '../common/log.js';
import type { ServerStream } from '../common/message-stream.js';
import type { PushReply } from '../proto/gen/polyak/v1/PushReply.js';
import type { WeightsRequest__Output } from '../proto/gen/polyak/v1/WeightsRequest.js';
import { Arena } from './arithmetic/arena.js';
import type { BusySource } from './busy-clock.js';
import { allocate } from './chunk.js';
import type { PushResult } from './shard-trial.js';
import type { TrialTable } from './trial-table.js';
import { WeightsReader } from './weights-reader.js';

export interface ChunkService {
  push(stream: ServerStream<PushReply, ChunkFrame | PolyakError>): void;
  weights(stream: ServerStream<ChunkFrame, WeightsRequest__Output>): void;
}

/** Frames that a pushing worker may have under way. */
const pushCredit = 32;

export function chunkService(table: TrialTable, log: Logger): ChunkService {
  const { metrics } = table.context;
  return {
    push(stream) {
      /** In the order of the frames. */
      let answers = Promise.resolve();
      let credit = pushCredit;
      stream.on('error', () => undefined);
      stream.on('data', (frame) => {
        credit -= 1;
        if (credit < 0) return stream.fail(new PolyakError('protocol', 'a frame came for which there was no credit'));
        const { reply, settled } = receive(frame);
        metrics.pushes.inc({ result: String(reply.result).toLowerCase() });
        answers = answers.then(async () => {
          await settled?.();
          credit += 1;
          if (!stream.cancelled && !stream.writableEnded) stream.write(reply);
        });
      });
      stream.on('end', () => void answers.then(() => stream.end()));
      stream.write({ credit: pushCredit, result: 'NONE' });
    },

    weights(stream) {
      let reader: WeightsReader | undefined;
      const sending = metrics.parts.sending.open();
      const close = () => {
        reader?.close();
        sending.close();
      };
      stream.on('error', close);
      stream.on('cancelled', close);
      stream.on('end', () => {
        close();
        stream.end();
      });
      stream.on('data', (request) => {
        try {
          if (request.subscribe && !reader) reader = subscribe(request, stream, sending);
          reader?.grant(request.credit);
        } catch (error) {
          stream.fail(error);
        }
      });
    },
  };

  /** Its answer, which is due when what is settled by then. The frame's bytes are not needed any more. */
  function receive(frame: ChunkFrame | PolyakError): { reply: PushReply; settled?: () => Promise<void> } {
    try {
      if (frame instanceof PolyakError) throw frame;
      metrics.receivedBytes.inc(frame.data.length);
      return { ...route(frame) };
    } catch (error) {
      if (!(error instanceof PolyakError)) {
        log.error({ error: error instanceof Error ? error.stack : String(error) }, 'a push failed');
        return { reply: { credit: 1, result: 'REFUSED', message: 'internal error' } };
      }
      const result = error.code === 'fenced' ? 'FENCED' : 'REFUSED';
      return { reply: { credit: 1, result, message: error.message } };
    }
  }

  function route(frame: ChunkFrame): { reply: PushReply; settled?: () => Promise<void> } {
    const reply = (result: PushResult) => ({ credit: 1, result });
    if (frame.vector === vectors.preprocess) {
      const lead = table.leadOf(frame.trialKey);
      if (lead.incarnation !== frame.incarnation) throw table.fence(frame.trialKey, frame.incarnation, 'push');
      return { reply: reply(lead.pushPreprocess(frame)) };
    }
    const trial = table.trialOf(frame.trialKey, frame.incarnation, 'push');
    const { chunk } = frame;
    return { reply: reply(trial.push(frame)), settled: async () => await trial.settled(chunk) };
  }

  function subscribe(
    request: WeightsRequest__Output,
    stream: ServerStream<ChunkFrame, WeightsRequest__Output>,
    sending: BusySource,
  ): WeightsReader | undefined {
    const send = (frame: ChunkFrame, sent: () => void) => {
      metrics.sentBytes.inc(frame.data.length);
      sending.begin();
      stream.write(frame, () => {
        sending.end();
        sent();
      });
    };
    if (request.vector === 'PREPROCESS') {
      sendPreprocess(request, send);
      stream.end();
      return undefined;
    }
    const trial = table.trialOf(request.trialKey, request.incarnation, 'weights');
    const which = request.vector === 'AVERAGE' ? 'average' : 'weights';
    const reader = new WeightsReader(trial, which, table.context.frames, send, () => stream.end());
    const forget = table.onClose(trial, () => {
      reader.close();
      stream.end();
    });
    stream.on('end', forget);
    stream.on('cancelled', forget);
    return reader;
  }

  function sendPreprocess(request: WeightsRequest__Output, send: (frame: ChunkFrame, sent: () => void) => void): void {
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
  }
}
