/**
 * The log of a sweep: what happened, and what was decided on it, in order. All of it is JSON. Events come from outside;
 * decisions follow from them alone, and each holds what it saw, so that they can be checked and repeated.
 */
import type { Distribution } from '../../common/experiment/search-schema.js';

/** What a trial is ranked by: the objective's metric of the objective's weights. Null where it is not a finite number. */
export type Value = number | null;
export type Space = Record<string, Distribution>;
export type Direction = 'maximise' | 'minimise';

export type SearchEvent =
  /** The sweep begins. Always the first event, and only that. */
  | { type: 'begin' }
  /** A worker has nothing to do and asks for a trial. Schedules that create everything at once need none. */
  | { type: 'request' }
  /** A trial of a `create` decision has got its hyperparameters. */
  | { type: 'created'; trial: number; parameters: Record<string, unknown> }
  /** Without `value` where the step was not evaluated; `loss` is the training loss. A trial's reports come by step. */
  | { type: 'report'; trial: number; step: number; value?: Value; loss?: Value }
  /** A trial has ended as it should; its reports were all sent before. */
  | { type: 'finished'; trial: number }
  /** A trial has ended by an error that no retry mends. */
  | { type: 'failed'; trial: number; reason: string }
  /** The user wants a failed trial tried again. Only of a schedule to which a failure decides nothing. */
  | { type: 'retry'; trial: number }
  /** The user wants so many trials in all, more than before. Only of schedules that can take more. */
  | { type: 'extend'; trials: number }
  /** The sweep ends before its trials do, by the clock, a budget, its failures or its user; `reason` in words, null of the last. */
  | { type: 'halt'; state: HaltState; reason: string | null }
  /** It goes on after that. */
  | { type: 'resume' };

export type HaltState = 'paused' | 'stopped' | 'failed';

export type StopReason =
  /** The value or the training loss is not a number. */
  | 'notFinite'
  /** The training loss is far beyond the first. */
  | 'diverged'
  | 'median'
  | 'threshold'
  | 'patience'
  /** Not among the best of its rung. */
  | 'rank'
  /** Paused at a rung when there was nothing left to promote. */
  | 'unpromoted'
  /** Its round was of fewer epochs than the whole training. */
  | 'roundOver';

/** What a decision about one trial saw of it: its report at `step`. */
export interface SawReport {
  step: number;
  value?: Value;
  loss?: Value;
}

/** A rung as it was: the trial was the `rank`-th (from 1) of `results`, of which the best `kept` may go on. */
export interface SawRank extends SawReport {
  rank: number;
  results: number;
  kept: number;
}

/** What the report was compared with. */
export interface SawLimit extends SawReport {
  limit: number;
  /** What of the trial was compared, where it is not the report's value: its best, for instance. */
  compared?: number;
  /** How many other trials the limit is made of. */
  others?: number;
  /** Step of what the limit is made of, where it is the trial's own past. */
  since?: number;
}

/** What a round of coarse to fine came to: its best trials, the best first. */
export interface SawRound {
  results: number;
  best: { trial: number; step: number; value: number }[];
}

/** How many results each rung had when nothing in it could be promoted. */
export interface SawRungs {
  rungs: number[];
}

/** Trials `first` to `first + count - 1`; with `space`, their parameters are drawn from it instead of the sweep's. */
export interface Create {
  type: 'create';
  first: number;
  count: number;
  bracket: number;
  untilStep: number;
  round?: number;
  space?: Space;
  /** Two lines for the user. */
  explanation?: [string, string];
  saw: SawRound | SawRungs | Record<string, never>;
}

/** The trial is at its `untilStep`; its checkpoint is kept and its worker is free. */
export interface Pause {
  type: 'pause';
  trial: number;
  saw: SawReport;
}

/** The trial goes on until `untilStep`, which is that of `rung`. */
export interface Promote {
  type: 'promote';
  trial: number;
  rung: number;
  untilStep: number;
  saw: SawRank;
}

export interface Stop {
  type: 'stop';
  trial: number;
  reason: StopReason;
  saw: SawReport | SawRank | SawLimit;
}

/** How far the trials were: the first `begun` had begun, `over` of them were over, and `open` are the others. */
export interface SawTrials {
  begun: number;
  over: number;
  open: { trial: number; step: number }[];
}

/** No trial begins, and those that run stop at a checkpoint. What they report on their way there still counts. */
export interface Halt {
  type: 'halt';
  state: HaltState;
  reason: string | null;
  saw: SawTrials;
}

export type Decision = Create | Pause | Promote | Stop | Halt;

export type LogEntry = { event: SearchEvent } | { decision: Decision };
