/**
 * The library: an experiment in TypeScript or from a file, its training here or on a cluster, and the use of what was
 * trained. The command line does nothing else. Importing it loads no TensorFlow; the first prediction does.
 */
export { connect, type Cluster, type ClusterRun, type ClusterStatus, type ConnectOptions } from './cli/connect.js';
export type { ExternalSearch, SearchStatus, TrialsOptions } from './cli/external/external-search.js';
export type { EpochReport, ExternalTrial } from './cli/external/external-trial.js';
export { loadRun, type FindRunOptions } from './cli/load-run.js';
export type * from './cli/run-event.js';
export {
  sweep,
  type SweepEvent,
  type SweepIdentity,
  type SweepOptions,
  type SweepResult,
  type SweepRun,
} from './cli/sweep/sweep-run.js';
export {
  resume,
  train,
  type ResumeOptions,
  type RunIdentity,
  type TrainingRun,
  type TrainOptions,
  type TrainResult,
} from './cli/training-run.js';
export {
  ClusterUnreachable,
  DataError,
  RunInterrupted,
  SetupError,
  TrainingDiverged,
  TrialFenced,
  TrialStopped,
  UsageError,
} from './common/error-classes.js';
export { PolyakError, type ErrorCode } from './common/errors.js';
export type { TlsOptions } from './common/tls/tls-options.js';
export { defineModule } from './common/define-module.js';
export {
  defineExperiment,
  defineModuleExperiment,
  defineSweep,
  loadExperiment,
  loadTemplate as loadSweep,
  type ExperimentTemplate,
} from './common/experiment/load.js';
export type { Experiment, ModuleExperimentInput } from './common/experiment/schema.js';
export type { ExternalExperimentInput } from './common/experiment/external-schema.js';
export type { ExperimentInput, LayerInput } from './common/experiment/typed-experiment.js';
export {
  evaluateEnsemble,
  evaluateRun,
  type EnsembleEvaluation,
  type EvaluateOptions,
  type Evaluation,
} from './inference/evaluate.js';
export { exportRun, type Exported, type ExportOptions } from './inference/export/export-run.js';
export type { SampleTensor } from './inference/sample-tensor.js';
export type { TrainedRun } from './inference/trained-run.js';
