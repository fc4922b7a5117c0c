/** What the schema's types cannot say: keys of an experiment that contradict each other. Data files are not looked at. */
import { dataFindings, isRegression } from './data-check.js';
import { parseLayers, type Layer } from './layer-schema.js';
import type { Experiment } from './schema.js';

export interface Finding {
  path: PropertyKey[];
  message: string;
}

/** Empty when all is well. */
export function crossCheck(experiment: Experiment): Finding[] {
  return [
    ...batchFindings(experiment),
    ...objectiveFindings(experiment),
    ...labelFindings(experiment),
    ...dataFindings(experiment),
    ...repeatedFindings(experiment, 'preprocess'),
    ...repeatedFindings(experiment, 'augment'),
    ...dilationFindings(experiment),
  ];
}

function batchFindings({ train: { batchSize, microBatchSize } }: Experiment): Finding[] {
  if (batchSize % microBatchSize === 0) return [];
  return [
    { path: ['train', 'microBatchSize'], message: `${microBatchSize} does not divide train.batchSize, ${batchSize}` },
  ];
}

function objectiveFindings({ objective, metrics, data }: Experiment): Finding[] {
  const { metric, direction } = objective;
  const findings: Finding[] = [];
  if (metric === 'validation.accuracy') {
    const path = ['objective', 'metric'];
    if (!metrics.includes('accuracy')) findings.push({ path, message: `'${metric}' needs metrics: [accuracy]` });
    if (data.validation === 0) findings.push({ path, message: `'${metric}' needs data.validation above 0` });
  }
  const natural = metric === 'validation.loss' ? 'minimise' : 'maximise';
  if (direction !== natural) {
    findings.push({
      path: ['objective', 'direction'],
      message: `'${direction}' is wrong for ${metric}; ${natural} it`,
    });
  }
  return findings;
}

/** Numbers to predict have a squared error, classes a cross-entropy. */
function labelFindings({ data, loss, metrics }: Experiment): Finding[] {
  const regression = isRegression(data);
  const findings: Finding[] = [];
  // What a module's loss is for, and what its data are, is known once they are there.
  if (loss === 'module' || data.source === 'module') return findings;
  if (loss === 'meanSquaredError' && !regression) {
    const where = 'which only csv, npy and npz with regression: true have';
    findings.push({ path: ['loss'], message: `'meanSquaredError' is for numbers to predict, ${where}` });
  }
  if (loss !== 'meanSquaredError' && regression) {
    findings.push({
      path: ['loss'],
      message: `'${loss}' is for classes; data.regression: true needs meanSquaredError`,
    });
  }
  if (loss === 'meanSquaredError' && metrics.includes('accuracy')) {
    findings.push({ path: ['metrics'], message: `'accuracy' is no metric of loss: meanSquaredError` });
  }
  return findings;
}

/** Each kind of entry once: a second flip or mean would be a mistake or do nothing. */
function repeatedFindings(experiment: Experiment, key: 'preprocess' | 'augment'): Finding[] {
  const names = experiment[key].map((entry) => ('module' in entry ? entry.module : (Object.keys(entry)[0] ?? '')));
  return names.flatMap((name, index) =>
    names.indexOf(name) < index ? [{ path: [key, index], message: `'${name}' is there twice` }] : [],
  );
}

/** TensorFlow.js has no gradient for a dilated convolution, neither of its kernel nor of its input. */
function dilationFindings({ model, module }: Experiment): Finding[] {
  if (!Array.isArray(model)) return [];
  return plainLayers(parseLayers(model, { custom: module !== undefined })).flatMap(({ path, options }, index) => {
    const dilated = 'dilationRate' in options && options.dilationRate.some((rate) => rate > 1);
    if (!dilated || (index === 0 && !options.trainable)) return [];
    const parts = [...path.split(/[.[\]]+/).filter(Boolean), 'dilationRate'];
    const message = `[${options.dilationRate.join(', ')}] cannot be trained, only a first layer with trainable: false may have it`;
    return [{ path: parts.map((part) => (/^\d+$/.test(part) ? Number(part) : part)), message }];
  });
}

type BuiltInLayer = Exclude<Extract<Layer, { options: unknown }>, { type: 'custom' }>;

function plainLayers(layers: Layer[]): BuiltInLayer[] {
  return layers.flatMap((layer) => {
    if (layer.type === 'custom') return [];
    if ('options' in layer) return [layer];
    const shortcut = layer.type === 'residual' ? (layer.shortcut ?? []) : [];
    return plainLayers([...layer.layers, ...shortcut]);
  });
}
