/** `polyak resume`: a run goes on from its newest checkpoint, on as many workers and shards as one likes. */
import { RunFolder } from './run-folder.js';
import { defaultState, runInForeground } from './train.js';

export interface ResumeOptions {
  workers?: number;
  shards?: number;
  steps?: number;
  state?: string;
  backend?: 'tensorflow' | 'cpu';
  coordinator?: string;
  json: boolean;
}

/** Answers with the exit code. What is not given stays as it was. */
export async function resumeCommand(run: string, options: ResumeOptions): Promise<number> {
  const folder = RunFolder.open(options.state ?? defaultState, run);
  const { facts } = folder;
  folder.update({
    workers: options.workers ?? facts.workers,
    shards: options.shards ?? facts.shards,
    untilStep: options.steps ?? facts.untilStep,
    backend: options.backend ?? facts.backend,
    coordinator: options.coordinator ?? facts.coordinator,
    roles: [],
  });
  return await runInForeground(folder, { json: options.json });
}
