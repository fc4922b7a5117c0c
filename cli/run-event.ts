/**
 * The events of a run as a program sees them, one type each: the same objects that `--json` prints a line of. `event` tells
 * them apart. What comes from a coordinator is followed, not checked: it is of the same version.
 */

/** Loss and accuracy, as means over samples; the other metrics of the experiment stand beside them by their names. */
export interface Scores {
  /** Null where it is not finite: a method of full batches has tried too long a step. */
  loss: number | null;
  /** Null where it is not measured. */
  accuracy: number | null;
}

export interface SplitScores extends Scores {
  [metric: string]: number | null;
}

/** The first: the run has a folder, and its processes are about to start, or it is about to be submitted. */
export interface StartedEvent {
  event: 'started';
  /** Folder of the run. */
  run: string;
  /** Sixteen hexadecimal digits, which no other run has. */
  trialKey: string;
  workers: number;
  shards: number;
  /** Name of the run that it branched from. */
  parent?: string;
}

/** How far it is: twice a second at most, and only the newest for whoever reads slowly. */
export interface ProgressEvent extends Scores {
  event: 'progress';
  /** Steps that are done, of so many. */
  step: number;
  steps: number;
  /** The epoch that the step is of, from 1. */
  epoch: number;
  epochs: number;
  stepsPerEpoch: number;
  imagesPerSecond: number;
  /** Workers that are admitted now. */
  workers: number;
  secondsLeft: number;
}

/** The end of an epoch: means over it, and the validation split's after it. */
export interface EpochEvent extends Scores {
  event: 'epoch';
  /** Epochs that are done. */
  epoch: number;
  step: number;
  /** Null without a validation split. */
  validation: SplitScores | null;
}

/**
 * - `restart`: a process has died and is started again.
 * - `rollback`: the shards went back to the newest checkpoint, for the message's reason; no number changes.
 * - `refused`: a worker whose arithmetic or data differ.
 * - `tolerated`: the same, admitted under `numerics: tolerant`.
 * - `lease-failed`: a worker could not compute its share; another does.
 * - `memory`: a shard has no room as long as other trials hold it; the trial waits.
 * - `checkpoint-passed-over`: a checkpoint that does not verify; the one before it is taken.
 * - `stopping`, `budget`: the run was asked to end at a checkpoint.
 * - `missed`: so many events came while nobody read that the oldest are no longer kept; events.jsonl has them.
 * - `converged`: a method of full batches has ended before its last epoch, and why.
 */
export type NoticeKind =
  | 'restart'
  | 'rollback'
  | 'refused'
  | 'tolerated'
  | 'lease-failed'
  | 'memory'
  | 'checkpoint-passed-over'
  | 'stopping'
  | 'budget'
  | 'missed'
  | 'converged';

/** Something worth telling that changes no number. */
export interface NoticeEvent {
  event: 'notice';
  kind: NoticeKind;
  message: string;
}

/** An end: all steps are done, and their results final. */
export interface FinishedEvent {
  event: 'finished';
  steps: number;
  /** Of the last weights and of their running average: little-endian float32 in the manifest's order. */
  weightsSha256: string;
  averageSha256: string;
  validation: SplitScores | null;
  /** Of the last weights and of the running average; null without a test split. */
  test: { accuracy: number | null; averageAccuracy: number | null; [metric: string]: number | null } | null;
  imagesPerSecond: number;
  workers: number;
  /** False where a worker was tolerated whose arithmetic differs. */
  reproducible: boolean;
}

/** An end at a checkpoint that somebody asked for: it can be resumed. */
export interface StoppedEvent {
  event: 'stopped';
  step: number;
}

/** An end: a gradient, a loss or a weight was no longer finite. It stays so. */
export interface DivergedEvent {
  event: 'diverged';
  step: number;
  layer: string;
  tensor: string;
  message: string;
}

/** An end by an error; it can be resumed once that is mended. */
export interface FailedEvent {
  event: 'failed';
  /** Of the table in common/errors.ts. */
  code: string;
  message: string;
}

export type RunEnd = FinishedEvent | StoppedEvent | DivergedEvent | FailedEvent;
export type RunEvent = StartedEvent | ProgressEvent | EpochEvent | NoticeEvent | RunEnd;
