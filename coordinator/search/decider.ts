/** What decides upon a sweep's trials. */
import type { SearchEvent } from './log.js';
import type { Outcome } from './search.js';

/** What decides: a search, or the repetition of one. */
export interface Decider {
  take(event: SearchEvent): Outcome;
  /** Why it cannot have more trials now, in words after the sweep's name. */
  refusalOfMore?(): string | undefined;
  /** Of a repetition: all that was stored has been decided again. */
  readonly isComplete?: boolean;
  /** Of a repetition: what it repeats was halted here. */
  readonly isHalted?: boolean;
  /** Of a repetition: false for a trial that had not begun when what it repeats was halted. */
  mayBegin?(trial: number): boolean;
  /** Of a repetition: the trial was not over when what it repeats was halted. */
  staysOpen?(trial: number): boolean;
}
