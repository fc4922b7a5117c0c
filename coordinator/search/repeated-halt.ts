/** In words, that a repetition has ended where what it repeats was halted; it is known by these words again. */
import type { Halt } from './log.js';

const beginning = 'repeated to its end';

export function repeatedHaltReason({ state, reason }: Pick<Halt, 'state' | 'reason'>): string {
  // Of a repetition that is repeated.
  if (reason !== null && isRepeatedHalt(reason)) return reason;
  const how = reason ?? (state === 'failed' ? 'it failed there' : `it was ${state} there by its user`);
  return `${beginning}: ${how}`;
}

/** Of a sweep that repeats another: whether it did so, rather than was stopped before. */
export function isRepeatedHalt(reason: string): boolean {
  return reason.startsWith(`${beginning}: `);
}
