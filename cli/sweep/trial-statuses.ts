/** `--status finished,failed`. */
import { PolyakError } from '../../common/errors.js';
import type { TrialRow } from '../../coordinator/store/rows.js';

/** Errors: `usage`. */
export function statusesOf(text: string): TrialRow['status'][] {
  const known = ['waiting', 'running', 'paused', 'stopped', 'finished', 'failed'];
  const names = text.split(',');
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new PolyakError('usage', `--status ${unknown}: it must be of ${known.join(', ')}`);
  return names as TrialRow['status'][];
}
