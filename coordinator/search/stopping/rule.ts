/** A rule that looks at a trial's newest report, and at other trials only where it says so in the registry. */
import type { Direction, SawLimit, StopReason } from '../log.js';
import type { SearchTable, TrialRecord } from '../search-table.js';

export interface Verdict {
  reason: StopReason;
  saw: SawLimit | { step: number };
}

export interface RuleContext {
  direction: Direction;
  table: SearchTable;
}

/** What is to be done about the trial; undefined lets it go on. */
export type StoppingRule = (trial: TrialRecord, context: RuleContext) => Verdict | undefined;
