/**
 * The errors that a program tells apart. Most are a code of the table in errors.ts: wherever such an error was made, here
 * or in another process, `instanceof` asks for its code. Two know more about the run.
 */
import { PolyakError, type ErrorCode } from './errors.js';

function hasCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof PolyakError && error.code === code;
}

/** `usage`: an experiment, a reference or an option is wrong; the message says what would be right. */
export class UsageError extends PolyakError {
  declare readonly code: 'usage';

  static override [Symbol.hasInstance](error: unknown): boolean {
    return hasCode(error, 'usage');
  }
}

/** `data`: data or a checkpoint are missing, torn, or not what the experiment says. */
export class DataError extends PolyakError {
  declare readonly code: 'data';

  static override [Symbol.hasInstance](error: unknown): boolean {
    return hasCode(error, 'data');
  }
}

/** `setup`: TensorFlow's library or a tool to build it is missing. */
export class SetupError extends PolyakError {
  declare readonly code: 'setup';

  static override [Symbol.hasInstance](error: unknown): boolean {
    return hasCode(error, 'setup');
  }
}

/** `unreachable`: no coordinator, or no process of the cluster, answers at the address in the message. */
export class ClusterUnreachable extends PolyakError {
  declare readonly code: 'unreachable';

  static override [Symbol.hasInstance](error: unknown): boolean {
    return hasCode(error, 'unreachable');
  }
}

/** `training`: a gradient, a loss or a weight was no longer finite. */
export class TrainingDiverged extends PolyakError {
  constructor(
    message: string,
    readonly step: number,
    /** Name of the layer where it was seen first. */
    readonly layer: string,
  ) {
    super('training', message);
    this.name = 'TrainingDiverged';
  }
}

/** `interrupted`: the run ended at a checkpoint because its signal was aborted or somebody stopped it. */
export class RunInterrupted extends PolyakError {
  constructor(
    message: string,
    /** Step of the checkpoint. */
    readonly step: number,
    /** What `resume` goes on with; undefined where the run had no folder yet. */
    readonly folder: string | undefined,
    options?: ErrorOptions,
  ) {
    super('interrupted', message, options);
    this.name = 'RunInterrupted';
  }
}

/** `fenced`: a trial of an external search has been given to another process; what is said of it here changes nothing. */
export class TrialFenced extends PolyakError {
  declare readonly code: 'fenced';

  static override [Symbol.hasInstance](error: unknown): boolean {
    return hasCode(error, 'fenced');
  }
}

/** `interrupted`: a trial of an external search is not to go on. The reason of its signal; it is never thrown. */
export class TrialStopped extends PolyakError {
  constructor(
    message: string,
    /**
     * `stopped`: by a decision, for good. `paused`: at the end of its rung; it may be given out again, to go on. `halted`: the
     * whole search is paused or has ended.
     */
    readonly why: 'stopped' | 'paused' | 'halted',
  ) {
    super('interrupted', message);
    this.name = 'TrialStopped';
  }
}
