/** Makes tf.layers of the experiment's list of layers. */
import type { layers, SymbolicTensor } from '@tensorflow/tfjs';
import { PolyakError } from '../../common/errors.js';
import type { ActivationOption, InitializerOption, Layer } from '../../common/experiment/layer-schema.js';
import { rateOfKeep } from '../../common/experiment/dropout-rate.js';
import type { InitializerSpec } from '../../common/manifest.js';
import { ourLayers, type LayerClass } from '../layers/our-layers.js';
import type { TF } from '../tensorflow/load.js';

/** What tf.layers does not keep of a layer's options. */
export interface LayerNotes {
  rateMultiplier: number;
  /** Of the kernel. */
  maxNorm?: number | undefined;
  /** By the weight's name, such as `kernel`. */
  initializers: Record<string, InitializerOption & Pick<InitializerSpec, 'unitForget'>>;
}

export interface BuiltGraph {
  output: SymbolicTensor;
  /** By the layer's name. */
  notes: Map<string, LayerNotes>;
}

/** Errors: PolyakError `usage`, with the layer's path, where a layer cannot take the shape it gets. */
export function applyLayers(
  tf: TF,
  list: Layer[],
  input: SymbolicTensor,
  custom: Readonly<Record<string, LayerClass>> = {},
): BuiltGraph {
  return new GraphBuilder(tf, custom).build(list, input);
}

class GraphBuilder {
  readonly #notes = new Map<string, LayerNotes>();
  readonly #names = new Set<string>();
  readonly #counts = new Map<string, number>();

  constructor(
    private readonly tf: TF,
    /** Of the experiment's module. */
    private readonly custom: Readonly<Record<string, LayerClass>>,
  ) {}

  build(list: Layer[], input: SymbolicTensor): BuiltGraph {
    return { output: this.#applyAll(list, input), notes: this.#notes };
  }

  #applyAll(list: Layer[], input: SymbolicTensor): SymbolicTensor {
    return list.reduce((x, layer) => this.#apply(layer, x), input);
  }

  #apply(layer: Layer, x: SymbolicTensor): SymbolicTensor {
    if (layer.type === 'repeat') {
      let output = x;
      for (let time = 0; time < layer.times; time += 1) output = this.#applyAll(layer.layers, output);
      return output;
    }
    if (layer.type === 'residual') return this.#residual(layer, x);
    try {
      const made = this.#make(layer, x).apply(x) as SymbolicTensor;
      const output = this.#activate(layer, made);
      if (output.shape.slice(1).some((size) => size !== null && size < 1)) {
        throw new Error(`it would put out ${show(output)}`);
      }
      return output;
    } catch (error) {
      if (error instanceof PolyakError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new PolyakError('usage', `${layer.path}: cannot be applied to shape ${show(x)}: ${reason}`, {
        cause: error,
      });
    }
  }

  /** An activation that has an alpha is a layer of its own, so that whoever reads the model knows its alpha. */
  #activate(layer: Exclude<Layer, { type: 'repeat' | 'residual' }>, x: SymbolicTensor): SymbolicTensor {
    if (layer.type === 'custom' || layer.type === 'activation' || !('activation' in layer.options)) return x;
    const parametric = withAlpha(layer.options.activation);
    if (!parametric) return x;
    const { type, alpha } = parametric;
    return this.#activation(type, { alpha, name: this.#nameOf(type, layer.path) }).apply(x) as SymbolicTensor;
  }

  #activation(type: 'leakyReLU' | 'elu', options: { alpha: number; name: string }): layers.Layer {
    return type === 'elu' ? new (ourLayers(this.tf).ELU)(options) : this.tf.layers.leakyReLU(options);
  }

  #residual(layer: Extract<Layer, { type: 'residual' }>, x: SymbolicTensor): SymbolicTensor {
    const main = this.#stochastic(layer, this.#applyAll(layer.layers, x));
    const shortcut = layer.shortcut ? this.#applyAll(layer.shortcut, x) : x;
    if (show(main) !== show(shortcut)) {
      const advice = layer.shortcut ? '' : '; give it a shortcut, such as a 1x1 convolution';
      throw new PolyakError(
        'usage',
        `${layer.path}: cannot add ${show(main)} and its shortcut's ${show(shortcut)}${advice}`,
      );
    }
    return this.tf.layers.add({ name: this.#nameOf('residual', layer.path) }).apply([main, shortcut]) as SymbolicTensor;
  }

  /** Drops what the block's layers put out, in training. */
  #stochastic(
    { survival, survivalPer, path }: Extract<Layer, { type: 'residual' }>,
    x: SymbolicTensor,
  ): SymbolicTensor {
    if (survival === 1) return x;
    const options = { rate: rateOfKeep(survival), per: survivalPer };
    const name = this.#nameOf('stochasticDepth', path);
    return new (ourLayers(this.tf).StochasticDepth)({ ...options, name }).apply(x) as SymbolicTensor;
  }

  /** Names count per type and model; tfjs's own count per process, so they would differ between workers. */
  #nameOf(type: string, path: string, given?: string): string {
    const number = (this.#counts.get(type) ?? 0) + 1;
    this.#counts.set(type, number);
    const name = given ?? `${type}_${number}`;
    if (this.#names.has(name)) {
      throw new PolyakError('usage', `${path}.name: '${name}' is the name of another layer`);
    }
    this.#names.add(name);
    return name;
  }

  #make(layer: Exclude<Layer, { type: 'repeat' | 'residual' }>, x: SymbolicTensor): layers.Layer {
    const type = layer.type === 'custom' ? layer.layer : layer.type;
    const name = this.#nameOf(type, layer.path, layer.options.name);
    if (layer.type === 'custom') return this.#makeCustom(layer, name);
    return isWeighted(layer) ? this.#makeWeighted(layer, name, x) : this.#makePlain(layer, name);
  }

  #makeCustom({ layer, path, options }: CustomLayer, name: string): layers.Layer {
    const Class = Object.hasOwn(this.custom, layer) ? this.custom[layer] : undefined;
    if (!Class)
      throw new PolyakError('usage', `${path}: there is no layer '${layer}', neither built in nor of the module`);
    const { rateMultiplier, ...rest } = options;
    this.#notes.set(name, { rateMultiplier, initializers: {} });
    return new Class({ ...rest, name });
  }

  #makeWeighted(layer: WeightedLayer, name: string, x: SymbolicTensor): layers.Layer {
    const { tf } = this;
    const ours = ourLayers(tf);
    const note = (initializers: LayerNotes['initializers'], maxNorm?: number) => {
      this.#notes.set(name, { rateMultiplier: layer.options.rateMultiplier, initializers, maxNorm });
    };
    if (isNormalization(layer)) {
      const { gammaInitializer: gamma, betaInitializer: beta, ...options } = layer.options;
      note({ gamma, beta });
      const Class = {
        batchNormalization: ours.BatchNormalization,
        layerNormalization: ours.LayerNormalization,
        groupNormalization: ours.GroupNormalization,
      }[layer.type];
      return new Class({ ...options, name });
    }
    if (layer.type === 'depthwiseConv2d') {
      const { depthwiseInitializer, biasInitializer: bias, ...options } = layer.options;
      note({ depthwise_kernel: depthwiseInitializer, bias });
      return tf.layers.depthwiseConv2d({ ...native(options), depthwiseInitializer: 'zeros', name });
    }
    if (layer.type === 'separableConv2d') {
      const { depthwiseInitializer, pointwiseInitializer, biasInitializer: bias, ...options } = layer.options;
      note({ depthwise_kernel: depthwiseInitializer, pointwise_kernel: pointwiseInitializer, bias });
      const zeros = { depthwiseInitializer: 'zeros', pointwiseInitializer: 'zeros' } as const;
      return tf.layers.separableConv2d({ ...native(options), ...zeros, name });
    }
    if (layer.type === 'embedding') {
      const { embeddingsInitializer: embeddings, rateMultiplier: _, ...options } = layer.options;
      note({ embeddings });
      return new ours.Embedding({ ...options, embeddingsInitializer: 'zeros', name });
    }
    if (layer.type === 'prelu') {
      const { alphaInitializer: alpha, rateMultiplier: _, ...options } = layer.options;
      note({ alpha });
      // One slope for each channel, whatever the place.
      const sharedAxes = x.shape.slice(1, -1).map((__, axis) => axis + 1);
      return tf.layers.prelu({ ...options, sharedAxes, alphaInitializer: 'zeros', name });
    }
    if (layer.type === 'lstm') {
      const { kernelInitializer: kernel, recurrentInitializer, biasInitializer, ...options } = layer.options;
      const bias = { ...biasInitializer, unitForget: options.unitForgetBias };
      note({ kernel, recurrent_kernel: recurrentInitializer, bias });
      return new ours.LSTM({ ...options, name });
    }
    const { kernelInitializer: kernel, biasInitializer: bias, maxNorm, ...options } = layer.options;
    note({ kernel, bias }, maxNorm);
    const classes = { conv1d: ours.Conv1D, conv2d: ours.Conv2D, dense: ours.Dense, dropConnect: ours.DropConnect };
    const Class = classes[layer.type];
    return new Class({ ...native(options), kernelInitializer: 'zeros', name });
  }

  #makePlain(layer: PlainLayer, name: string): layers.Layer {
    const { tf } = this;
    const ours = ourLayers(tf);
    switch (layer.type) {
      case 'maxPooling1d':
        return new ours.MaxPooling1D({ ...layer.options, name });
      case 'averagePooling1d':
        return tf.layers.averagePooling1d({ ...layer.options, name });
      case 'globalMaxPooling1d':
        return new ours.GlobalMaxPooling1D({ name });
      case 'globalAveragePooling1d':
        return tf.layers.globalAveragePooling1d({ name });
      case 'maxPooling2d':
        return new ours.MaxPooling2D({ ...layer.options, name });
      case 'fractionalMaxPooling2d':
        return new ours.FractionalMaxPooling2D({ ...layer.options, name });
      case 'averagePooling2d':
        return tf.layers.averagePooling2d({ ...layer.options, name });
      case 'globalAveragePooling2d':
        return tf.layers.globalAveragePooling2d({ name });
      case 'flatten':
        return tf.layers.flatten({ name });
      case 'activation': {
        const { activation } = layer.options;
        const parametric = withAlpha(activation);
        if (parametric) return this.#activation(parametric.type, { alpha: parametric.alpha, name });
        return tf.layers.activation({ activation: tfjsActivation(activation), name });
      }
      case 'leakyReLU':
      case 'elu':
        return this.#activation(layer.type, { ...layer.options, name });
      case 'maxout':
        return new ours.Maxout({ ...layer.options, name });
      case 'dropout':
        return new ours.Dropout({ ...layer.options, name });
      case 'spatialDropout1d':
        return new ours.SpatialDropout1D({ ...layer.options, name });
      case 'spatialDropout2d':
        return new ours.SpatialDropout2D({ ...layer.options, name });
      case 'reshape':
        return tf.layers.reshape({ ...layer.options, name });
      default:
        return tf.layers.zeroPadding2d({ ...layer.options, name });
    }
  }
}

const weightedTypes = [
  ...(['conv1d', 'conv2d', 'dense', 'dropConnect', 'depthwiseConv2d', 'separableConv2d'] as const),
  ...(['batchNormalization', 'layerNormalization', 'groupNormalization', 'lstm', 'embedding', 'prelu'] as const),
] as const;
type NormalizationLayer = Extract<Layer, { type: `${string}Normalization` }>;
type WeightedLayer = Extract<Layer, { type: (typeof weightedTypes)[number] }>;
type CustomLayer = Extract<Layer, { type: 'custom' }>;
type PlainLayer = Exclude<Layer, WeightedLayer | { type: 'repeat' | 'residual' | 'custom' }>;

function isWeighted(layer: WeightedLayer | PlainLayer): layer is WeightedLayer {
  return (weightedTypes as readonly string[]).includes(layer.type);
}

function isNormalization(layer: WeightedLayer): layer is NormalizationLayer {
  return layer.type.endsWith('Normalization');
}

type TfjsActivation = 'relu';

/** The first weights come from the server's generator, so tfjs's initialisers are zeros throughout. */
function native<Options extends { activation: ActivationOption; rateMultiplier: number }>(options: Options) {
  const { activation, rateMultiplier: _, ...rest } = options;
  return { ...rest, activation: tfjsActivation(activation) };
}

/** tfjs knows more activations than its types say. One that has an alpha follows as a layer of its own. */
function tfjsActivation(activation: ActivationOption): TfjsActivation {
  return (withAlpha(activation) ? 'linear' : activation) as TfjsActivation;
}

/** tfjs has no leaky ReLU among its activations, and no alpha for any of them. */
function withAlpha(activation: ActivationOption): { type: 'leakyReLU' | 'elu'; alpha: number } | undefined {
  if (activation === 'leakyReLU') return { type: 'leakyReLU', alpha: 0.01 };
  if (typeof activation === 'string') return undefined;
  return 'elu' in activation
    ? { type: 'elu', alpha: activation.elu.alpha }
    : { type: 'leakyReLU', alpha: activation.leakyReLU.alpha };
}

function show(x: SymbolicTensor): string {
  return `[${x.shape.slice(1).join(', ')}]`;
}
