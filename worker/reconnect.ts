/** Streams that come back: a session is run again and again until it is told to stop, with a pause that grows to a second. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ClientStream } from '../common/message-stream.js';

const pauseMsMin = 100;
const pauseMsMax = 1000;

/** Resolves when the signal aborts. A session that lasted starts the pauses anew; `onBreak` hears why each one ended. */
export async function keepConnected(
  signal: AbortSignal,
  session: () => Promise<void>,
  onBreak: (error: unknown) => void,
): Promise<void> {
  let pauseMs = pauseMsMin;
  while (!signal.aborted) {
    const startedAt = performance.now();
    try {
      await session();
    } catch (error) {
      if (!signal.aborted) onBreak(error);
    }
    pauseMs = performance.now() - startedAt > pauseMsMax ? pauseMsMin : Math.min(pauseMsMax, pauseMs * 2);
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Resolves when the peer ends the stream, which ends our side of it too; rejects when it breaks; cancels it when the signal aborts. */
export async function streamEnd<Sent, Received>(
  stream: ClientStream<Sent, Received>,
  signal: AbortSignal,
): Promise<void> {
  const cancel = () => stream.cancel();
  try {
    await new Promise<void>((resolve, reject) => {
      stream.on('end', () => {
        // Else the connection stays half open until the peer's silence is noticed, and with it all that listens.
        stream.end();
        resolve();
      });
      stream.on('error', reject);
      if (signal.aborted) cancel();
      else signal.addEventListener('abort', cancel, { once: true });
    });
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}
