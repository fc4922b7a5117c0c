/** What the schema's types cannot say: keys of an experiment that contradict each other. Data files are not looked at. */
import { dataFindings, isRegression } from './data-check.js';
import { fullBatchFindings } from './full-batch-check.js';
import { locationsOf } from './data-locations.js';
import { isArchive, isRemote, locationProblem, nameOfLocation, shownLocation } from '../data-location.js';
import { parseLayers } from './layer-schema.js';
import { pathParts, plainLayers } from './plain-layers.js';
import { lossesFor, targetOf } from './losses.js';
import { directionOf, metricFacts } from './metrics.js';
import { nameOf, type NamedOption } from './named-option.js';
import { show } from './requirement.js';
import type { Experiment } from './schema.js';
import { isReference, type Search } from './search-schema.js';
import { stagesOf } from './stages.js';

export interface Finding {
  path: PropertyKey[];
  message: string;
}

/** Empty when all is well. */
export function crossCheck(experiment: Experiment): Finding[] {
  return [
    ...batchFindings(experiment),
    ...objectiveFindings(experiment),
    ...foldFindings(experiment.data.validation, experiment.search),
    ...labelFindings(experiment),
    ...dataFindings(experiment),
    ...locationFindings(experiment),
    ...repeatedFindings(experiment, 'preprocess'),
    ...preprocessFindings(experiment),
    ...repeatedFindings(experiment, 'augment'),
    ...repeatedFindings(experiment, 'metrics'),
    ...dilationFindings(experiment),
    ...warmUpFindings(experiment),
    ...plateauFindings(experiment),
    ...trustFindings(experiment),
    ...mixupFindings(experiment),
    ...transferFindings(experiment),
    ...fullBatchFindings(experiment),
  ];
}

function batchFindings({ train: { batchSize, microBatchSize } }: Experiment): Finding[] {
  if (batchSize % microBatchSize === 0) return [];
  return [
    { path: ['train', 'microBatchSize'], message: `${microBatchSize} does not divide train.batchSize, ${batchSize}` },
  ];
}

function objectiveFindings({ objective, metrics, data, search }: Experiment): Finding[] {
  const { metric, direction } = objective;
  const findings: Finding[] = [];
  if (metric !== 'validation.loss') {
    const path = ['objective', 'metric'];
    const name = metric.slice('validation.'.length);
    const isMeasured = metrics.some((each) => nameOf(each) === name);
    if (!isMeasured) findings.push({ path, message: `'${metric}' needs metrics: [${name}]` });
    const hasValidation = data.validation !== 0 || search?.crossValidation?.folds !== undefined;
    if (!hasValidation) findings.push({ path, message: `'${metric}' needs data.validation above 0` });
  }
  const natural = directionOf(metric);
  if (direction !== natural) {
    findings.push({
      path: ['objective', 'direction'],
      message: `'${direction}' is wrong for ${metric}; ${natural} it`,
    });
  }
  return findings;
}

/**
 * Each fold validates a training on the others, so that data of their own to validate by would never be looked at.
 * `validation` is as it is written: also a template whose references are open has it.
 */
export function foldFindings(validation: unknown, search: Pick<Search, 'crossValidation'> | undefined): Finding[] {
  const folds = search?.crossValidation?.folds;
  if (folds === undefined || validation === undefined || typeof validation === 'number' || isReference(validation)) {
    return [];
  }
  const message = `excludes data.validation ${show(validation)}, because each of the ${folds} folds is the validation once; take one of them out`;
  return [{ path: ['search', 'crossValidation', 'folds'], message }];
}

/** Numbers to predict have an error, classes a cross-entropy or a margin; and metrics are of one or the other. */
function labelFindings({ data, loss, metrics }: Experiment): Finding[] {
  const regression = isRegression(data);
  const name = nameOf(loss);
  const target = targetOf(loss);
  const findings: Finding[] = [];
  // What a module's loss is for, and what its data are, is known once they are there.
  if (name === 'module' || data.source === 'module') return findings;
  if (target === 'numbers' && !regression) {
    const where = 'which only csv, npy and npz with regression: true have';
    findings.push({ path: ['loss'], message: `'${name}' is for numbers to predict, ${where}` });
  }
  if (target !== 'numbers' && regression) {
    const losses = lossesFor('numbers').join(', ');
    findings.push({
      path: ['loss'],
      message: `'${name}' is for classes; data.regression: true needs one of ${losses}`,
    });
  }
  for (const metric of metrics) {
    const facts = metricFacts(metric);
    if (!facts || !target || facts.targets.includes(target)) continue;
    findings.push({ path: ['metrics'], message: `'${nameOf(metric)}' is no metric of loss: ${name}` });
  }
  return findings;
}

/** URLs that no data can be had from. */
function locationFindings({ data }: Experiment): Finding[] {
  return locationsOf(data).flatMap(([key, location]) => {
    if (!isRemote(location)) return [];
    const hasChecksum = key === 'path' && data.sha256 !== undefined;
    const problem = locationProblem(location, hasChecksum) ?? kindProblem(data.source, location, hasChecksum);
    return problem === undefined
      ? []
      : [{ path: ['data', ...key.split('.')], message: `'${shownLocation(location)}' ${problem}` }];
  });
}

/** A web server lists no folder, so that one can only be asked for files whose names are known. */
function kindProblem(source: string, location: string, hasChecksum: boolean): string | undefined {
  const name = nameOfLocation(location);
  if (location.startsWith('s3:')) return undefined;
  if (name === '' && hasChecksum) return 'is a folder, but data.sha256 is for one file';
  const archives = 'an archive: .tar, .tar.gz, .tgz or .zip';
  if (source === 'images' && !isArchive(name)) return `must name ${archives}, because a web server lists no folders`;
  if ((source === 'idx' || source === 'cifar10') && name !== '' && !isArchive(name)) {
    return `must end with a slash, as the folder of its files, or name ${archives}`;
  }
  const isFile = source === 'csv' || source === 'npy' || source === 'npz';
  if (isFile && (name === '' || isArchive(name))) return `must name a file of ${source}`;
  return undefined;
}

/** Each kind of entry once: a second flip or mean would be a mistake or do nothing. */
function repeatedFindings(experiment: Experiment, key: 'preprocess' | 'augment' | 'metrics'): Finding[] {
  const names = experiment[key].map((entry) =>
    typeof entry === 'object' && 'module' in entry ? entry.module : nameOf<string>(entry as NamedOption),
  );
  return names.flatMap((name, index) =>
    names.indexOf(name) < index ? [{ path: [key, index], message: `'${name}' is there twice` }] : [],
  );
}

/** What is done first stands first; and what subtracts a mean of its own needs no other. */
const preprocessOrder = ['standardise', 'pca', 'whiten'] as const;
const movingAugmentations = ['flip', 'crop', 'resizedCrop', 'rotate', 'translate'] as const;

function preprocessFindings({ preprocess, augment }: Experiment): Finding[] {
  const findings: Finding[] = [];
  const written = preprocess.map((entry) => Object.keys(entry)[0] ?? '');
  const inOrder = preprocessOrder.filter((name) => written.includes(name));
  const asWritten = written.filter((name) => inOrder.some((each) => each === name));
  // One that is there twice is told of elsewhere.
  if (asWritten.length === inOrder.length && asWritten.join() !== inOrder.join()) {
    const wrong = asWritten.findIndex((name, at) => name !== inOrder[at]);
    const message = `'${asWritten[wrong]}' is done after ${inOrder[wrong]}; write them in this order: ${inOrder.join(', ')}`;
    findings.push({ path: ['preprocess', written.indexOf(asWritten[wrong] ?? '')], message });
  }
  const own = inOrder[0];
  preprocess.forEach((entry, index) => {
    if (!('subtractMean' in entry) || own === undefined) return;
    if (own !== 'standardise' && entry.subtractMean === 'image') return;
    const message = `${own} subtracts the mean ${own === 'standardise' ? 'itself' : 'of every feature'}; take subtractMean out`;
    findings.push({ path: ['preprocess', index, 'subtractMean'], message });
  });
  const moves = augment.some((entry) => movingAugmentations.some((name) => name in entry));
  const index = preprocess.findIndex((entry) => 'standardise' in entry && entry.standardise === 'feature');
  if (index >= 0 && moves) {
    const message =
      "'feature' does not go with augment, which moves values from one feature to another; standardise: channel does";
    findings.push({ path: ['preprocess', index, 'standardise'], message });
  }
  return findings;
}

/** TensorFlow.js has no gradient for a dilated convolution, neither of its kernel nor of its input. */
function dilationFindings({ model, module }: Experiment): Finding[] {
  if (!Array.isArray(model)) return [];
  return plainLayers(parseLayers(model, { custom: module !== undefined })).flatMap(({ path, options }, index) => {
    if (!('dilationRate' in options)) return [];
    const rates = [options.dilationRate].flat();
    if (rates.every((rate) => rate === 1) || (index === 0 && !options.trainable)) return [];
    const rate = Array.isArray(options.dilationRate) ? `[${rates.join(', ')}]` : String(options.dilationRate);
    const message = `${rate} cannot be trained, only a first layer with trainable: false may have it`;
    return [{ path: [...pathParts(path), 'dilationRate'], message }];
  });
}

/** Both need the whole vector of the step before, and one of them the other's result. */
function trustFindings({ optimizer, clip }: Experiment): Finding[] {
  if (!('lamb' in optimizer) || clip === undefined || !('globalNorm' in clip)) return [];
  const message =
    'does not go with lamb, whose step has the norm of the weights whatever that of the gradient; take one of them out';
  return [{ path: ['clip', 'globalNorm'], message }];
}

/** A mixed label is a distribution over classes, and a partner is of the same micro-batch. */
function mixupFindings({ augment, loss, train }: Experiment): Finding[] {
  const index = augment.findIndex((entry) => 'mixup' in entry);
  if (index < 0) return [];
  const path = ['augment', index, 'mixup'];
  const name = nameOf(loss);
  const findings: Finding[] = [];
  if (name !== 'softmaxCrossEntropy') {
    const message = `goes with loss: softmaxCrossEntropy, whose label may be of two classes, not with '${name}'; take one of them out`;
    findings.push({ path, message });
  }
  if (train.microBatchSize < 2) {
    const message = 'mixes the samples of a micro-batch, and train.microBatchSize is 1; make that 2 or more';
    findings.push({ path, message });
  }
  return findings;
}

/** A plateau is one of the objective. */
function plateauFindings({ optimizer, data, search }: Experiment): Finding[] {
  const isValidated = data.validation !== 0 || search?.crossValidation?.folds !== undefined;
  return Object.entries(optimizer).flatMap(([name, options]) => {
    if (isValidated || !('schedule' in options) || !options.schedule || !('reduceOnPlateau' in options.schedule))
      return [];
    const message = "needs data.validation above 0: it is the validation's objective that shows a plateau";
    return [{ path: ['optimizer', name, 'schedule', 'reduceOnPlateau'], message }];
  });
}

/** One cycle begins with a rise of its own. */
function warmUpFindings({ optimizer }: Experiment): Finding[] {
  return Object.entries(optimizer).flatMap(([name, options]) => {
    if (!('learningRate' in options)) return [];
    const { schedule, warmUp } = options;
    if (warmUp === undefined || schedule === undefined || !('oneCycle' in schedule)) return [];
    const message =
      'does not go with oneCycle, which rises by itself over a part `rise` of the steps; take one of them out';
    return [{ path: ['optimizer', name, 'warmUp'], message }];
  });
}

/** What is frozen is said once, and weights are read on every machine that has a server. */
function transferFindings({ transfer, clip }: Experiment): Finding[] {
  if (!transfer) return [];
  const { from, freeze, fineTuneFrom, features } = transfer;
  const findings: Finding[] = [];
  const add = (key: string, message: string) => findings.push({ path: ['transfer', key], message });
  if (isRemote(from)) add('from', `'${shownLocation(from)}' is remote; bring the file, and give its path`);
  if (freeze && fineTuneFrom !== undefined)
    add('fineTuneFrom', 'says what is frozen, and so does freeze; take one out');
  if (features !== undefined && (freeze !== undefined || fineTuneFrom !== undefined)) {
    add('features', 'freezes all but its classifier; take freeze and fineTuneFrom out');
  }
  const stages = stagesOf({ transfer });
  const twice = stages.find((stage, index) => stages.indexOf(stage) < index);
  if (twice !== undefined) add('features', `'${twice}' is there twice`);
  if (stages.length > 1 && clip !== undefined && 'globalNorm' in clip) {
    const message = 'would make one classifier of transfer.features depend on the others; take it out, or take value';
    findings.push({ path: ['clip', 'globalNorm'], message });
  }
  return findings;
}
