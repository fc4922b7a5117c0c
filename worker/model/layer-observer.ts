/** What the layers of a model put out over some micro-batches, in numbers: the gradient passes, this looks on. */
import type { layers, LayersModel, Tensor } from '@tensorflow/tfjs';
import { Histogram, type HistogramFound } from './histogram.js';
import { Moments, type MomentsFound } from './moments.js';
import type { LayerListener } from './layer-taps.js';
import { UnitTraces } from './unit-traces.js';

export interface LayerObservation {
  name: string;
  /** Its class, such as `Dense`. */
  type: string;
  /** Null where it has none. */
  activation: string | null;
  /** Without the batch. */
  shape: (number | null)[];
  /** Over all units and samples. */
  output: MomentsFound;
  histogram: HistogramFound;
  /** The least of what it is given. */
  inputMinimum: number;
  /** On its last axis; null where the layer has neither weights nor an activation. */
  units: number | null;
  /** The share of outputs where the activation is flat; null for one that is not bounded. */
  saturated: number | null;
  /** The share of units that are 0 for every sample; null where that is no end to learning. */
  dead: number | null;
  /** The share of units that are the same as another for every sample. */
  equal: number | null;
  /** Of the loss's gradient by the outputs, over all units and samples; null where no weight lies before them. */
  outputGradient: MomentsFound | null;
}

export interface Observed {
  input: MomentsFound;
  /** In the model's order. */
  layers: LayerObservation[];
}

const nearOne = (value: number) => Math.abs(value) > 0.97;
const nearEnd = (value: number) => value < 0.03 || value > 0.97;
const flat: Record<string, (value: number) => boolean> = {
  ...{ tanh: nearOne, softsign: nearOne, sigmoid: nearEnd, hardSigmoid: nearEnd },
};
/** Their gradient is 0 wherever they are. */
const rectifiers: ReadonlySet<string | null> = new Set(['relu', 'relu6']);

interface Watched {
  layer: layers.Layer;
  activation: string | null;
  output: Moments;
  histogram: Histogram;
  outputGradient: Moments;
  inputMinimum: number;
  saturated: number;
  traces: UnitTraces | undefined;
}

export class LayerObserver implements LayerListener {
  readonly input = new Moments();
  readonly #watched: Map<string, Watched>;

  constructor(model: LayersModel) {
    const computing = model.layers.filter((layer) => layer.getClassName() !== 'InputLayer');
    this.#watched = new Map(computing.map((layer) => [layer.name, watch(layer)]));
  }

  forward(name: string, inputs: Tensor[], output: Tensor): void {
    const watched = this.#watched.get(name);
    if (!watched) return;
    const values = output.dataSync<'float32'>();
    watched.output.add(values);
    watched.histogram.add(values);
    watched.traces?.add(values);
    const isFlat = flat[watched.activation ?? ''];
    if (isFlat) watched.saturated += count(values, isFlat);
    for (const input of inputs) {
      const least = input.dataSync<'float32'>().reduce((left, right) => Math.min(left, right), Infinity);
      watched.inputMinimum = Math.min(watched.inputMinimum, least);
    }
  }

  backward(name: string, gradient: Tensor): void {
    this.#watched.get(name)?.outputGradient.add(gradient.dataSync<'float32'>());
  }

  observed(): Observed {
    const layers = [...this.#watched.values()].flatMap((watched) => observationOf(watched) ?? []);
    return { input: this.input.found()!, layers };
  }
}

function watch(layer: layers.Layer): Watched {
  const activation = activationOf(layer);
  const units = (layer.outputShape as (number | null)[]).at(-1);
  const hasUnits = layer.weights.length > 0 || activation !== null;
  const traces = hasUnits && typeof units === 'number' ? new UnitTraces(units) : undefined;
  const moments = { output: new Moments(), outputGradient: new Moments(), histogram: new Histogram() };
  return { layer, activation, traces, ...moments, inputMinimum: Infinity, saturated: 0 };
}

/** A recurrent layer's is within it, not at its end. */
function activationOf(layer: layers.Layer): string | null {
  const type = layer.getClassName();
  if (type === 'ReLU') return 'relu';
  const { activation } = layer.getConfig();
  return typeof activation === 'string' && type !== 'LSTM' ? activation : null;
}

/** Undefined for a layer that has not been passed. */
function observationOf({ layer, activation, traces, ...seen }: Watched): LayerObservation | undefined {
  const [output, histogram] = [seen.output.found(), seen.histogram.found()];
  if (!output || !histogram) return undefined;
  const isBounded = activation !== null && Object.hasOwn(flat, activation);
  return {
    ...{ name: layer.name, type: layer.getClassName(), activation },
    shape: (layer.outputShape as (number | null)[]).slice(1),
    ...{ output, histogram, inputMinimum: seen.inputMinimum, units: traces?.units ?? null },
    saturated: isBounded ? seen.saturated / (output.count + output.notFinite) : null,
    dead: traces && rectifiers.has(activation) ? traces.dead : null,
    equal: traces?.equal ?? null,
    outputGradient: seen.outputGradient.found() ?? null,
  };
}

function count(values: Float32Array, holds: (value: number) => boolean): number {
  let found = 0;
  for (const value of values) if (holds(value)) found += 1;
  return found;
}
