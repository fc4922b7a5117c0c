/** `polyak train`: a run of an experiment file, from its folder to its last words. */
import { isBucket, placeAround } from '../common/checkpoint-location.js';
import { PolyakError } from '../common/errors.js';
import type { Experiment } from '../common/experiment/schema.js';
import { modulePath, writeModule } from '../common/module-bundle.js';
import { processorLimit } from '../common/processor-limit.js';
import { readTopology } from '../worker/model/model-file.js';
import { checkRemoteData } from '../worker/data/location/locate.js';
import { storeModule } from '../server/checkpoint/stored-module.js';
import { openParent, seedRun, type ParentRun } from './branch.js';
import { runInForeground } from './foreground.js';
import { checkedBucket } from './checkpoint-bucket.js';
import { prepareModule } from './module/prepare-module.js';
import { loadWithFlags, overrideArguments, type OverrideFlags } from './load-experiment.js';
import { provenanceOf, shellQuoted } from './provenance.js';
import { RunFolder } from './run-folder.js';
import { withTransferHash } from './transfer.js';

export const defaultState = '.polyak';

/** Where a run is computed and kept, and how far: none of it changes a number. */
export interface RunSettings {
  /** Worker processes; as many as cores allow with `train.threads` each, at most 4, unless given. */
  workers?: number;
  /** Server processes. */
  shards?: number;
  /** Step not to pass; all epochs unless given. */
  steps?: number;
  /** Folder in which runs are kept. */
  state?: string;
  backend?: 'tensorflow' | 'cpu';
  /** host:port of a cluster that runs elsewhere. */
  coordinator?: string;
  /** s3://bucket/prefix: where checkpoints go instead of the run's folder. */
  checkpoints?: string;
  /** A run (see run-reference.ts) whose last weights this one begins with, instead of weights drawn by its seed. */
  from?: string;
}

/**
 * `file` is what the experiment was read from. Errors: `usage` for a parent whose weights do not fit, `data` for remote
 * data that are not there.
 */
export async function createRun(
  given: Experiment,
  options: RunSettings,
  file?: string,
  signal?: AbortSignal,
): Promise<RunFolder> {
  const { steps = 0, shards = 1, state = defaultState, backend = 'tensorflow', coordinator = null, from } = options;
  const bucket = checkedBucket(options.checkpoints, coordinator);
  const { experiment: prepared, bundle, file: moduleFile } = await prepareModule(given, state);
  const whole = withTopology(prepared);
  if (from !== undefined && whole.transfer) {
    const both = 'both say what the weights begin with; take one of them out';
    throw new PolyakError('usage', `--from ${from}, transfer.from ${whole.transfer.from}: ${both}`);
  }
  // A cluster elsewhere may reach what this machine does not.
  if (coordinator === null) await checkRemoteData(whole.data, { signal });
  const experiment = await withTransferHash({ experiment: whole, bundle }, coordinator !== null);
  const fitting = Math.floor(processorLimit() / experiment.train.threads);
  const workers = options.workers ?? Math.max(1, Math.min(4, fitting));
  const parent: ParentRun | undefined =
    from === undefined ? undefined : await openParent(state, from, { experiment, bundle });
  const provenance = await provenanceOf(backend, file);
  const module = bundle ? { file: moduleFile ?? null, sha256: bundle.sha256 } : null;
  const folder = RunFolder.create(state, experiment, {
    ...{ untilStep: steps, workers, shards, backend, coordinator, parent: parent?.identity ?? null, bucket },
    provenance: { ...provenance, ...(module && { module }) },
  });
  if (bundle) await writeModule(modulePath(folder.path, bundle.sha256), bundle.code);
  if (bundle && isBucket(folder.checkpoints)) await storeModule(placeAround(folder.checkpoints), bundle);
  if (parent) await seedRun(folder, experiment, parent);
  return folder;
}

/** A model.json goes with the run, because workers may be elsewhere, and it may be gone tomorrow. */
function withTopology(experiment: Experiment): Experiment {
  const { model } = experiment;
  if (typeof model !== 'object' || !('file' in model) || model.topology) return experiment;
  return { ...experiment, model: { ...model, topology: { ...readTopology(model.file) } } };
}

export interface TrainCommandOptions extends RunSettings, OverrideFlags {
  epochs?: number;
  /** Seconds. */
  budget?: number;
  /** Folder that event files for TensorBoard are written to, in one of the run's name. */
  tensorboard?: string;
  /** Seconds. */
  patience?: number;
  json: boolean;
}

/** Answers with the exit code. */
export async function trainCommand(file: string, options: TrainCommandOptions): Promise<number> {
  const { steps, epochs, set, param, from, json, budget, patience, tensorboard } = options;
  if (steps !== undefined && epochs !== undefined) {
    throw new PolyakError('usage', `--steps ${steps} and --epochs ${epochs} exclude each other: give one`);
  }
  const overrides = epochs === undefined ? set : [...set, `train.epochs=${epochs}`];
  const experiment = await loadWithFlags(file, { set: overrides, param });
  const again = [file, ...overrideArguments({ set, param })];
  if (from !== undefined) again.push('--from', from);
  if (steps !== undefined) again.push('--steps', String(steps));
  if (epochs !== undefined) again.push('--epochs', String(epochs));
  const folder = await createRun(experiment, options, file);
  return await runInForeground(folder, {
    json,
    budget,
    patience,
    tensorboard,
    again: again.map(shellQuoted).join(' '),
  });
}
