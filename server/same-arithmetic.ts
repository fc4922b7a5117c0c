/**
 * Whether a server may work on a trial together with other processes: the optimizer is computed here, so that the numbers of a
 * trial are those of its servers as much as of its workers.
 */
import { PolyakError } from '../common/errors.js';
import type { Experiment } from '../common/experiment/schema.js';
import { arithmeticRevision, firstArithmeticRevision } from '../common/kernels/arithmetic-revision.js';

/** As a fingerprint has it. */
export function revisionOf({ fingerprint }: { fingerprint: Record<string, string> }): string {
  return fingerprint['arithmetic'] ?? String(firstArithmeticRevision);
}

/** Why a worker and this server would not make the numbers of one revision; or undefined. */
export function serverDifference(worker: { fingerprint: Record<string, string> }): string | undefined {
  const revision = revisionOf(worker);
  if (revision === String(arithmeticRevision)) return undefined;
  return `the arithmetic of the worker is of revision ${revision}, that of the trial's server of ${arithmeticRevision}`;
}

/** `arithmetic` is the lead's, 0 where it does not say. Errors: `fingerprint`. */
export function assertSameArithmetic(
  { arithmetic, shard }: { arithmetic: number; shard: number },
  { numerics }: Pick<Experiment, 'numerics'>,
): void {
  const revision = arithmetic === 0 ? firstArithmeticRevision : arithmetic;
  if (revision === arithmeticRevision || numerics === 'tolerant') return;
  throw new PolyakError(
    'fingerprint',
    `the arithmetic of the trial's lead is of revision ${revision}, that of shard ${shard} of ${arithmeticRevision}: servers of one revision lead exact trials`,
  );
}
