/** `polyak validate`: an experiment file with all its defaults, its layers, and whether its data are there. */
import { existsSync } from 'node:fs';
import { stringify } from 'yaml';
import { isRemote } from '../common/data-location.js';
import { PolyakError } from '../common/errors.js';
import { canonicalExperiment } from '../common/experiment/load.js';
import type { Experiment } from '../common/experiment/schema.js';
import { loadWithFlags, type OverrideFlags } from './load-experiment.js';
import { prepareModule } from './module/prepare-module.js';
import { outlineModel, type LayerRow, type ModelOutline } from './model-outline.js';
import { printJson, printText } from './output.js';
import { bold, grouped, listOf, tableOf } from './table.js';
import { defaultState } from './train.js';

interface ValidateOptions extends OverrideFlags {
  json: boolean;
}

/**
 * Errors: `usage` for the file, or a model that does not fit the data; `data` for data that are torn, or that are not
 * there where shapes cannot be known without them.
 */
export async function validateCommand(file: string, options: ValidateOptions): Promise<void> {
  const given = await loadWithFlags(file, options);
  const { bundle, experiment } = await prepareModule(given, defaultState);
  if (!options.json) printText(`${bold(`${file} is valid; with all defaults`)}\n\n${stringify(experiment).trimEnd()}`);
  const outline = await outlineModel(experiment, bundle);
  if (options.json) printJson(toJson(file, experiment, outline));
  else printText(`\n${describe(experiment, outline)}`);
  const { dataError, layers } = outline;
  if (!dataError) return;
  const missing = !isRemote(experiment.data.path) && !existsSync(experiment.data.path);
  if (missing && layers) return;
  const why = missing
    ? `${dataError.message}; without the data the shapes of the layers are not known`
    : dataError.message;
  throw new PolyakError('data', why, { cause: dataError });
}

function describe(experiment: Experiment, { data, dataError, layers, manifest }: ModelOutline): string {
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

function layerTable(layers: LayerRow[]): string {
  const columns = [{ title: 'layer' }, { title: 'type' }, { title: 'output' }, { title: 'weights', right: true }];
  const rows = layers.map(({ name, type, output, parameters, trainable }) => [
    ...[name, type, `[${output.map((size) => size ?? '?').join(', ')}]`],
    `${grouped(parameters)}${parameters > 0 && !trainable ? ' frozen' : ''}`,
  ]);
  return tableOf(columns, rows);
}

function toJson(file: string, experiment: Experiment, { data, dataError, layers, manifest }: ModelOutline) {
  return {
    file,
    experiment: JSON.parse(canonicalExperiment(experiment)) as unknown,
    layers: layers ?? null,
    parameters: manifest?.parameterCount ?? null,
    statistics: manifest?.statisticsCount ?? null,
    data: data ?? null,
    dataError: dataError?.message ?? null,
  };
}
