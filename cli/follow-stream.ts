/** A stream of the coordinator's that is read to its last message, and opened again as long as the coordinator may be away. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ClientReadableStream } from '@grpc/grpc-js';
import { PolyakError } from '../common/errors.js';
import { fromServiceError } from '../common/rpc.js';

export interface FollowedStream<Last> {
  /** For messages. */
  peer: string;
  /** From where the reader is. */
  open: () => ClientReadableStream<{ body: string }>;
  /** Answers with what the following comes to, at the last message. */
  receive: (body: string) => Last | undefined;
  /** How long the coordinator may be out of reach. */
  patienceMs: number;
  signal: AbortSignal;
}

/** Between two attempts. */
export const retryMs = 200;

/** Errors: those of the stream, and `unreachable` when the coordinator stays away. */
export async function followStream<Last>(followed: FollowedStream<Last>): Promise<Last> {
  const { receive, patienceMs, signal } = followed;
  let reachableAt = Date.now();
  for (;;) {
    // Of what is aborted already nobody hears that it is.
    signal.throwIfAborted();
    let last: Last | undefined;
    const error = await readToEnd(followed, (body) => {
      reachableAt = Date.now();
      last = receive(body) ?? last;
    });
    if (last !== undefined) return last;
    signal.throwIfAborted();
    if (error && error.code !== 'unreachable' && error.code !== 'internal') throw error;
    if (!error) reachableAt = Date.now();
    else if (Date.now() - reachableAt > patienceMs) throw outOfReach(error, patienceMs);
    await delay(retryMs, undefined, { signal });
  }
}

async function readToEnd<Last>(
  { open, peer, signal }: FollowedStream<Last>,
  receive: (body: string) => void,
): Promise<PolyakError | undefined> {
  const stream = open();
  const cancel = () => stream.cancel();
  signal.addEventListener('abort', cancel);
  try {
    return await new Promise((resolve) => {
      stream.on('data', ({ body }: { body: string }) => receive(body));
      stream.on('error', (error) => resolve(fromServiceError(error, peer)));
      stream.on('end', () => resolve(undefined));
    });
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

export function outOfReach(error: PolyakError, patienceMs: number): PolyakError {
  if (error.code !== 'unreachable') return error;
  const seconds = `${Math.ceil(patienceMs / 1000)} s`;
  const way = "is the address right, and does a 'polyak coordinator' run there?";
  return new PolyakError(
    'unreachable',
    `${error.message.replace(/ Resolution note: $/, '')} (for ${seconds}); ${way}`,
    {
      cause: error,
    },
  );
}
