/**
 * `polyak resume`: a run goes on from its newest checkpoint, on as many workers and shards as one likes. What it computes
 * stays as it is stored.
 */
import { PolyakError } from '../common/errors.js';
import type { Experiment } from '../common/experiment/schema.js';
import { runInForeground } from './foreground.js';
import { checkpointFacts } from './run-facts.js';
import { RunFolder } from './run-folder.js';
import { defaultState } from './train.js';

export interface ResumeOptions {
  workers?: number;
  shards?: number;
  steps?: number;
  epochs?: number;
  state?: string;
  backend?: 'tensorflow' | 'cpu';
  coordinator?: string;
  budget?: number;
  tensorboard?: string;
  /** Refused. */
  set?: string[];
  json: boolean;
}

/** Answers with the exit code. What is not given stays as it was. */
export async function resumeCommand(run: string, options: ResumeOptions): Promise<number> {
  const { workers, shards, backend, coordinator, state = defaultState, set = [], json, budget, tensorboard } = options;
  const folder = RunFolder.open(state, run);
  const { facts } = folder;
  if (set.length > 0) throw refusal(set[0] ?? '', facts.name);
  const changes = { workers, shards, backend, coordinator, untilStep: await untilStep(folder, options) };
  folder.update(Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)));
  return await runInForeground(folder, { json, budget, tensorboard });
}

function refusal(override: string, name: string): PolyakError {
  const why = 'the weights that it has were trained by its stored experiment, and its numbers follow from that alone';
  const way = `'polyak train FILE --from ${name} --set ${override}' starts a new run from its last weights`;
  return new PolyakError('usage', `--set ${override}: a run goes on as it is, because ${why}; ${way}`);
}

/** Errors: `usage` for more epochs than the experiment has, or where the length of an epoch is not known yet. */
async function untilStep(folder: RunFolder, { steps, epochs }: ResumeOptions): Promise<number | undefined> {
  if (epochs === undefined) return steps;
  if (steps !== undefined) {
    throw new PolyakError('usage', `--steps ${steps} and --epochs ${epochs} exclude each other: give one`);
  }
  const { name } = folder.facts;
  const { train } = JSON.parse(folder.experiment) as Experiment;
  if (epochs === train.epochs) return 0;
  if (epochs > train.epochs) {
    const why = 'its learning rates may depend on them';
    const way = `'polyak train FILE --from ${name} --epochs ${epochs}' starts a new run from its last weights`;
    throw new PolyakError(
      'usage',
      `--epochs ${epochs}: the experiment of ${name} has ${train.epochs} epochs, and ${why}; ${way}`,
    );
  }
  const known = await checkpointFacts(folder);
  if (!known) {
    throw new PolyakError(
      'usage',
      `--epochs ${epochs}: ${name} has no checkpoint yet, so its steps are not known; give --steps`,
    );
  }
  return epochs * Math.ceil(known.data.trainCount / train.batchSize);
}
