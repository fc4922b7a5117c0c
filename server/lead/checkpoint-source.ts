/**
 * Where a lead finds its trial's checkpoints, in a folder or in a bucket: begins an incarnation with the newest of them, waits for
 * a bucket that does not answer, and says so to the user now and then.
 */
import { isBucket } from '../../common/checkpoint-location.js';
import type { Logger } from '../../common/log.js';
import { claimIncarnation, lostCheckpoint, newestCheckpoint } from '../checkpoint/checkpoint.js';
import { folderError, trialsFolder } from '../checkpoint/checkpoint-folder.js';
import { checkpointPlace } from '../checkpoint/checkpoint-place.js';
import { insist } from '../checkpoint/insist.js';
import type { Interruption } from './interruption.js';

/** Between two notices that a bucket keeps a trial waiting, or does not take its checkpoints. */
const noticeEveryMs = 60_000;

export interface CheckpointSourceOptions {
  /** The folder of the trial's checkpoints, or the bucket's address of it. */
  directory: string;
  /** The sweep's folder is known to have been there. */
  hasFolder: boolean;
  notice: (kind: string, message: string) => void;
  log: Logger;
}

type NewestCheckpoint = Awaited<ReturnType<typeof newestCheckpoint>>;

export class CheckpointSource {
  readonly isBucket: boolean;
  /** By `performance.now()`, of the last notice about the bucket. */
  private saidAt = -Infinity;

  constructor(private readonly options: CheckpointSourceOptions) {
    this.isBucket = isBucket(options.directory);
  }

  /**
   * The number of a new incarnation. Errors: `disk` for a folder that cannot be written; what the bucket refuses.
   */
  async claim(interruption: Interruption): Promise<number> {
    const { directory, hasFolder } = this.options;
    try {
      await checkpointPlace(directory).prepare({ within: hasFolder ? trialsFolder(directory) : undefined });
      return await this.untilReachable(interruption, async () => await claimIncarnation(directory));
    } catch (error) {
      throw this.isBucket ? error : folderError(directory, error);
    }
  }

  /** Undefined where the trial has never had one. Errors: `lost` where it had one, at `step` or later, and all are gone. */
  async newest(interruption: Interruption, step: number): Promise<NewestCheckpoint> {
    const { directory, notice } = this.options;
    const onBad = (path: string, reason: string) => notice('checkpoint-passed-over', `${path}: ${reason}`);
    const checkpoint = await this.untilReachable(interruption, async () => await newestCheckpoint(directory, onBad));
    if (step > 0 && !checkpoint) throw lostCheckpoint(directory, step);
    return checkpoint;
  }

  /** What a trial cannot go on without is waited for; what its bucket refuses, is an error. */
  async untilReachable<Value>(interruption: Interruption, task: () => Promise<Value>): Promise<Value> {
    // A folder answers at once, and where a trial that is to stop stands must be known.
    if (!this.isBucket) return await task();
    const onFailure = ({ message }: Error) => {
      this.options.log.warn({ reason: message }, 'the trial waits for its bucket');
      this.say(`the trial waits for its checkpoints: ${message}`);
    };
    const work = insist(task, { signal: interruption.signal, onFailure, onlyUnreachable: true });
    return await interruption.race(work);
  }

  /** The bucket has not taken a checkpoint, which is tried again. */
  delayed(reason: string): void {
    this.say(`training goes on, and its checkpoint is tried again: ${reason}`);
  }

  private say(message: string): void {
    const now = performance.now();
    if (now - this.saidAt < noticeEveryMs) return;
    this.saidAt = now;
    this.options.notice('checkpoint-delayed', message);
  }
}
