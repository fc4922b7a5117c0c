/** What is trained and exported: an image model with all that is special about it, two classes, and a number. */
import type { ExperimentInput } from '../../common/experiment/schema.js';
import type { Made } from './scratch-run.js';

type Experiment = Omit<ExperimentInput, 'name'>;

const batchNormalization = { batchNormalization: { momentum: 0.6 } };
const train = { epochs: 6, batchSize: 32, microBatchSize: 16 };
const csv = { source: 'csv', path: 'table.csv', validation: 40, test: 50 } as const;

/** Neither square nor of one channel, so that no two axes can be taken for each other. */
export const imageData: Made = { features: 6 * 5 * 3, labels: ['ant', 'bee', 'café'] };

export const image: Experiment = {
  data: { ...csv, shape: [6, 5, 3] },
  preprocess: [{ subtractMean: 'image' }, { scale: 0.5 }],
  model: [
    { conv2d: { filters: 8, kernelSize: 3, padding: 'same', useBias: false } },
    batchNormalization,
    { activation: 'relu' },
    { dropout: { rate: 0.2 } },
    {
      residual: {
        layers: [
          { conv2d: { filters: 12, kernelSize: 3, strides: 2, padding: 'same' } },
          batchNormalization,
          { dropout: { rate: 0.1 } },
        ],
        shortcut: [{ conv2d: { filters: 12, kernelSize: 1, strides: 2 } }],
      },
    },
    { activation: 'relu' },
    'flatten',
    { dropout: { rate: 0.3 } },
    { dense: { units: 3, activation: 'softmax' } },
  ],
  loss: 'softmaxCrossEntropy',
  metrics: ['accuracy'],
  chunkFloats: 256,
  regularise: { l2: 1e-3 },
  optimizer: { adam: { learningRate: 5e-3 } },
  train,
};

/** Every other layer of the experiment file, and the activations that are no word of ONNX's own. */
export const everyLayer: Experiment = {
  ...image,
  preprocess: [{ subtractMean: 'channel' }],
  model: [
    // tfjs has no gradient for a dilated convolution, so this one stays as it was drawn.
    { conv2d: { filters: 4, kernelSize: 3, dilationRate: 2, padding: 'same', trainable: false } },
    { zeroPadding2d: { padding: [[0, 1], [2, 0]] } }, // prettier-ignore
    { separableConv2d: { filters: 8, kernelSize: 3, padding: 'same', depthMultiplier: 2, activation: 'gelu' } },
    {
      residual: {
        layers: [
          { depthwiseConv2d: { kernelSize: [3, 2], strides: 2, padding: 'same', depthMultiplier: 2 } },
          { activation: 'hardSigmoid' },
          { conv2d: { filters: 8, kernelSize: 1, activation: 'mish' } },
        ],
        shortcut: [{ averagePooling2d: { poolSize: 3, strides: 2, padding: 'same' } }],
      },
    },
    { maxPooling2d: { poolSize: 2, strides: 1, padding: 'same' } },
    { conv2d: { filters: 12, kernelSize: 2, activation: 'swish' } },
    {
      residual: {
        layers: [{ conv2d: { filters: 12, kernelSize: 3, padding: 'same', activation: 'relu6' } }],
        survival: 0.8,
      },
    },
    'globalAveragePooling2d',
    { dense: { units: 12, activation: 'selu' } },
    { reshape: { targetShape: [4, 3] } },
    { batchNormalization: { momentum: 0.6, scale: false } },
    { dense: { units: 5, activation: 'softsign' } },
    'flatten',
    { dense: { units: 8, activation: 'softplus' } },
    { dense: { units: 8, activation: 'elu' } },
    { dropout: { rate: 0.1, form: 'plain' } },
    { dropConnect: { units: 8, activation: 'tanh', rate: 0.1 } },
    { dense: { units: 3 } },
  ],
};

/** Activations that have an alpha, and layer normalisation. */
export const withAlphas: Experiment = {
  ...image,
  preprocess: [{ standardise: 'channel' }],
  model: [
    { conv2d: { filters: 8, kernelSize: 3, activation: { leakyReLU: { alpha: 0.2 } } } },
    'layerNormalization',
    { conv2d: { filters: 6, kernelSize: 2 } },
    'prelu',
    'flatten',
    { dense: { units: 12, activation: 'leakyReLU' } },
    { dense: { units: 12 } },
    { layerNormalization: { center: false } },
    'elu',
    { dense: { units: 3 } },
  ],
};

/** What plain TensorFlow.js does not have. */
export const pieces: Experiment = {
  ...withAlphas,
  model: [
    { conv2d: { filters: 12, kernelSize: 3, padding: 'same' } },
    { groupNormalization: { groups: 3 } },
    { maxout: { pieces: 3 } },
    { fractionalMaxPooling2d: { ratio: 1.25 } },
    { groupNormalization: { groups: 4, scale: false } },
    'flatten',
    { dense: { units: 12, activation: { elu: { alpha: 0.5 } } } },
    { groupNormalization: { groups: 2 } },
    { dense: { units: 3 } },
  ],
};

/** An image as a vector of its main directions. */
export const whitened: Experiment = {
  ...image,
  preprocess: [{ standardise: 'channel' }, { pca: { components: 12 } }, { whiten: { epsilon: 0.01 } }, { scale: 0.5 }],
  model: [{ dense: { units: 16, activation: 'tanh' } }, { dense: { units: 3 } }],
};

/** Layers that only a model.json can name. */
export const modelFile: Experiment = { ...image, preprocess: [], model: { file: 'model.json' } };

export const binaryData: Made = { features: 5, labels: ['no', 'yes'] };

export const binary: Experiment = {
  data: csv,
  preprocess: [{ standardise: 'feature' }],
  model: [{ dense: { units: 12, activation: 'tanh' } }, batchNormalization, { dense: { units: 1 } }],
  loss: 'binaryCrossEntropy',
  metrics: ['accuracy'],
  optimizer: { adam: { learningRate: 1e-2 } },
  train,
};

export const regressionData: Made = { features: 4, labels: ['-1.5', '0.25', '3'] };

export const regression: Experiment = {
  data: { ...csv, regression: true },
  preprocess: [{ scale: 0.25 }],
  model: [{ dense: { units: 16, activation: 'relu' } }, { dropout: { rate: 0.1 } }, { dense: { units: 1 } }],
  loss: 'meanSquaredError',
  optimizer: { adam: { learningRate: 1e-2 } },
  train,
};

/** Of the other loss, with metrics that are made of several sums. */
export const robust: Experiment = {
  ...regression,
  loss: { huber: { delta: 0.5 } },
  metrics: ['rSquared', 'rootMeanSquaredError'],
};

export const margins: Experiment = {
  ...binary,
  data: { ...csv, shape: [6, 5, 3] },
  model: ['flatten', { dense: { units: 3 } }],
  loss: { hinge: { margin: 0.5 } },
  metrics: [{ topKAccuracy: { k: 2 } }, 'accuracy'],
};

export const sides: Experiment = { ...binary, loss: 'binaryHinge' };

/** Odd and even numbers of steps, so that padding is not the same at both ends. */
export const sequenceData: Made = { features: 13 * 3, labels: ['ant', 'bee', 'café'] };

export const sequence: Experiment = {
  ...image,
  data: { ...csv, shape: [13, 3] },
  preprocess: [{ subtractMean: 'channel' }, { scale: 0.5 }],
  model: [
    { conv1d: { filters: 6, kernelSize: 3, padding: 'same', activation: 'relu' } },
    { maxPooling1d: { poolSize: 2, strides: 1, padding: 'same' } },
    batchNormalization,
    { residual: { layers: [{ lstm: { units: 6, returnSequences: true } }] } },
    { averagePooling1d: { poolSize: 3, strides: 2, padding: 'same' } },
    { conv1d: { filters: 8, kernelSize: 4, strides: 2, padding: 'same', useBias: false } },
    { lstm: { units: 10, useBias: false } },
    { dense: { units: 3 } },
  ],
};

export const tokensData: Made = { features: 9, labels: ['ant', 'bee', 'café'], tokens: 8 };

export const tokens: Experiment = {
  ...image,
  data: csv,
  preprocess: [],
  model: [
    { embedding: { inputDim: 8, outputDim: 5, embeddingsInitializer: { randomNormal: { standardDeviation: 1 } } } },
    { conv1d: { filters: 6, kernelSize: 3, strides: 3, activation: 'relu' } },
    'globalMaxPooling1d',
    { dense: { units: 12, activation: 'tanh' } },
    { reshape: { targetShape: [4, 3] } },
    'globalAveragePooling1d',
    { dense: { units: 3 } },
  ],
};
