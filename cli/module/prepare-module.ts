/**
 * An experiment's module, ready to be stored: bundled, loaded once to see that it exports what the experiment names, and
 * referred to by its SHA-256 from then on.
 */
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PolyakError } from '../../common/errors.js';
import type { StoredModule } from '../../common/experiment/module-schema.js';
import type { Experiment } from '../../common/experiment/schema.js';
import {
  cachedModulePath,
  modulePath,
  readModule,
  writeModule,
  type ModuleBundle,
} from '../../common/module-bundle.js';
import { LoadedModule } from '../../worker/module/loaded-module.js';
import { requireUsedNames } from '../../worker/module/used-names.js';
import { loadTensorFlow } from '../../worker/tensorflow/load.js';
import { bundleModule } from './bundle.js';

export interface PreparedExperiment {
  /** With its module as a run stores it. */
  experiment: Experiment;
  bundle: ModuleBundle | undefined;
  /** Of the module, as it was named; undefined where it came as a bundle. */
  file: string | undefined;
}

/**
 * `state` is the folder of runs, in which the bundle of an experiment that a run has stored is looked for. Errors:
 * `usage` for a module that cannot be bundled or does not export what the experiment names; `data` for a bundle that is
 * nowhere to be found.
 */
export async function prepareModule(experiment: Experiment, state: string): Promise<PreparedExperiment> {
  const { module } = experiment;
  if (!module) return { experiment, bundle: undefined, file: undefined };
  const file = 'file' in module ? module.file : undefined;
  const bundle = 'file' in module ? await bundleModule(module.file) : await findBundle(module, state);
  const { sha256, name } = bundle;
  const stored = { ...experiment, module: { sha256, name, options: module.options } };
  requireUsedNames(stored, await loadOnCpu(bundle, stored));
  await writeModule(cachedModulePath(sha256), bundle.code).catch(() => undefined);
  return { experiment: stored, bundle, file };
}

/** For what only looks at a module: its code runs on tfjs's own backend. */
export async function loadOnCpu(bundle: ModuleBundle, { module }: Experiment): Promise<LoadedModule> {
  const tf = await loadTensorFlow('cpu');
  // Or it advises people to install what `polyak setup` brings.
  tf.enableProdMode();
  return new LoadedModule(tf, bundle, module?.options ?? {});
}

/** What `polyak show --experiment` prints refers to a bundle: it is in the cache, or with one of the runs. */
async function findBundle({ sha256, name }: StoredModule, state: string): Promise<ModuleBundle> {
  const runs = await readdir(resolve(state)).catch(() => []);
  const places = [cachedModulePath(sha256), ...runs.map((run) => modulePath(join(resolve(state), run), sha256))];
  for (const path of places) {
    const bundle = await readModule(path, { sha256, name }).catch(() => undefined);
    if (bundle) return bundle;
  }
  const looked = `it is neither in ${cachedModulePath(sha256)} nor with a run in ${resolve(state)}`;
  throw new PolyakError(
    'data',
    `module.sha256: ${name} of sha256 ${sha256}: ${looked}; give its file: module: ./${name}`,
  );
}
