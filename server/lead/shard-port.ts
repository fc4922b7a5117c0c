/**
 * How the lead reaches a shard: orders in, reports out. Its own shard is reached by a function call, the others by a
 * stream; the lead cannot tell the difference.
 */
import { PolyakError } from '../../common/errors.js';
import { parameterServerClient } from '../../common/rpc.js';
import type { TlsFiles } from '../../common/tls/tls-files.js';
import type { ShardOrder } from '../../proto/gen/polyak/v1/ShardOrder.js';
import type { ShardOrder__Output } from '../../proto/gen/polyak/v1/ShardOrder.js';
import type { ShardReport__Output } from '../../proto/gen/polyak/v1/ShardReport.js';
import type { ShardReport } from '../../proto/gen/polyak/v1/ShardReport.js';
import type { BeginOrder, ShardTrial } from '../shard-trial.js';

export interface ShardPort {
  send(order: ShardOrder): void;
  close(): void;
}

export interface ShardPortEvents {
  report(shard: number, report: ShardReport): void;
  lost(shard: number, error: Error): void;
}

/** Starts an incarnation on the lead's own shard. */
export type BeginLocally = (begin: BeginOrder, report: (report: ShardReport) => void) => Promise<ShardTrial>;

/** Gives back what an incarnation holds. */
export type ReleaseLocally = (trial: ShardTrial) => void;

export async function openLocalShard(
  begin: BeginOrder,
  beginLocally: BeginLocally,
  release: ReleaseLocally,
  events: ShardPortEvents,
): Promise<ShardPort> {
  let closed = false;
  const report = (message: ShardReport) =>
    queueMicrotask(() => {
      if (!closed) events.report(begin.shard, message);
    });
  const trial = await beginLocally(begin, report);
  report({ begun: { step: trial.step } });
  return {
    send: (order) => trial.handle(order as ShardOrder__Output),
    close: () => {
      closed = true;
      release(trial);
    },
  };
}

/** A shard sends a heartbeat each second. */
const silenceMs = 5000;

export function openRemoteShard(
  address: string,
  begin: BeginOrder,
  events: ShardPortEvents,
  tls?: TlsFiles,
): ShardPort {
  const client = parameterServerClient(address, tls);
  const stream = client.follow();
  let closed = false;
  let lastHeardAt = performance.now();
  let lastBeatAt = lastHeardAt;
  const heartbeat = setInterval(() => {
    stream.write({ heartbeat: {} });
    const now = performance.now();
    // A lead that was itself suspended has heard nothing through no fault of the shard's.
    if (now - lastBeatAt > silenceMs / 2) lastHeardAt = now;
    lastBeatAt = now;
    if (now - lastHeardAt > silenceMs) {
      lose(new PolyakError('unreachable', `shard ${begin.shard} at ${address} is silent for ${silenceMs / 1000} s`));
    }
  }, 1000);
  const lose = (error: Error) => {
    if (closed) return;
    close();
    events.lost(begin.shard, error);
  };
  const close = () => {
    closed = true;
    clearInterval(heartbeat);
    stream.cancel();
    client.close();
  };
  stream.on('data', (report: ShardReport__Output) => {
    lastHeardAt = performance.now();
    if (!closed) events.report(begin.shard, report);
  });
  stream.on('error', lose);
  stream.on('end', () => lose(new PolyakError('unreachable', `shard ${begin.shard} at ${address} ended its stream`)));
  stream.write({ begin });
  return { send: (order) => void stream.write(order), close };
}
