/** An experiment as `train` and `validate` take it from the command line: file, overrides, parameters. */
import { findTemplate, loadExperiment, type ExperimentTemplate } from '../common/experiment/load.js';
import type { Experiment } from '../common/experiment/schema.js';

export interface OverrideFlags {
  /** Such as `train.epochs=3`. */
  set: string[];
  /** Such as `rate=3e-4`. */
  param: string[];
}

/** Errors: `usage`, as loadExperiment. */
export async function loadWithFlags(file: string, { set, param }: OverrideFlags): Promise<Experiment> {
  return await loadExperiment(file, set, param);
}

/**
 * The sweep that the file describes; nothing where it has no `search`, or where parameters are given, which make a single
 * training of it. Errors: `usage`, as loadTemplate.
 */
export async function findSweep(file: string, { set, param }: OverrideFlags): Promise<ExperimentTemplate | undefined> {
  return param.length > 0 ? undefined : await findTemplate(file, set);
}

/** The flags again, for a command that is shown. */
export function overrideArguments({ set, param }: OverrideFlags): string[] {
  return [...set.flatMap((override) => ['--set', override]), ...param.flatMap((assignment) => ['--param', assignment])];
}
