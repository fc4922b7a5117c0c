/** What every kind of store says of the coordinator's epoch, which fences an older coordinator. */
import { PolyakError } from '../../common/errors.js';
import type { EventRow } from './rows.js';

export function fencedError(own: number, stored: number): PolyakError {
  const message = `coordinator epoch ${own} has been replaced: the store is at epoch ${stored}`;
  return new PolyakError('fenced', message);
}

/** Of a coordinator that takes the store. */
export function startedEvent(epoch: number, process: string): EventRow {
  const detail = JSON.stringify({ epoch, process });
  return { at: new Date().toISOString(), what: 'coordinator-started', subject: 'coordinator', detail };
}
