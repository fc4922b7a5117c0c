/**
 * A sweep's folder made of an experiment file: checked, with its module and model in it, so that it needs no file any more but
 * the data and the weights that trials begin with, of which it has the hash.
 */
import { isBucket } from '../../common/checkpoint-location.js';
import { substitute, type ExperimentTemplate } from '../../common/experiment/load.js';
import { modulePath, writeModule, type ModuleBundle } from '../../common/module-bundle.js';
import { processorLimit } from '../../common/processor-limit.js';
import { searchSchema } from '../../common/experiment/search-schema.js';
import { TrialPlan } from '../../coordinator/sweep/trial-plan.js';
import { checkRemoteData } from '../../worker/data/location/locate.js';
import { readTopology } from '../../worker/model/model-file.js';
import { storeModule } from '../../server/checkpoint/stored-module.js';
import { checkedBucket } from '../checkpoint-bucket.js';
import { countSamples } from '../model-outline.js';
import { prepareModule } from '../module/prepare-module.js';
import { provenanceOf } from '../provenance.js';
import { withSharedTransferHash } from '../transfer.js';
import { requireMatureAverage } from '../validated-sweep.js';
import { SweepFolder } from './sweep-folder.js';

/** Where a sweep is computed and kept. */
export interface SweepPlace {
  workers?: number;
  shards?: number;
  state: string;
  backend?: 'tensorflow' | 'cpu';
  coordinator?: string;
  /** s3://bucket/prefix: where checkpoints go instead of the sweep's folder. */
  checkpoints?: string;
}

export interface PreparedSweep {
  value: Record<string, unknown>;
  folder: string;
  list: string | undefined;
  plan: TrialPlan;
  name: string;
  threads: number;
  bundle: ModuleBundle | undefined;
  moduleFile: string | undefined;
}

/** Errors: `usage` for an experiment that cannot be searched; `data` for remote data that are not there, or weights that have changed. */
export async function prepareSweep(
  template: ExperimentTemplate,
  { state, coordinator, checkpoints }: SweepPlace,
): Promise<PreparedSweep> {
  checkedBucket(checkpoints, coordinator ?? null);
  const { folder, list } = template;
  const search = searchSchema.parse(template.search);
  const value = { ...(template.value as Record<string, unknown>), search };
  const plan = new TrialPlan({ value, folder, list });
  const first = substitute(value, plan.first.parameters, folder);
  const { experiment, bundle, file } = await prepareModule(first, state);
  if (coordinator === undefined) {
    await checkRemoteData(experiment.data, {});
    // Their number says how old a running average is. Data that are read for nothing else are not read here.
    const counts = experiment.objective.weights === 'average' ? await countSamples(experiment, bundle) : undefined;
    if (counts) requireMatureAverage(search, experiment, counts);
  }
  const { model } = experiment;
  const isFile = typeof model === 'object' && 'file' in model;
  const complete = {
    ...(await withSharedTransferHash(value, experiment, coordinator !== undefined)),
    ...(experiment.module ? { module: experiment.module } : {}),
    ...(isFile ? { model: { ...model, topology: { ...readTopology(model.file) } } } : {}),
  };
  const { name, train } = experiment;
  return { value: complete, folder, list, plan, name, threads: train.threads, bundle, moduleFile: file };
}

/** As many as the cores allow, at most 4. */
export function defaultWorkers(threads: number): number {
  return Math.max(1, Math.min(4, Math.floor(processorLimit() / threads)));
}

export async function createSweep(
  prepared: PreparedSweep,
  { workers, shards = 1, state, backend = 'tensorflow', coordinator, checkpoints }: SweepPlace,
  { settings, file, sweepKey }: { settings: Record<string, unknown>; file?: string; sweepKey?: string },
): Promise<SweepFolder> {
  const { value, folder, list, bundle, moduleFile, name, threads } = prepared;
  const template = { experiment: value, folder, ...(list === undefined ? {} : { list }) };
  const module = bundle ? { module: { file: moduleFile ?? null, sha256: bundle.sha256 } } : {};
  const sweep = SweepFolder.create(state, `${name}-search`, template, {
    ...{
      workers: workers ?? defaultWorkers(threads),
      shards,
      backend,
      coordinator: coordinator ?? null,
      settings,
      replayOf: null,
      sweepKey,
      bucket: checkedBucket(checkpoints, coordinator ?? null),
    },
    provenance: { ...(await provenanceOf(backend, file)), ...module },
  });
  if (bundle) await writeModule(modulePath(sweep.path, bundle.sha256), bundle.code);
  if (bundle && isBucket(sweep.place)) await storeModule(sweep.place, bundle);
  return sweep;
}
