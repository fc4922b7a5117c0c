/**
 * `polyak validate`: an experiment file with all its defaults, its layers, and whether its data are there. A sweep is shown
 * as one of its trials.
 */
import { existsSync } from 'node:fs';
import { stringify } from 'yaml';
import { isRemote } from '../common/data-location.js';
import { PolyakError } from '../common/errors.js';
import { canonicalExperiment, type ExperimentTemplate } from '../common/experiment/load.js';
import type { Experiment } from '../common/experiment/schema.js';
import { findSweep, loadWithFlags, type OverrideFlags } from './load-experiment.js';
import { prepareModule } from './module/prepare-module.js';
import { outlineModel, type LayerRow, type ModelOutline } from './model-outline.js';
import { printJson, printText } from './output.js';
import { FullBatchTraining } from '../server/lead/full-batch-training.js';
import type { TransferPlan } from '../server/transfer/plan-transfer.js';
import { bold, grouped, listOf, tableOf } from './table.js';
import { defaultState } from './train.js';
import { lookAtTransfer } from './transfer.js';
import {
  mostTrainedOn,
  requireMatureAverage,
  shownDrawn,
  validateSweep,
  type ValidatedSweep,
} from './validated-sweep.js';

interface ValidateOptions extends OverrideFlags {
  json: boolean;
}

/**
 * Errors: `usage` for the file, or a model that does not fit the data; `data` for data that are torn, or that are not
 * there where shapes cannot be known without them.
 */
export async function validateCommand(file: string, options: ValidateOptions): Promise<void> {
  const template = await findSweep(file, options);
  if (template) return await validateSweepCommand(file, template, options);
  const validated = await outlineOf(await loadWithFlags(file, options));
  print(file, validated, options);
  requireData(validated);
}

async function validateSweepCommand(file: string, template: ExperimentTemplate, options: ValidateOptions) {
  const sweep = validateSweep(template);
  const { search, trial, warnings } = sweep;
  if (!options.json) for (const warning of warnings) process.stderr.write(`polyak: warning: ${warning}\n`);
  if (!trial) return printWithoutTrial(file, { template, sweep }, options);
  const validated = { ...(await outlineOf(trial.experiment, search.crossValidation?.folds)), sweep };
  const { data } = validated.outline;
  if (data) requireMatureAverage(search, validated.experiment, data);
  print(file, validated, options);
  requireData(validated);
}

function printWithoutTrial(
  file: string,
  { template, sweep }: { template: ExperimentTemplate; sweep: ValidatedSweep },
  { json }: ValidateOptions,
): void {
  if (json) return printJson({ file, experiment: template.value, ...unknown, ...sweepJson(sweep) });
  printText(bold(titleOf(file, sweep)));
}

interface Validated {
  experiment: Experiment;
  outline: ModelOutline;
  /** What comes from elsewhere. */
  transfer?: TransferPlan;
  sweep?: ValidatedSweep;
}

/** `folds`: of a sweep whose trials are cross-validated. */
async function outlineOf(given: Experiment, folds?: number): Promise<Validated> {
  const { bundle, experiment } = await prepareModule(given, defaultState);
  const outline = await outlineModel(experiment, bundle);
  const { transfer } = experiment;
  requireFullBatches(experiment, outline, folds);
  if (!transfer || !outline.manifest) return { experiment, outline };
  return { experiment, outline, transfer: (await lookAtTransfer(transfer, outline.manifest)).plan };
}

/** As the lead of a training would. Errors: `usage`. */
function requireFullBatches(experiment: Experiment, { data, manifest }: ModelOutline, folds: number | undefined): void {
  if (!data || !manifest) return;
  FullBatchTraining.of(experiment)?.check(experiment, mostTrainedOn(data, folds), manifest);
}

function print(file: string, validated: Validated, { json }: ValidateOptions): void {
  const { experiment, sweep, outline } = validated;
  if (json) return printJson(toJson(file, validated));
  for (const warning of outline.warnings) process.stderr.write(`polyak: warning: ${warning}\n`);
  printText(`${bold(titleOf(file, sweep))}\n\n${stringify(experiment).trimEnd()}\n\n${describe(validated)}`);
}

function requireData({ experiment, outline: { dataError, layers } }: Validated): void {
  if (!dataError) return;
  const missing = !isRemote(experiment.data.path) && !existsSync(experiment.data.path);
  if (missing && layers) return;
  const why = missing
    ? `${dataError.message}; without the data the shapes of the layers are not known`
    : dataError.message;
  throw new PolyakError('data', why, { cause: dataError });
}

function titleOf(file: string, sweep: ValidatedSweep | undefined): string {
  if (!sweep) return `${file} is valid; with all defaults`;
  const { search, trial } = sweep;
  const title = `${file} is valid, a sweep of ${search.trials} trials`;
  return trial ? `${title}; trial ${trial.number}, ${shownDrawn(trial.drawn)}, with all defaults` : title;
}

function describe({ experiment, outline, transfer }: Validated): string {
  const { data, dataError, layers, manifest } = outline;
  const parts: string[] = [];
  if (layers) parts.push(layerTable(layers));
  const parameters = manifest?.parameters.reduce((sum, { length }) => sum + length, 0);
  const frozen =
    manifest?.parameters.filter((tensor) => tensor.frozen).reduce((sum, { length }) => sum + length, 0) ?? 0;
  const { batchSize, microBatchSize, epochs } = experiment.train;
  const stepsPerEpoch = data && Math.ceil(data.train / batchSize);
  parts.push(
    listOf([
      [
        'parameters',
        parameters === undefined
          ? undefined
          : `${grouped(parameters)}${frozen > 0 ? `, ${grouped(frozen)} of them frozen` : ''}`,
      ],
      ['transferred', transfer && describeTransfer(transfer)],
      [
        'statistics',
        manifest && manifest.statisticsCount > 0
          ? `${grouped(manifest.statisticsCount)} of batch normalisation`
          : undefined,
      ],
      [
        'samples',
        data && `${grouped(data.train)} training, ${grouped(data.validation)} validation, ${grouped(data.test)} test`,
      ],
      [
        'a sample',
        data &&
          `[${data.shape.join(', ')}], ${data.classes === null ? 'a number to predict' : `${data.classes} classes`}`,
      ],
      [
        'steps',
        stepsPerEpoch === undefined
          ? undefined
          : `${grouped(stepsPerEpoch * epochs)}: ${epochs} epochs of ${grouped(stepsPerEpoch)}`,
      ],
      [
        'a step',
        `${batchSize} samples in micro-batches of ${microBatchSize}, for up to ${batchSize / microBatchSize} workers`,
      ],
      ['data', dataError && `not read: ${dataError.message}`],
    ]),
  );
  return parts.join('\n\n');
}

function describeTransfer({ taken, drawn, left }: TransferPlan): string {
  const list = (names: readonly string[]) => (names.length === 0 ? 'none' : names.join(', '));
  return `${taken.size} weights; drawn anew: ${list(drawn)}; not taken of the file: ${list(left)}`;
}

function layerTable(layers: LayerRow[]): string {
  const columns = [{ title: 'layer' }, { title: 'type' }, { title: 'output' }, { title: 'weights', right: true }];
  const rows = layers.map(({ name, type, output, parameters, trainable }) => [
    ...[name, type, `[${output.map((size) => size ?? '?').join(', ')}]`],
    `${grouped(parameters)}${parameters > 0 && !trainable ? ' frozen' : ''}`,
  ]);
  return tableOf(columns, rows);
}

/** Of what no layers and data are known. */
const unknown = { layers: null, parameters: null, statistics: null, data: null, dataError: null };

function toJson(file: string, { experiment, outline, transfer, sweep }: Validated) {
  const { data, dataError, layers, manifest } = outline;
  return {
    file,
    experiment: JSON.parse(canonicalExperiment(experiment)) as unknown,
    layers: layers ?? null,
    parameters: manifest?.parameterCount ?? null,
    statistics: manifest?.statisticsCount ?? null,
    data: data ?? null,
    dataError: dataError?.message ?? null,
    ...(transfer && { transfer: { ...transfer, taken: Object.fromEntries(transfer.taken) } }),
    ...sweepJson(sweep),
    warnings: [...(sweep?.warnings ?? []), ...outline.warnings],
  };
}

function sweepJson({ trial, warnings }: Partial<ValidatedSweep> = {}) {
  return { trial: trial ? { number: trial.number, drawn: trial.drawn } : null, warnings: warnings ?? [] };
}
