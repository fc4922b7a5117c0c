/** A trial as the coordinator knows it: its states, and the only table of what may follow what. */
import { PolyakError } from '../common/errors.js';

export type TrialState =
  /** Submitted; its shards are not all there yet. */
  | 'waiting'
  /** Its lead has been told. */
  | 'running'
  /** Its lead has been told to checkpoint and end. */
  | 'stopping'
  /** Ended at a checkpoint, from which it can go on. */
  | 'stopped'
  /** Ended as it should; never changes again. */
  | 'finished'
  /** Ended by numbers that are not finite; never changes again. */
  | 'diverged'
  /** Ended by an error; it can be tried again. */
  | 'failed';

export type TrialTrigger = 'submit' | 'start' | 'stop' | 'stopped' | 'finished' | 'diverged' | 'failed';

const ends = { stopped: 'stopped', finished: 'finished', diverged: 'diverged', failed: 'failed' } as const;

const transitions: Record<TrialState, Partial<Record<TrialTrigger, TrialState>>> = {
  // A lead may report the end before a coordinator that restarted has seen all its shards again.
  waiting: { submit: 'waiting', start: 'running', stop: 'stopping', ...ends },
  running: { submit: 'waiting', start: 'running', stop: 'stopping', ...ends },
  stopping: { submit: 'waiting', start: 'stopping', stop: 'stopping', ...ends },
  stopped: { submit: 'waiting', stop: 'stopped' },
  failed: { submit: 'waiting', stop: 'failed' },
  finished: { submit: 'finished', stop: 'finished' },
  diverged: { submit: 'diverged', stop: 'diverged' },
};

export interface Trial {
  /** Eight bytes, hexadecimal. */
  key: string;
  /** Resolved, as JSON. */
  experiment: string;
  /** Folder of its checkpoints. */
  directory: string;
  /** Step not to pass; 0 for all epochs. */
  untilStep: number;
  shards: number;
  state: TrialState;
}

/** Errors: `usage` for what the table does not have. */
export function nextState(trial: Pick<Trial, 'key' | 'state'>, trigger: TrialTrigger): TrialState {
  const next = transitions[trial.state][trigger];
  if (!next) throw new PolyakError('usage', `trial ${trial.key} is ${trial.state}: '${trigger}' is not possible`);
  return next;
}

export function isOver(state: TrialState): boolean {
  return state in ends;
}

export function isEnd(event: unknown): event is keyof typeof ends {
  return typeof event === 'string' && event in ends;
}
