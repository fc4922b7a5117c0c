/** Whether this Polyak knows a store of some version. It does not migrate anything. */
import { PolyakError } from '../../common/errors.js';

/** Errors: `usage` for a store that a newer Polyak has made. */
export function refuseNewer(store: string, version: number, known: number): void {
  if (version <= known) return;
  const message = `store '${store}' is of version ${version}, this Polyak knows up to ${known}: update Polyak`;
  throw new PolyakError('usage', message);
}

/** For readers, which do not migrate. Errors: `usage` for a store of any other version than the newest. */
export function requireNewest(store: string, version: number, known: number): void {
  refuseNewer(store, version, known);
  if (version === known) return;
  const found = version === 0 ? 'holds nothing yet' : `is of version ${version}, this Polyak reads version ${known}`;
  throw new PolyakError('usage', `store '${store}' ${found}: start a coordinator of this Polyak on it first`);
}
