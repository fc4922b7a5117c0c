/** The states of a run, that is of one training on the parameter server, and the only table of what may follow what. */
import { PolyakError } from '../common/errors.js';

export type RunState =
  /** Its lead has not been told yet: shards, a worker or its turn are missing. */
  | 'waiting'
  /** Its lead has been told. */
  | 'running'
  /** Its lead has been told to checkpoint and end. */
  | 'stopping'
  /** At the end of its `untilEpoch`, in a checkpoint; it goes on when its trial is promoted. */
  | 'paused'
  /** Ended at a checkpoint, from which it can go on. */
  | 'stopped'
  /** Ended as it should; never changes again. */
  | 'finished'
  /** Ended by numbers that are not finite; never changes again. */
  | 'diverged'
  /** Ended by an error; it can be tried again. */
  | 'failed';

export type RunTrigger =
  'submit' | 'start' | 'yield' | 'promote' | 'stop' | 'paused' | 'stopped' | 'finished' | 'diverged' | 'failed';

const ends = { stopped: 'stopped', finished: 'finished', diverged: 'diverged', failed: 'failed' } as const;

const transitions: Record<RunState, Partial<Record<RunTrigger, RunState>>> = {
  // A lead may report before a coordinator that restarted has seen all its shards again.
  waiting: { submit: 'waiting', start: 'running', promote: 'waiting', stop: 'stopping', paused: 'paused', ...ends },
  running: {
    ...{ submit: 'waiting', start: 'running', yield: 'waiting', promote: 'running', stop: 'stopping' },
    ...{ paused: 'paused', ...ends },
  },
  // What it does last decides, whatever it was asked.
  stopping: { submit: 'waiting', start: 'stopping', yield: 'stopping', stop: 'stopping', paused: 'stopped', ...ends },
  paused: { submit: 'waiting', promote: 'waiting', stop: 'stopped' },
  stopped: { submit: 'waiting', stop: 'stopped' },
  failed: { submit: 'waiting', stop: 'failed' },
  finished: { submit: 'finished', stop: 'finished' },
  diverged: { submit: 'diverged', stop: 'diverged' },
};

/** Errors: `usage` for what the table does not have. */
export function nextState({ key, state }: { key: string; state: RunState }, trigger: RunTrigger): RunState {
  const next = transitions[state][trigger];
  if (!next) throw new PolyakError('usage', `run ${key} is ${state}: '${trigger}' is not possible`);
  return next;
}

export function isOver(state: RunState): boolean {
  return state in ends;
}

export function hasLead(state: RunState): boolean {
  return state === 'running' || state === 'stopping';
}

export type RunEnd = keyof typeof ends;

export function isEnd(event: unknown): event is RunEnd {
  return typeof event === 'string' && event in ends;
}
