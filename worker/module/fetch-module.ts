/** Asks a trial's lead for the code of its module, until it answers: a lead may be on its way to another process. */
import { setTimeout as delay } from 'node:timers/promises';
import { PolyakError } from '../../common/errors.js';
import { parameterServerClient, unary } from '../../common/rpc.js';
import type { TlsFiles } from '../../common/tls/tls-files.js';
import type { ModuleReply__Output } from '../../proto/gen/polyak/v1/ModuleReply.js';

const answerMs = 30_000;
const pauseMs = 500;

export interface ModulePlace {
  /** Says where the lead is now. */
  lead: () => string;
  tls: TlsFiles | undefined;
}

/** Errors: `data` where the lead has no such module; what the signal says. */
export async function fetchModule(
  { lead, tls }: ModulePlace,
  trialKey: Buffer,
  sha256: string,
  signal: AbortSignal,
): Promise<Uint8Array> {
  for (;;) {
    signal.throwIfAborted();
    const client = parameterServerClient(lead(), tls);
    try {
      const deadline = Date.now() + answerMs;
      const { code } = await unary<ModuleReply__Output>(`lead ${lead()}`, (callback) =>
        client.fetchModule({ trialKey, sha256 }, { deadline }, callback),
      );
      return code;
    } catch (error) {
      const mends = error instanceof PolyakError && (error.code === 'unreachable' || error.code === 'fenced');
      if (!mends) throw error;
      await delay(pauseMs, undefined, { signal });
    } finally {
      client.close();
    }
  }
}
