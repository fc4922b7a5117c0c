/** A row that tells of a change, for whoever asks later how things came about. */
import type { Change } from './rows.js';

export function eventChange(what: string, subject: string, detail: Record<string, unknown>): Change {
  return { table: 'events', row: { at: new Date().toISOString(), what, subject, detail: JSON.stringify(detail) } };
}
