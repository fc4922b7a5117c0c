/** The state machine of a trial, in one table. */

export type TrialState =
  /** Waits until enough shards are there. */
  | 'queued'
  /** Its lead has been told. */
  | 'running'
  /** All steps done, result stored. */
  | 'finished'
  /** A gradient was not finite, and a second worker agreed. */
  | 'diverged'
  /** Data, experiment or software are not as they must be. */
  | 'failed'
  /** Checkpointed at the user's wish; may go on. */
  | 'stopped';

const transitions: Record<TrialState, TrialState[]> = {
  queued: ['running', 'stopped', 'failed'],
  running: ['finished', 'diverged', 'failed', 'stopped'],
  finished: [],
  diverged: [],
  failed: ['queued'],
  stopped: ['queued'],
};

/** Errors: a programmer's, when the table does not have the step. */
export function nextState(from: TrialState, to: TrialState): TrialState {
  if (!transitions[from].includes(to)) throw new Error(`a trial that is ${from} cannot become ${to}`);
  return to;
}

export function isOver(state: TrialState): boolean {
  return state !== 'queued' && state !== 'running';
}
