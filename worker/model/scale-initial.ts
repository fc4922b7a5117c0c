/**
 * Layer-sequential unit variance (Mishkin and Matas 2016): kernels are drawn orthogonal, then each in the model's order is
 * divided by the standard deviation of what its layer puts out for the first micro-batch, before the activation, until that
 * is 1. What comes of it is a gain for each kernel, so that the first weights stay a function of the manifest and the seed.
 */
import type { layers, LayersModel, Tensor } from '@tensorflow/tfjs';
import { PolyakError } from '../../common/errors.js';
import type { Manifest, TensorSpec } from '../../common/manifest.js';

/** Biases and the rounding of gains aside, once is enough. */
const passesMax = 10;
const tolerance = 0.02;
/** So that workers whose arithmetic differs in the last bits find the same gain. */
const gainDigits = 3;

interface Pass {
  forward: () => void;
  redraw: (parameter: TensorSpec, gain: number) => void;
}

export function needsScaling({ parameters }: Pick<Manifest, 'parameters'>): boolean {
  return parameters.some(({ initializer }) => initializer.name === 'lsuv');
}

/** Errors: `data` where a layer puts out the same for everything, or nothing finite. */
export function scaleInitial(model: LayersModel, { parameters }: Manifest, { forward, redraw }: Pass): void {
  for (const layer of model.layers) {
    const kernel = parameters.find(({ name, initializer }) => {
      return name === `${layer.name}/kernel` && initializer.name === 'lsuv';
    });
    if (!kernel) continue;
    let gain = 1;
    for (let pass = 0; pass < passesMax; pass += 1) {
      const deviation = deviationOf(layer, forward);
      if (!(deviation > 0 && Number.isFinite(deviation))) {
        const found = `puts out values of deviation ${deviation} for the first micro-batch`;
        throw new PolyakError('data', `model: lsuv: layer '${layer.name}' ${found}, which no gain makes 1`);
      }
      if (Math.abs(deviation - 1) < tolerance) break;
      gain = Number((gain / deviation).toPrecision(gainDigits));
      redraw(kernel, gain);
    }
  }
}

/** Over samples, places and units, of what the layer puts out without its activation. */
function deviationOf(layer: layers.Layer, forward: () => void): number {
  const linear = layer as unknown as { activation: unknown };
  const { activation } = linear;
  const call: layers.Layer['call'] = layer.call.bind(layer);
  let deviation = NaN;
  layer.call = (inputs, kwargs) => {
    linear.activation = null;
    const before = call(inputs, kwargs) as Tensor;
    linear.activation = activation;
    deviation = standardDeviation(before.dataSync<'float32'>());
    return call(inputs, kwargs);
  };
  try {
    forward();
  } finally {
    layer.call = call;
    linear.activation = activation;
  }
  return deviation;
}

/** In float64, in the values' order. */
function standardDeviation(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
