/** What does not go with a method of full batches, and what does instead. */
import type { Finding } from './cross-check.js';
import { parseLayers, type Layer } from './layer-schema.js';
import { pathParts, plainLayers } from './plain-layers.js';
import { fullBatchSchemas, type Experiment } from './schema.js';

/** A line search compares losses and gradients of different steps, so that they must be of one smooth function. */
export function fullBatchFindings({
  optimizer,
  clip,
  regularise,
  augment,
  model,
  module,
  train,
}: Experiment): Finding[] {
  const name = Object.keys(optimizer).find((each) => Object.hasOwn(fullBatchSchemas, each));
  if (name === undefined) return [];
  const findings: Finding[] = [];
  const mini = 'or take an optimizer of mini-batches, such as adam';
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
  if (augment.length > 0) {
    const message = `changes the loss from step to step, but ${name} compares losses of different steps; take it out, ${mini}`;
    findings.push({ path: ['augment'], message });
  }
  const layers = Array.isArray(model) ? parseLayers(model, { custom: module !== undefined }) : [];
  for (const { path } of blocksThatDrop(layers)) {
    const message = `changes the loss from step to step, but ${name} compares losses of different steps; take it out, ${mini}`;
    findings.push({ path: [...pathParts(path), 'survival'], message });
  }
  for (const { type, path: layer, options } of plainLayers(layers)) {
    const path = pathParts(layer);
    if ('maxNorm' in options && options.maxNorm !== undefined) {
      const message = `${options.maxNorm} does not go with ${name}, whose line search knows no constraints; take l2, ${mini}`;
      findings.push({ path: [...path, 'maxNorm'], message });
    }
    if (type === 'batchNormalization' && train.microBatchSize !== train.batchSize) {
      const parts = `train.microBatchSize: ${train.microBatchSize} normalises by parts of the batch, which are others in each step`;
      findings.push({
        path,
        message: `does not go with ${name} here: ${parts}; make it train.batchSize, or take it out`,
      });
    }
    if (!isRandom(type)) continue;
    const message = `changes the loss from step to step, but ${name} compares losses of different steps; take it out, ${mini}`;
    findings.push({ path, message });
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
    const inside = blocksThatDrop(layer.layers);
    return layer.type === 'residual' && layer.survival < 1 ? [layer, ...inside] : inside;
  });
}
