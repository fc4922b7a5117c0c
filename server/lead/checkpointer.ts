/** When a trial is checkpointed, and how: the cut is named to all shards, and committed when all have written it. */
import type { Experiment } from '../../common/experiment/schema.js';
import type { Manifest } from '../../common/manifest.js';
import { commitCheckpoint } from '../checkpoint/checkpoint.js';
import { insist } from '../checkpoint/insist.js';
import type { TrialFacts } from './admission.js';
import { orRollback, type Interruption } from './interruption.js';
import type { ShardSet } from './shard-set.js';
import type { LeadRecord } from './trial-state.js';

export interface CheckpointerOptions {
  trialKey: Buffer;
  incarnation: number;
  directory: string;
  experiment: Experiment;
  facts: TrialFacts;
  shards: ShardSet;
  interruption: Interruption;
  /** Whether the cut of the step is kept for an ensemble. */
  isSnapshot: (step: number) => boolean;
  /** Called when a cut is named, of what is computed until now; what it answers with, when that is in a checkpoint. */
  named: (step: number) => () => void;
  /** A bucket does not take what is to be committed now: it is tried again, and training goes on meanwhile. */
  delayed: (reason: string) => void;
  /** What the lead would need to go on from here, and the mean of the inputs. */
  state: () => { lead: LeadRecord; preprocess: Float32Array | null };
}

/** Under way at once. */
const cutsMax = 2;

/** Of one incarnation. */
export class Checkpointer {
  private lastAt = Date.now();
  /** The last cut; a record can be committed only once. */
  private last: { step: number; committed: Promise<string> } | undefined;
  /** The newest commit: one that is older must not come after it. */
  private committing: Promise<unknown> = Promise.resolve();
  private commits = 0;

  constructor(private readonly options: CheckpointerOptions) {}

  /** Begins a checkpoint of this step if the interval is over; it is committed while training goes on. */
  async ifDue(step: number): Promise<void> {
    const { experiment, shards } = this.options;
    const due = Date.now() - this.lastAt >= experiment.checkpoint.every * 1000;
    if (!due || shards.cuts.busy || this.commits > 0 || step === this.last?.step) return;
    await this.beginOf(step);
  }

  /**
   * Begins the checkpoint of a step that must have one; it is committed while training goes on. One of before may still be under way,
   * as where a bucket does not take it; for more of them it waits.
   */
  async begin(step: number): Promise<void> {
    const { shards, interruption } = this.options;
    if (this.last?.step === step) return;
    await interruption.race(shards.cuts.fewerThan(cutsMax));
    await this.beginOf(step);
  }

  private async beginOf(step: number): Promise<void> {
    const { committed } = await this.plan(step);
    // Of this incarnation: the commit may fail because the next one has begun.
    committed.catch((error: unknown) => {
      this.options.interruption.interrupt(error instanceof Error ? error : new Error(String(error)));
    });
  }

  /** Resolves with the path of the committed record. */
  async now(step: number): Promise<string> {
    const { shards, interruption } = this.options;
    if (this.last?.step === step) return await interruption.race(this.last.committed);
    await interruption.race(shards.cuts.fewerThan(1));
    await interruption.race(this.committing);
    const { committed } = await this.plan(step);
    return await interruption.race(committed);
  }

  /** Resolves when all shards know of the cut (only then may steps go on), with the commit to come. */
  private async plan(step: number): Promise<{ committed: Promise<string> }> {
    const { shards, interruption } = this.options;
    this.lastAt = Date.now();
    const saved = this.options.named(step);
    const cut = shards.cuts.begin(step);
    const { lead, preprocess } = this.options.state();
    shards.broadcast({ cut: { step } });
    await interruption.race(cut.planned);
    const before = this.committing;
    const commit = async () => {
      const { trialKey, incarnation, directory, experiment, facts } = this.options;
      const files = await cut.written;
      await before;
      const record = {
        ...{ format: 1 as const, trialKey: trialKey.toString('hex'), incarnation, step },
        manifest: JSON.parse(facts.manifest) as Manifest & Record<string, unknown>,
        chunkFloats: experiment.chunkFloats,
        files,
        lead,
        preprocess: preprocess ? bytesOf(preprocess).toString('base64') : null,
        ...(this.options.isSnapshot(step) && { snapshot: true }),
      };
      const { delayed } = this.options;
      const task = async () => await commitCheckpoint(directory, record, experiment.checkpoint);
      const onFailure = ({ message }: Error) => delayed(message);
      const path = await orRollback(insist(task, { signal: interruption.signal, onFailure }));
      saved();
      return path;
    };
    const committed = commit();
    this.last = { step, committed };
    this.commits += 1;
    this.committing = committed
      .catch(() => undefined)
      .finally(() => {
        this.commits -= 1;
      });
    return { committed };
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
