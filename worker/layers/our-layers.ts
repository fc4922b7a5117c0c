/**
 * Our own tf.layers classes, registered under the names of the built-in ones, so that a model.json made elsewhere gets
 * them too. The classes extend tfjs's, which is known only at run time; so they are made per copy of tfjs.
 */
import type { layers, Tensor } from '@tensorflow/tfjs';
import type { TF } from '../tensorflow/load.js';
import { batchNormalizationClass } from './batch-normalization.js';
import { dropConnectClass } from './drop-connect.js';
import { dropoutClass, spatialDropoutClass } from './dropout.js';
import { eluClass } from './elu.js';
import { embeddingClass } from './embedding.js';
import { fractionalMaxPooling2dClass } from './fractional-max-pooling-2d.js';
import { groupNormalizationClass } from './group-normalization.js';
import { layerNormalizationClass } from './layer-normalization.js';
import { lstmClass } from './lstm.js';
import { globalMaxPooling1dClass, maxPooling1dClass } from './max-pooling-1d.js';
import { maxPooling2dClass } from './max-pooling-2d.js';
import { maxoutClass } from './maxout.js';
import { stochasticDepthClass } from './stochastic-depth.js';
import { conv1dClass, conv2dClass, denseClass } from './weighted-layers.js';
import type { TrainingContext } from './training-context.js';

export type LayerClass = new (config: Record<string, unknown>) => layers.Layer;
export type Tensors = Tensor | Tensor[];

/** Those of our layers that draw or report; `index` counts them from 0 in the model's order. */
export interface ContextLayer extends layers.Layer {
  attach(context: TrainingContext, index: number): void;
}

export interface OurLayers {
  Conv1D: LayerClass;
  Conv2D: LayerClass;
  Dense: LayerClass;
  DropConnect: LayerClass;
  BatchNormalization: LayerClass;
  LayerNormalization: LayerClass;
  GroupNormalization: LayerClass;
  Dropout: LayerClass;
  SpatialDropout1D: LayerClass;
  SpatialDropout2D: LayerClass;
  StochasticDepth: LayerClass;
  MaxPooling1D: LayerClass;
  MaxPooling2D: LayerClass;
  FractionalMaxPooling2D: LayerClass;
  GlobalMaxPooling1D: LayerClass;
  LSTM: LayerClass;
  Embedding: LayerClass;
  ELU: LayerClass;
  Maxout: LayerClass;
}

const made = new WeakMap<TF, OurLayers>();

export function ourLayers(tf: TF): OurLayers {
  let classes = made.get(tf);
  if (!classes) {
    classes = {
      Conv1D: conv1dClass(tf),
      Conv2D: conv2dClass(tf),
      Dense: denseClass(tf),
      DropConnect: dropConnectClass(tf),
      BatchNormalization: batchNormalizationClass(tf),
      LayerNormalization: layerNormalizationClass(tf),
      GroupNormalization: groupNormalizationClass(tf),
      Dropout: dropoutClass(tf),
      SpatialDropout1D: spatialDropoutClass(tf, 1),
      SpatialDropout2D: spatialDropoutClass(tf, 2),
      StochasticDepth: stochasticDepthClass(tf),
      MaxPooling1D: maxPooling1dClass(tf),
      MaxPooling2D: maxPooling2dClass(tf),
      FractionalMaxPooling2D: fractionalMaxPooling2dClass(tf),
      GlobalMaxPooling1D: globalMaxPooling1dClass(tf),
      LSTM: lstmClass(tf),
      Embedding: embeddingClass(tf),
      ELU: eluClass(tf),
      Maxout: maxoutClass(tf),
    };
    made.set(tf, classes);
    for (const layer of Object.values(classes)) {
      tf.serialization.registerClass(layer as never);
    }
  }
  return classes;
}

export function isContextLayer(layer: layers.Layer): layer is ContextLayer {
  return 'attach' in layer;
}
