/** What all requests for remote files have in common: how a server refuses, when another attempt is worth it, silence. */
import { setTimeout as delay } from 'node:timers/promises';
import { PolyakError } from '../errors.js';

export interface RemoteTarget {
  /** For messages; holds nothing that is secret. */
  shown: string;
  /** Made anew for every attempt, because a signature ages. */
  request(headers: Record<string, string>): Promise<Request>;
  /** What the bytes are known by on the server: a strong ETag, or else the date of their last change. */
  validator?: string;
  bytes?: number;
  /** The error for an answer that is no success. */
  refusal(response: Response): Promise<PolyakError>;
  /** What becomes of a request that is given up, for messages. */
  afterwards?: string;
}

/** The server has other bytes than those that were asked for: what was known of the file must be asked again. */
export class ChangedOnServer extends Error {}

/** Attempts without a byte of progress. */
const attemptsMax = 4;
const pauseMs = 250;
export const silenceMsMax = 30_000;
/** The name of the host is unknown: another attempt would not find it either. */
const noHost = 'ENOTFOUND';

/** A plain file of a web server. `way` is what a user can do when the server refuses it. */
export function webTarget(url: string, shown: string, way: string): RemoteTarget {
  return {
    shown,
    request: async (headers) =>
      await Promise.resolve(new Request(url, { headers: { 'accept-encoding': 'identity', ...headers } })),
    refusal: async (response) => {
      await response.body?.cancel();
      return refused(shown, response.status, way);
    },
  };
}

export function refused(shown: string, status: number, way: string): PolyakError {
  const code = status >= 500 || status === 429 ? 'unreachable' : 'data';
  return new PolyakError(code, `${shown}: the server answered ${status}${way === '' ? '' : `; ${way}`}`);
}

/** A strong ETag, or the date of the last change: what If-Range may hold. */
export function validatorOf(headers: Headers): string | undefined {
  const etag = headers.get('etag');
  if (etag !== null && etag.startsWith('"')) return etag;
  return headers.get('last-modified') ?? undefined;
}

/**
 * Again, a little later each time, while the server is busy or the connection breaks; attempts that got further do not
 * count. Errors: `unreachable`, when that does not help; at once, all other PolyakErrors.
 */
export async function withRetries<T>(
  target: RemoteTarget,
  signal: AbortSignal | undefined,
  progress: () => Promise<number>,
  task: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const before = await progress();
    try {
      return await task();
    } catch (error) {
      signal?.throwIfAborted();
      if (codeOf(error) === noHost) throw unreachable(target, error);
      if (!isWorthAnother(error)) throw error;
      if ((await progress()) > before) attempt = 0;
      if (attempt >= attemptsMax) throw unreachable(target, error);
      await delay(pauseMs * 2 ** attempt, undefined, { signal });
    }
  }
}

/** What the network or a busy server did; not what was refused, the disk, or a mistake of ours. */
function isWorthAnother(error: unknown): boolean {
  if (error instanceof PolyakError) return error.code === 'unreachable';
  return error instanceof Error && !(error instanceof ChangedOnServer);
}

const downloadGoesOn = 'what has arrived is kept, the same command goes on';

function unreachable({ shown, afterwards = downloadGoesOn }: RemoteTarget, error: unknown): PolyakError {
  const already = error instanceof PolyakError ? error.message : `${shown}: ${reasonOf(error)}`;
  return new PolyakError('unreachable', afterwards === '' ? already : `${already}; ${afterwards}`, { cause: error });
}

/** Ends the task when it hears nothing for half a minute. */
export async function withoutSilence<T>(
  signal: AbortSignal | undefined,
  task: (signal: AbortSignal, heard: () => void) => Promise<T>,
): Promise<T> {
  const silence = new AbortController();
  const fall = () => silence.abort(new Error(`silent for ${silenceMsMax / 1000} s`));
  let timer = setTimeout(fall, silenceMsMax);
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(fall, silenceMsMax);
  };
  try {
    return await task(signal ? AbortSignal.any([signal, silence.signal]) : silence.signal, heard);
  } finally {
    clearTimeout(timer);
  }
}

/** fetch hides the reason in causes. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${reasonOf(error.cause)}` : error.message;
}

/** Such as ENOTFOUND, from wherever in the causes it stands. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return 'code' in error && typeof error.code === 'string' ? error.code : codeOf(error.cause);
}
