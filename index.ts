/**
 * The library: an experiment in TypeScript or from a file, its training, and the use of what was trained. The command
 * line does nothing else.
 */
export { loadRun, type FindRunOptions } from './cli/load-run.js';
export { train, type TrainOptions, type TrainResult } from './cli/train.js';
export type { RunEvent } from './cli/follow-run.js';
export { PolyakError, type ErrorCode } from './common/errors.js';
export { defineExperiment, loadExperiment } from './common/experiment/load.js';
export type { Experiment, ExperimentInput } from './common/experiment/schema.js';
export { evaluateRun, type EvaluateOptions, type Evaluation } from './inference/evaluate.js';
export { exportRun, type Exported, type ExportOptions } from './inference/export/export-run.js';
export type { TrainedRun } from './inference/trained-run.js';
