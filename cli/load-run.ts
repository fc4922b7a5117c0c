/** Finds a run as a user names it, and loads its trained weights. `loadRun` is also the library's. */
import { TrainedRun, type LoadRunOptions } from '../inference/trained-run.js';
import { openTrained } from './open-run.js';
import { setup } from './setup.js';
import { defaultState } from './train.js';

export interface FindRunOptions extends LoadRunOptions {
  /** Folder in which runs are kept. */
  state?: string;
}

/**
 * `run` is a folder, a name and number such as digits-1, or a trial such as digits-search-1/17 or digits-search-1@best. Unless it says another, the backend is the run's own.
 * Errors: `usage` for a run that does not exist, `data` where it has no whole checkpoint.
 */
export async function loadRun(run: string, options: FindRunOptions = {}): Promise<TrainedRun> {
  const { state = defaultState, ...rest } = options;
  const { path, facts } = await openTrained(state, run);
  const backend = options.backend ?? facts.backend;
  if (backend === 'tensorflow') await setup({ quiet: true });
  return await TrainedRun.open(path, { ...rest, backend });
}
