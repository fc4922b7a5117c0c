/** The library API: experiments in TypeScript, with the types of the experiment file. */
export { defineExperiment, loadExperiment, canonicalExperiment } from './common/experiment/load.js';
export type { Experiment, ExperimentInput } from './common/experiment/schema.js';
export { PolyakError } from './common/errors.js';
