/** The library: an experiment in TypeScript or from a file, and its training. The command line does nothing else. */
export { train, type TrainOptions, type TrainResult } from './cli/train.js';
export type { RunEvent } from './cli/follow-run.js';
export { PolyakError, type ErrorCode } from './common/errors.js';
export { defineExperiment, loadExperiment } from './common/experiment/load.js';
export type { Experiment, ExperimentInput } from './common/experiment/schema.js';
