/** What is wrong with a network before its first step, in words, each with what to change. Thresholds are stated here alone. */
import { figure, percent } from './figure.js';
import type { InspectedLayer, Inspection } from './inspection.js';

export interface Finding {
  kind:
    | 'notFinite'
    | 'equalUnits'
    | 'collapse'
    | 'explosion'
    | 'saturation'
    | 'dead'
    | 'vanishingGradient'
    | 'explodingGradient'
    | 'oneSign'
    | 'loss';
  /** By name; empty where it is of the network as a whole. */
  layers: string[];
  message: string;
  change: string;
}

/** Of the first hidden layer's deviation: less than this in the last is a collapse, more than its reciprocal an explosion. */
const deviationLeft = 0.1;
/** The gradient by the first hidden layer's outputs, of that by the last one's. */
const gradientLeft = 1e-3;
const saturatedMost = 0.25;
const deadMost = 0.5;
const equalMost = 0.5;
const oneSignMost = 0.5;
/** Of the loss of chance. */
const lossLeast = 0.7;
const lossMost = 1.5;
/** Beyond this deviation inputs are large for the usual initialisers. */
const inputDeviationMost = 3;

/** In the order in which they are best seen to: what comes first is often the cause of what follows. */
export function findingsOf(inspection: Inspection): Finding[] {
  const spread = notFinite(inspection) ?? equalUnits(inspection) ?? deviations(inspection);
  const causes = [spread, saturation(inspection), dead(inspection)];
  // What the activations tell already, their gradients need not tell again.
  const back = causes.every((cause) => cause === undefined) ? gradients(inspection) : undefined;
  const found = [...causes, back, oneSign(inspection), loss(inspection)];
  return found.filter((finding) => finding !== undefined);
}

function notFinite({ input, layers }: Inspection): Finding | undefined {
  if (input.notFinite > 0) {
    const message = `the inputs have ${input.notFinite} values that are not finite`;
    return { kind: 'notFinite', layers: [], message, change: 'fill or leave out what is missing in the data' };
  }
  const bad = layers.filter(({ output }) => output.notFinite > 0);
  if (bad.length === 0) return undefined;
  const message = `${namesOf(bad)} put${bad.length === 1 ? 's' : ''} out values that are not finite`;
  return { kind: 'notFinite', layers: names(bad), message, change: 'draw smaller kernels, or scale the inputs down' };
}

/** Kernels that are not drawn, before what only follows from them; rectifiers that are 0 for another reason are dead. */
function equalUnits({ layers }: Inspection): Finding | undefined {
  const equal = hiddenLayers(layers).filter(
    (layer) => (layer.equal ?? 0) > equalMost && (isUndrawn(layer) || layer.dead !== 1),
  );
  if (equal.length === 0) return undefined;
  const undrawn = equal.filter(isUndrawn);
  const named = undrawn.length > 0 ? undrawn : equal;
  const message = `the units of ${namesOf(named)} are equal: ${shares(named, 'equal')} of them put out the same as another, get the same gradient, and stay the same`;
  const change = `draw their kernels, such as kernelInitializer: ${initializerFor(layers, named)}; zeros are for biases`;
  return { kind: 'equalUnits', layers: names(named), message, change };
}

function isUndrawn({ kernel }: InspectedLayer): boolean {
  return kernel?.deviation === 0;
}

/** Of the outputs, from the first hidden layer to the last. */
function deviations({ layers }: Inspection): Finding | undefined {
  const hidden = hiddenLayers(layers);
  const [first, last] = [hidden[0], hidden.at(-1)];
  if (!first || !last || first === last || first.output.deviation === 0) return undefined;
  const left = last.output.deviation / first.output.deviation;
  const path = `deviation ${figure(first.output.deviation)} in ${first.name}, ${figure(last.output.deviation)} in ${last.name}`;
  const initializer = `kernelInitializer: ${initializerFor(layers, hidden)} in the hidden layers`;
  const normalise = 'or put batchNormalization between kernel and activation';
  if (left < deviationLeft) {
    const message = `the activations collapse: ${path}; gradients of weights vanish with their inputs`;
    return { kind: 'collapse', layers: names(hidden), message, change: `larger kernels: ${initializer}; ${normalise}` };
  }
  if (left <= 1 / deviationLeft) return undefined;
  const message = `the activations explode: ${path}`;
  return { kind: 'explosion', layers: names(hidden), message, change: `smaller kernels: ${initializer}; ${normalise}` };
}

function saturation({ input, layers }: Inspection): Finding | undefined {
  const saturated = layers.filter((layer) => (layer.saturated ?? 0) > saturatedMost);
  const [first] = saturated;
  if (!first) return undefined;
  const message = `${namesOf(saturated)} ${saturated.length === 1 ? 'is' : 'are'} saturated: ${shares(saturated, 'saturated')} of the outputs are where ${first.activation} is flat and passes no gradient`;
  const scale = `scale the inputs, whose deviation is ${figure(input.deviation)}, to about 1 (preprocess: [{ scale: ${figure(1 / input.deviation)} }])`;
  const initializer = 'draw smaller kernels: kernelInitializer: glorotNormal';
  const change = input.deviation > inputDeviationMost ? `${scale}; ${initializer}` : initializer;
  return { kind: 'saturation', layers: names(saturated), message, change };
}

function dead({ layers }: Inspection): Finding | undefined {
  const found = layers.filter((layer) => (layer.dead ?? 0) > deadMost && !isUndrawn(layer));
  if (found.length === 0) return undefined;
  const message = `units of ${namesOf(found)} are dead: ${shares(found, 'dead')} of them are 0 for every sample, so nothing reaches their weights`;
  const change =
    'kernelInitializer: heNormal, biasInitializer: zeros or a little above, and inputs around 0 (preprocess: [{ subtractMean: image }]); or activation: elu, which learns on both sides of 0';
  return { kind: 'dead', layers: names(found), message, change };
}

/** By the outputs, from the last hidden layer back to the first. */
function gradients({ layers }: Inspection): Finding | undefined {
  const hidden = hiddenLayers(layers);
  const [first, last] = [hidden[0], hidden.at(-1)];
  if (!first?.outputGradient || !last?.outputGradient || first === last || last.outputGradient.deviation === 0) return;
  const left = first.outputGradient.deviation / last.outputGradient.deviation;
  if (left >= gradientLeft && left <= 1 / gradientLeft) return undefined;
  const path = `deviation ${figure(last.outputGradient.deviation)} at ${last.name}, ${figure(first.outputGradient.deviation)} at ${first.name}`;
  const initializer = `kernelInitializer: ${initializerFor(layers, hidden)} in the hidden layers`;
  const named = {
    layers: names(hidden),
    message: `the gradient ${left < 1 ? 'vanishes' : 'explodes'} on its way back: ${path}`,
  };
  if (left > 1) return { kind: 'explodingGradient', ...named, change: `smaller kernels: ${initializer}` };
  const other = 'tanh or relu in place of sigmoid, batchNormalization, or residual layers';
  return { kind: 'vanishingGradient', ...named, change: `${initializer}; ${other}` };
}

/** All gradients of a unit's weights have the sign of its output's where no input is negative. */
function oneSign({ layers }: Inspection): Finding | undefined {
  const locked = layers.filter(
    ({ weights, inputMinimum }) => inputMinimum >= 0 && (weights?.oneSign ?? 0) > oneSignMost,
  );
  const [first] = locked;
  if (!first) return undefined;
  const most = Math.max(...locked.map(({ weights }) => weights?.oneSign ?? 0));
  const message = `the gradients of ${namesOf(locked)} are locked to one sign in up to ${percent(most)} of the units, because no input is negative: their weights can only rise or fall together`;
  const isFirst = first === layers.find(({ kernel }) => kernel);
  const change = isFirst ? 'centre the inputs: preprocess: [{ subtractMean: image }]' : bothSigns(layers);
  return { kind: 'oneSign', layers: names(locked), message, change };
}

/** How what a hidden layer puts out gets both signs. */
function bothSigns(layers: readonly InspectedLayer[]): string {
  const normalise = 'batchNormalization after the layer before';
  const hasSigmoid = layers.some(({ activation }) => /sigmoid/i.test(activation ?? ''));
  return hasSigmoid ? `activation: tanh in place of sigmoid in the layer before, or ${normalise}` : normalise;
}

function loss({ loss: { data, chance }, targetMean, layers }: Inspection): Finding | undefined {
  if (data >= lossLeast * chance && data <= lossMost * chance) return undefined;
  const message = `the loss at initialisation is ${figure(data)}, far from the ${figure(chance)} of chance`;
  if (targetMean) {
    const mean = targetMean.length === 1 ? `{ constant: { value: ${figure(targetMean[0]!)} } }` : undefined;
    const bias =
      mean === undefined ? 'scale the targets' : `biasInitializer: ${mean} in the last layer, or scale the targets`;
    const change = `begin with the targets' mean, ${targetMean.map(figure).join(', ')}: ${bias}`;
    return { kind: 'loss', layers: [], message, change };
  }
  const output = layers.findLast(({ kernel }) => kernel);
  if (!output)
    return { kind: 'loss', layers: [], message, change: 'look at the loss, and at how the classes are numbered' };
  const deviation = `${output.name} puts out values of deviation ${figure(output.output.deviation)} before it has learned anything`;
  const change = `${deviation}: draw its kernel smaller, such as kernelInitializer: { randomNormal: { standardDeviation: 0.01 } }`;
  return { kind: 'loss', layers: [output.name], message, change };
}

/** All with a kernel but the last, which puts out what the loss takes. */
export function hiddenLayers(layers: readonly InspectedLayer[]): InspectedLayer[] {
  return layers.filter(({ kernel }) => kernel).slice(0, -1);
}

/** He's for rectifiers, Glorot's for the rest; the activation may be a layer of its own. */
function initializerFor(layers: readonly InspectedLayer[], of: readonly InspectedLayer[]): string {
  const own = of
    .map(({ activation }) => activation)
    .find((activation) => activation !== null && activation !== 'linear');
  const layer = layers.find(({ type }) => /^(Activation|.*ReLU|ELU)$/.test(type));
  const activation = own ?? layer?.activation ?? layer?.type ?? 'linear';
  return /relu|elu|gelu|swish|mish/i.test(activation) ? 'heNormal' : 'glorotNormal';
}

function names(layers: readonly InspectedLayer[]): string[] {
  return layers.map(({ name }) => name);
}

/** `dense_1`, `dense_1 and dense_2`, `dense_1 to dense_9 (9 layers)` */
function namesOf(layers: readonly InspectedLayer[]): string {
  const all = names(layers);
  return all.length < 3 ? all.join(' and ') : `${all[0]} to ${all.at(-1)} (${all.length} layers)`;
}

/** `93 %`, or `41 % to 97 %`. */
function shares(layers: readonly InspectedLayer[], key: 'saturated' | 'dead' | 'equal'): string {
  const values = layers.map((layer) => layer[key] ?? 0);
  const [least, most] = [percent(Math.min(...values)), percent(Math.max(...values))];
  return least === most ? least : `${least} to ${most}`;
}
