/** What does not go with a method of full batches, and what does instead. */
import type { Finding } from './cross-check.js';
import { parseLayers, type Layer } from './layer-schema.js';
import { nameOf } from './named-option.js';
import { pathParts, plainLayers } from './plain-layers.js';
import { fullBatchSchemas, type Experiment } from './schema.js';

/** What to take in place of a loss whose gradient jumps. */
const smoothFor: Readonly<Record<string, string>> = {
  hinge: 'softmaxCrossEntropy',
  binaryHinge: 'binaryCrossEntropy',
  meanAbsoluteError: 'huber',
};

const mini = 'or take an optimizer of mini-batches, such as adam';

/** Whether the optimizer is such a method. */
export function isFullBatch(optimizer: object): boolean {
  return methodOf(optimizer) !== undefined;
}

function methodOf(optimizer: object): string | undefined {
  return Object.keys(optimizer).find((each) => Object.hasOwn(fullBatchSchemas, each));
}

/** What is said of a layer that makes the loss another in each step, wherever that is found. */
export function changingLoss(method: string): string {
  return `changes the loss from step to step, but ${method} compares losses of different steps; take it out, ${mini}`;
}

/** Of batch normalisation over parts of a batch. */
export function normalisesParts(method: string, microBatchSize: number): string {
  const parts = `train.microBatchSize: ${microBatchSize} normalises by parts of the batch, which are others in each step`;
  return `does not go with ${method} here: ${parts}; make it train.batchSize, or take it out`;
}

/** A line search compares losses and gradients of different steps, so that they must be of one smooth function. */
export function fullBatchFindings({
  optimizer,
  clip,
  regularise,
  augment,
  loss,
  model,
  module,
  train,
  transfer,
}: Experiment): Finding[] {
  const name = methodOf(optimizer);
  if (name === undefined) return [];
  const findings: Finding[] = [];
  if (clip !== undefined) {
    findings.push({
      path: ['clip'],
      message: `does not go with ${name}, whose line search limits the step; take it out`,
    });
  }
  if (regularise.l1 > 0) {
    const message = `${regularise.l1} does not go with ${name}, which needs a smooth loss; take l2, ${mini}`;
    findings.push({ path: ['regularise', 'l1'], message });
  }
  const smooth = Object.hasOwn(smoothFor, nameOf(loss)) ? smoothFor[nameOf(loss)] : undefined;
  if (smooth !== undefined) {
    const message = `'${nameOf(loss)}' does not go with ${name}, which needs a smooth loss; take ${smooth}, ${mini}`;
    findings.push({ path: ['loss'], message });
  }
  if (augment.length > 0) {
    findings.push({ path: ['augment'], message: changingLoss(name) });
  }
  const layers = Array.isArray(model) ? parseLayers(model, { custom: module !== undefined }) : [];
  for (const { path } of blocksThatDrop(layers)) {
    findings.push({ path: [...pathParts(path), 'survival'], message: changingLoss(name) });
  }
  for (const { type, path: layer, options } of plainLayers(layers)) {
    const path = pathParts(layer);
    if ('maxNorm' in options && options.maxNorm !== undefined) {
      const message = `${options.maxNorm} does not go with ${name}, whose line search knows no constraints; take l2, ${mini}`;
      findings.push({ path: [...path, 'maxNorm'], message });
    }
    const mayBeFrozen = transfer !== undefined || ('trainable' in options && !options.trainable);
    if (type === 'batchNormalization' && train.microBatchSize !== train.batchSize && !mayBeFrozen) {
      findings.push({ path, message: normalisesParts(name, train.microBatchSize) });
    }
    if (!isRandom(type) || ('rate' in options && options.rate === 0)) continue;
    findings.push({ path, message: changingLoss(name) });
  }
  return findings;
}

/** Draws anew in each step of training. */
function isRandom(type: string): boolean {
  return /dropout/i.test(type) || type === 'dropConnect' || type === 'fractionalMaxPooling2d';
}

/** Residual blocks with stochastic depth. */
function blocksThatDrop(layers: readonly Layer[]): Layer[] {
  return layers.flatMap((layer) => {
    if (layer.type !== 'residual' && layer.type !== 'repeat') return [];
    const shortcut = layer.type === 'residual' ? (layer.shortcut ?? []) : [];
    const inside = blocksThatDrop([...layer.layers, ...shortcut]);
    return layer.type === 'residual' && layer.survival < 1 ? [layer, ...inside] : inside;
  });
}
