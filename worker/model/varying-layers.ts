/** The layers that make a model's loss another function of the weights in each step of training. */
import type { layers, LayersModel } from '@tensorflow/tfjs';
import type { VaryingLayer } from '../../common/manifest.js';

const drawing = new Set([
  ...['Dropout', 'SpatialDropout1D', 'SpatialDropout2D', 'StochasticDepth', 'DropConnect'],
  'FractionalMaxPooling2D',
]);

/** What a layer of a module draws is not known. */
export function varyingLayers(model: LayersModel): VaryingLayer[] {
  return model.layers.flatMap((layer): VaryingLayer[] => {
    const [name, type] = [layer.name, layer.getClassName()];
    // A frozen one normalises by its running statistics.
    if (type === 'BatchNormalization') return layer.trainable ? [{ name, type, by: 'microBatch' }] : [];
    return drawing.has(type) && rateOf(layer) !== 0 ? [{ name, type, by: 'draws' }] : [];
  });
}

/** Undefined for a layer that has none. */
function rateOf(layer: layers.Layer): unknown {
  return (layer as { rate?: unknown }).rate;
}
