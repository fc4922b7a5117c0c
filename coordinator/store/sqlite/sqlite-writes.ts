/** Changes as they go to the thread that writes: text, which takes a third of the time that rows take. */
import type { Change } from '../rows.js';
import { storedOf, type Stored, type TableName } from '../tables.js';

/** What is to be done, and its values in the order of the table's columns. */
export type Write = ['forget' | TableName, ...Stored[]];

export function writesOf(changes: readonly Change[]): string {
  return JSON.stringify(changes.map(writeOf));
}

export function readWrites(text: string): Write[] {
  return JSON.parse(text) as Write[];
}

export function writeOf(change: Change): Write {
  if ('forget' in change) return ['forget', change.forget.run, change.forget.kind];
  return [change.table, ...storedOf(change.table, change.row)];
}
