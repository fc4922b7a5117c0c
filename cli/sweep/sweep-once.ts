/** A sweep's folder for a submission that may be a repetition of an earlier one, by its idempotency key. */
import { isDeepStrictEqual } from 'node:util';
import { PolyakError } from '../../common/errors.js';
import { sweepKeyOf } from '../../common/idempotency-key.js';
import { sweepNames } from './find-sweep.js';
import { createSweep, type PreparedSweep, type SweepPlace } from './prepare-sweep.js';
import { SweepFolder } from './sweep-folder.js';

const flag = '--idempotency-key';

/**
 * A new one without a key; that of the earlier submission where this state folder has it. Errors: `usage` for a key without a
 * coordinator, and for one that another experiment has.
 */
export async function sweepOnce(
  prepared: PreparedSweep,
  place: SweepPlace & { idempotencyKey?: string },
  options: { settings: Record<string, unknown>; file?: string },
): Promise<SweepFolder> {
  const { idempotencyKey: text, coordinator, state } = place;
  if (text === undefined) return await createSweep(prepared, place, options);
  const sweepKey = sweepKeyOf(text, flag);
  if (coordinator === undefined) {
    const way = "give --coordinator; on this machine 'polyak resume' goes on with a sweep";
    throw new PolyakError('usage', `${flag} ${text}: it names a submission to a cluster elsewhere; ${way}`);
  }
  const known = sweepNames(state)
    .map((name) => SweepFolder.open(state, name))
    .find(({ facts }) => facts.sweepKey === sweepKey && facts.coordinator === coordinator);
  if (!known) return await createSweep(prepared, place, { ...options, sweepKey });
  // As it was written down, where what is undefined is left out.
  const experiment: unknown = JSON.parse(JSON.stringify(prepared.value));
  if (isDeepStrictEqual(known.template.experiment, experiment)) return known;
  throw new PolyakError(
    'usage',
    `${flag} ${text}: ${known.facts.name} has it, of another experiment; give another key`,
  );
}
