/** Every way that we know in which an experiment file is wrong, each with the exact message that the user gets. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defineExperiment, loadExperiment } from '../../common/experiment/load.js';
import { DataFolder } from './data-files.js';
import { messageOf, withLine, type Lines } from './experiment-lines.js';

const layers =
  'conv1d, conv2d, depthwiseConv2d, separableConv2d, maxPooling1d, maxPooling2d, averagePooling1d, averagePooling2d, ' +
  'globalMaxPooling1d, globalAveragePooling1d, globalAveragePooling2d, lstm, embedding, flatten, dense, activation, ' +
  'leakyReLU, elu, prelu, maxout, dropout, spatialDropout1d, spatialDropout2d, batchNormalization, layerNormalization, groupNormalization, reshape, zeroPadding2d, residual, repeat';

const keys =
  'name, seed, data, preprocess, augment, model, transfer, loss, metrics, objective, regularise, optimizer, clip, ' +
  'weightAverage, train, numerics, checkpoint, chunkFloats, module, search';

/** What is wrong; the line that says it; the message. */
const cases: [string, Lines, string][] = [
  ['a missing name', { name: '' }, 'a.yaml:1:1: name: is missing, must be text'],
  [
    'a name with spaces',
    { name: 'name: My Run' },
    "a.yaml:1:7: name: is 'My Run', must be up to 63 lower-case letters, digits and dashes",
  ],
  ['a name that is a number', { name: 'name: 3' }, 'a.yaml:1:7: name: is 3, must be text'],
  ['a negative seed', { seed: 'seed: -1' }, 'a.yaml:2:7: seed: is -1, must be at least 0'],
  ['half a seed', { seed: 'seed: 0.5' }, 'a.yaml:2:7: seed: is 0.5, must be a whole number'],
  [
    'a seed that is text',
    { seed: 'seed: "1"' },
    "a.yaml:2:7: seed: is '1', must be a number, without quotes; write seed: 1",
  ],
  ['no data', { data: '' }, 'a.yaml:1:1: data: is missing, must be a map of keys'],
  [
    'an unknown source',
    { data: 'data: { source: mnist, path: x }' },
    "a.yaml:3:17: data.source: is 'mnist', must be one of idx, cifar10, images, csv, npy, npz; did you mean 'idx'?",
  ],
  [
    'a source nearly right',
    { data: 'data: { source: cifar, path: x }' },
    "a.yaml:3:17: data.source: is 'cifar', must be one of idx, cifar10, images, csv, npy, npz; did you mean 'cifar10'?",
  ],
  [
    'no source',
    { data: 'data: { path: x }' },
    'a.yaml:3:7: data.source: is missing, must be one of idx, cifar10, images, csv, npy, npz',
  ],
  ['no path', { data: 'data: { source: csv, validation: 1 }' }, 'a.yaml:3:7: data.path: is missing, must be text'],
  [
    'an empty path',
    { data: 'data: { source: csv, path: "", validation: 1 }' },
    "a.yaml:3:28: data.path: is '', must not be empty",
  ],
  [
    "another source's option",
    { data: 'data: { source: idx, path: x, validation: 1, label: y }' },
    'a.yaml:3:53: data.label: is an option of source: csv, npy and npz, not of idx',
  ],
  [
    'a test split for a source that has its own',
    { data: 'data: { source: idx, path: x, validation: 1, test: 10 }' },
    'a.yaml:3:52: data.test: is an option of source: images, csv, npy and npz, not of idx',
  ],
  [
    'a negative validation split',
    { data: 'data: { source: idx, path: x, validation: -5 }' },
    'a.yaml:3:43: data.validation: is -5, must be at least 0',
  ],
  [
    'a validation split that is neither count nor fraction',
    { data: 'data: { source: idx, path: x, validation: 1.5 }' },
    'a.yaml:3:43: data.validation: is 1.5, must be a count, or a fraction below 1',
  ],
  [
    "Keras's validation_split",
    { data: 'data: { source: csv, path: x, validation_split: 0.1 }' },
    "a.yaml:3:49: data.validation_split: unknown key; did you mean 'validation'?",
  ],
  [
    'a shape of four dimensions',
    { data: 'data: { source: csv, path: x, shape: [1, 8, 8, 1] }' },
    'a.yaml:3:38: data.shape: is [1,8,8,1], must have at most 3 elements',
  ],
  [
    'a shape with a zero',
    { data: 'data: { source: csv, path: x, shape: [8, 0] }' },
    'a.yaml:3:42: data.shape[1]: is 0, must be above 0',
  ],
  [
    'a size of one number',
    { data: 'data: { source: images, path: x, size: [32] }' },
    'a.yaml:3:40: data.size: is [32], must have at least 2 elements',
  ],
  [
    'a mean of what is unknown',
    { preprocess: 'preprocess: [{ subtractMean: pixel }]' },
    "a.yaml:4:30: preprocess[0].subtractMean: is 'pixel', must be one of image, channel; did you mean 'image'?",
  ],
  [
    'an unknown step of preprocessing',
    { preprocess: 'preprocess: [{ rescale: 2 }]' },
    "a.yaml:4:25: preprocess[0].rescale: unknown key; did you mean 'scale'?",
  ],
  [
    'preprocessing that is no list',
    { preprocess: 'preprocess: { scale: 2 }' },
    'a.yaml:4:13: preprocess: is {"scale":2}, must be a list',
  ],
  [
    'two steps in one entry',
    { preprocess: 'preprocess: [{ scale: 2, subtractMean: image }]' },
    'a.yaml:4:14: preprocess[0]: is {"scale":2,"subtractMean":"image"}, must have exactly one of the keys subtractMean, scale',
  ],
  [
    'a scale of 0',
    { preprocess: 'preprocess: [{ scale: 0 }]' },
    'a.yaml:4:23: preprocess[0].scale: is 0, must be above 0',
  ],
  [
    'the same step twice',
    { preprocess: 'preprocess: [{ subtractMean: image }, { subtractMean: channel }]' },
    "a.yaml:4:39: preprocess[1]: 'subtractMean' is there twice",
  ],
  [
    'a flip upside down',
    { augment: 'augment: [{ flip: vertical }]' },
    "a.yaml:5:19: augment[0].flip: is 'vertical', must be horizontal",
  ],
  [
    "PyTorch's name for the flip",
    { augment: 'augment: [{ randomHorizontalFlip: 0.5 }]' },
    "a.yaml:5:35: augment[0].randomHorizontalFlip: unknown key; did you mean 'flip'?",
  ],
  [
    'a crop without padding',
    { augment: 'augment: [{ crop: {} }]' },
    'a.yaml:5:19: augment[0].crop.padding: is missing, must be a number',
  ],
  ['no model', { model: '' }, 'a.yaml:1:1: model: is missing, must be a list, or must be a map of keys'],
  [
    'a model without layers',
    { model: 'model: []' },
    'a.yaml:6:8: model: [] is not a list of layers, such as [{ flatten: {} }, { dense: { units: 10 } }]',
  ],
  [
    'an unknown layer',
    { model: 'model: [flatten, { capsule: { units: 10 } }]' },
    `a.yaml:6:29: model[1].capsule: there is no such layer; the layers are ${layers}`,
  ],
  [
    "PyTorch's name of a layer",
    { model: 'model: [flatten, { linear: { units: 10 } }]' },
    `a.yaml:6:28: model[1].linear: there is no such layer; did you mean 'dense'?`,
  ],
  [
    "an option's wrong name",
    { model: 'model: [{ dropout: { rte: 0.5, rate: 0.5 } }]' },
    "a.yaml:6:27: model[0].dropout.rte: dropout has no such option; did you mean 'rate'?",
  ],
  [
    'two layers in one entry',
    { model: 'model: [{ flatten: {}, dense: { units: 10 } }]' },
    'a.yaml:6:9: model[0]: {"flatten":{},"dense":{"units":10}} is not one layer; write it as { conv2d: { filters: 32, kernelSize: 3 } }',
  ],
  [
    'a wrong option deep within',
    { model: 'model: [{ residual: { layers: [{ repeat: { times: 2, layers: [{ dense: { units: 0 } }] } }] } }]' },
    'a.yaml:6:81: model[0].residual.layers[0].repeat.layers[0].dense.units: is 0, must be above 0',
  ],
  [
    'a loss of another spelling',
    { loss: 'loss: categorical_crossentropy' },
    "a.yaml:7:7: loss: is 'categorical_crossentropy', must be one of softmaxCrossEntropy, binaryCrossEntropy, hinge, binaryHinge, meanSquaredError, meanAbsoluteError, huber, or with options such as { huber: { delta: 2 } }; did you mean 'softmaxCrossEntropy'?",
  ],
  [
    'a squared error of classes',
    { loss: 'loss: meanSquaredError', metrics: '' },
    "a.yaml:7:7: loss: 'meanSquaredError' is for numbers to predict, which only csv, npy and npz with regression: true have",
  ],
  [
    'a cross-entropy of numbers',
    { data: 'data: { source: csv, path: x, regression: true }' },
    "a.yaml:7:7: loss: 'softmaxCrossEntropy' is for classes; data.regression: true needs one of meanSquaredError, meanAbsoluteError, huber",
  ],
  [
    'an accuracy of numbers',
    { data: 'data: { source: csv, path: x, regression: true }', loss: 'loss: meanSquaredError' },
    "a.yaml:8:10: metrics: 'accuracy' is no metric of loss: meanSquaredError",
  ],
  [
    'an R squared of classes',
    { metrics: 'metrics: [accuracy, rSquared]' },
    "a.yaml:8:10: metrics: 'rSquared' is no metric of loss: softmaxCrossEntropy",
  ],
  [
    'the best five of two classes',
    { loss: 'loss: { binaryHinge: { margin: 2 } }', metrics: 'metrics: [topKAccuracy]' },
    "a.yaml:8:10: metrics: 'topKAccuracy' is no metric of loss: binaryHinge",
  ],
  [
    'one metric twice',
    { metrics: 'metrics: [topKAccuracy, accuracy, { topKAccuracy: { k: 3 } }]' },
    "a.yaml:8:35: metrics[2]: 'topKAccuracy' is there twice",
  ],
  [
    'the best none of all classes',
    { metrics: 'metrics: [{ topKAccuracy: { k: 0 } }]' },
    'a.yaml:8:32: metrics[0].topKAccuracy.k: is 0, must be above 0',
  ],
  [
    'a Huber loss without a square',
    { loss: 'loss: { huber: { delta: 0 } }' },
    'a.yaml:7:25: loss.huber.delta: is 0, must be above 0',
  ],
  [
    'an option of another loss',
    { loss: 'loss: { hinge: { delta: 1 } }' },
    "a.yaml:7:25: loss.hinge.delta: unknown key; did you mean 'loss.huber.delta'?",
  ],
  [
    'an unknown metric',
    { metrics: 'metrics: [acc]' },
    "a.yaml:8:11: metrics[0]: is 'acc', must be one of accuracy, topKAccuracy, meanAbsoluteError, meanSquaredError, rootMeanSquaredError, rSquared, or with options such as { topKAccuracy: { k: 3 } }; did you mean 'accuracy'?",
  ],
  [
    'no optimizer',
    { optimizer: '' },
    'a.yaml:1:1: optimizer: is missing, must have exactly one of the keys sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw, amsgrad, nadam, lamb',
  ],
  [
    'an optimizer that is a word',
    { optimizer: 'optimizer: adam' },
    "a.yaml:9:12: optimizer: is 'adam', must have exactly one of the keys sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw, amsgrad, nadam, lamb; write optimizer: { adam: { learningRate: … } }",
  ],
  [
    'two optimizers',
    { optimizer: 'optimizer: { sgd: { learningRate: 1 }, adam: { learningRate: 1 } }' },
    'a.yaml:9:12: optimizer: is {"sgd":{"learningRate":1},"adam":{"learningRate":1}}, must have exactly one of the keys sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw, amsgrad, nadam, lamb',
  ],
  [
    "PyTorch's lr",
    { optimizer: 'optimizer: { adam: { lr: 1e-3 } }' },
    "a.yaml:9:26: optimizer.adam.lr: unknown key; did you mean 'learningRate'?",
  ],
  [
    "PyTorch's weight decay",
    { optimizer: 'optimizer: { adam: { learningRate: 1e-3, weight_decay: 1e-4 } }' },
    "a.yaml:9:56: optimizer.adam.weight_decay: unknown key; did you mean 'regularise.l2'?",
  ],
  [
    'a learning rate as an exponent',
    { optimizer: 'optimizer: { adam: { learningRate: -3 } }' },
    'a.yaml:9:36: optimizer.adam.learningRate: is -3, must be above 0',
  ],
  [
    'a learning rate that is text',
    { optimizer: 'optimizer: { adam: { learningRate: fast } }' },
    "a.yaml:9:36: optimizer.adam.learningRate: is 'fast', must be a number",
  ],
  [
    'a beta of 1',
    { optimizer: 'optimizer: { adam: { learningRate: 1, beta1: 1 } }' },
    'a.yaml:9:46: optimizer.adam.beta1: is 1, must be below 1',
  ],
  [
    'a velocity of something else',
    { optimizer: 'optimizer: { momentum: { learningRate: 1, velocity: step } }' },
    "a.yaml:9:53: optimizer.momentum.velocity: is 'step', must be one of gradients, steps; did you mean 'steps'?",
  ],
  [
    'weights that would grow by their decay',
    { optimizer: 'optimizer: { adamw: { learningRate: 1, weightDecay: -1 } }' },
    'a.yaml:9:53: optimizer.adamw.weightDecay: is -1, must be at least 0',
  ],
  [
    'an unknown schedule',
    { optimizer: 'optimizer: { sgd: { learningRate: 1, schedule: { quadratic: {} } } }' },
    'a.yaml:9:61: optimizer.sgd.schedule.quadratic: unknown key; optimizer.sgd.schedule takes constant, step, exponential, inverseTime, linear, cosine, cosineRestarts, oneCycle',
  ],
  [
    'a schedule with a slip',
    { optimizer: 'optimizer: { sgd: { learningRate: 1, schedule: { exponentail: { factor: 0.9 } } } }' },
    "a.yaml:9:63: optimizer.sgd.schedule.exponentail: unknown key; did you mean 'exponential'?",
  ],
  [
    'a clipped norm before trust ratios',
    { optimizer: 'optimizer: { lamb: { learningRate: 1e-2 } }', more: 'clip: { globalNorm: 1 }' },
    'a.yaml:11:21: clip.globalNorm: does not go with lamb, whose step has the norm of the weights whatever that of the gradient; take one of them out',
  ],
  [
    'one cycle after a warm-up',
    { optimizer: 'optimizer: { sgd: { learningRate: 1, schedule: { oneCycle: {} }, warmUp: { steps: 9 } } }' },
    'a.yaml:9:74: optimizer.sgd.warmUp: does not go with oneCycle, which rises by itself over a part `rise` of the steps; take one of them out',
  ],
  [
    'a warm-up of nothing',
    { optimizer: 'optimizer: { sgd: { learningRate: 1, warmUp: { steps: 0 } } }' },
    'a.yaml:9:55: optimizer.sgd.warmUp.steps: is 0, must be above 0',
  ],
  [
    'a hyperparameter of a search',
    { optimizer: 'optimizer: { adam: { learningRate: $rate } }' },
    'a.yaml:9:36: optimizer.adam.learningRate: $rate is a parameter; give it a value with --param rate=…, or in its place with --set optimizer.adam.learningRate=…',
  ],
  [
    'a dilated convolution that would have to be trained',
    { model: 'model: [{ conv2d: { filters: 4, kernelSize: 3, dilationRate: 2 } }, flatten, { dense: { units: 3 } }]' },
    'a.yaml:6:62: model[0].conv2d.dilationRate: [2, 2] cannot be trained, only a first layer with trainable: false may have it',
  ],
  [
    'a micro-batch that does not divide the batch',
    { train: 'train: { epochs: 5, batchSize: 64, microBatchSize: 24 }' },
    'a.yaml:10:52: train.microBatchSize: 24 does not divide train.batchSize, 64',
  ],
  [
    'no epochs',
    { train: 'train: { epochs: 0, batchSize: 64, microBatchSize: 16 }' },
    'a.yaml:10:18: train.epochs: is 0, must be above 0',
  ],
  [
    'epochs at the top',
    { train: 'train: { epochs: 5, batchSize: 64, microBatchSize: 16 }', more: 'epochs: 5' },
    "a.yaml:11:9: epochs: unknown key; did you mean 'train.epochs'?",
  ],
  [
    'workers, which are no matter of the experiment',
    { more: 'workers: 2' },
    'a.yaml:11:10: workers: unknown key; it is --workers on the command line',
  ],
  [
    'an unknown key like no other',
    { train: 'train: { epochs: 5, batchSize: 64, microBatchSize: 16, frobnicate: 1 }' },
    'a.yaml:10:68: train.frobnicate: unknown key; train takes epochs, batchSize, microBatchSize, threads, classWeights',
  ],
  [
    'clipping in two ways',
    { more: 'clip: { value: 1, globalNorm: 1 }' },
    'a.yaml:11:7: clip: is {"value":1,"globalNorm":1}, must have exactly one of the keys value, globalNorm',
  ],
  [
    'a metric that is not asked for',
    { metrics: '', more: 'objective: { metric: validation.accuracy }' },
    "a.yaml:10:22: objective.metric: 'validation.accuracy' needs metrics: [accuracy]",
  ],
  [
    'an objective without validation samples',
    { data: 'data: { source: csv, path: x }', more: 'objective: { metric: validation.accuracy }' },
    "a.yaml:11:22: objective.metric: 'validation.accuracy' needs data.validation above 0",
  ],
  [
    'an accuracy to be minimised',
    { more: 'objective: { metric: validation.accuracy, direction: minimise }' },
    "a.yaml:11:54: objective.direction: 'minimise' is wrong for validation.accuracy; maximise it",
  ],
  [
    'an error that is maximised',
    { more: 'objective: { metric: validation.meanAbsoluteError, direction: maximise }' },
    [
      "a.yaml:11:22: objective.metric: 'validation.meanAbsoluteError' needs metrics: [meanAbsoluteError]",
      "a.yaml:11:63: objective.direction: 'maximise' is wrong for validation.meanAbsoluteError; minimise it",
    ].join('\n'),
  ],
  [
    'a dilated convolution over steps that would have to be trained',
    { model: 'model: [{ conv1d: { filters: 4, kernelSize: 3, dilationRate: 2 } }, flatten, { dense: { units: 3 } }]' },
    'a.yaml:6:62: model[0].conv1d.dilationRate: 2 cannot be trained, only a first layer with trainable: false may have it',
  ],
  [
    'an LSTM of no size',
    { model: 'model: [{ lstm: { returnSequences: yes } }, { dense: { units: 3 } }]' },
    [
      'a.yaml:6:17: model[0].lstm.units: is missing, must be a number',
      "a.yaml:6:36: model[0].lstm.returnSequences: is 'yes', must be true or false; write returnSequences: true",
    ].join('\n'),
  ],
  ['a decay of 1', { more: 'weightAverage: { decay: 1 }' }, 'a.yaml:11:25: weightAverage.decay: is 1, must be below 1'],
  ['tiny chunks', { more: 'chunkFloats: 1' }, 'a.yaml:11:14: chunkFloats: is 1, must be at least 4'],
  [
    'a checkpoint without end',
    { more: 'checkpoint: { every: .inf }' },
    'a.yaml:11:22: checkpoint.every: is .inf, must be a finite number',
  ],
  [
    'a key twice',
    { more: 'seed: 2' },
    "a.yaml:11:1: 'seed' stands here a second time, first in line 2; a map has a key once, take one of them out",
  ],
  [
    'a seed beyond 2^53, with all its digits',
    { seed: 'seed: 9007199254740993' },
    'a.yaml:2:7: seed: is 9007199254740993, must be at most 9007199254740991',
  ],
  [
    'nothing where a number belongs',
    { train: 'train: { epochs: , batchSize: 64, microBatchSize: 16 }' },
    "a.yaml:10:18: train.epochs: is empty, must be a number; if $name stood there, a shell has replaced it: single quotes keep it, also <<'EOF'",
  ],
  [
    'a fraction in quotes, which would be a path',
    { data: 'data: { source: csv, path: x, validation: "0.1" }' },
    "a.yaml:3:43: data.validation: is '0.1', must be a number without quotes, or a path; write validation: 0.1",
  ],
  [
    'a key that every object has',
    { more: '__proto__: { seed: 1 }' },
    `a.yaml:11:12: __proto__: unknown key; an experiment takes ${keys}`,
  ],
  [
    'another key that every object has',
    { more: 'constructor: 1' },
    `a.yaml:11:14: constructor: unknown key; an experiment takes ${keys}`,
  ],
  [
    "a layer's number in quotes",
    { model: 'model: [flatten, { dense: { units: "10" } }]' },
    "a.yaml:6:36: model[1].dense.units: is '10', must be a number, without quotes; write units: 10",
  ],
  [
    "a layer's option that is missing",
    { model: 'model: [{ conv2d: { kernelSize: 3 } }]' },
    'a.yaml:6:19: model[0].conv2d.filters: is missing, must be a number',
  ],
  [
    'a kernel of three sides',
    { model: 'model: [{ conv2d: { filters: 2, kernelSize: [3, 3, 3] } }]' },
    'a.yaml:6:45: model[0].conv2d.kernelSize: is [3,3,3], must be a whole number from 1, or two of them such as [3, 3]',
  ],
  [
    'a dropout of nothing said',
    { model: 'model: [flatten, { dropout: {} }]' },
    'a.yaml:6:29: model[1].dropout: is {}, must have either rate, the part that is set to 0, or keep, the part that is not',
  ],
  [
    'a dropout said twice',
    { model: 'model: [flatten, { dropout: { rate: 0.2, keep: 0.8 } }]' },
    'a.yaml:6:29: model[1].dropout: is {"rate":0.2,"keep":0.8}, must have either rate, the part that is set to 0, or keep, the part that is not',
  ],
  [
    'a dropout that keeps nothing',
    { model: 'model: [flatten, { dropout: { keep: 0 } }]' },
    'a.yaml:6:37: model[1].dropout.keep: is 0, must be above 0',
  ],
  [
    'a dropout as a number',
    { model: 'model: [flatten, { dropout: 0.5 }]' },
    'a.yaml:6:29: model[1].dropout: is 0.5, must be a map of keys; write dropout: { rate: 0.5 }',
  ],
  [
    'labels of no information',
    { loss: 'loss: { softmaxCrossEntropy: { labelSmoothing: 1 } }' },
    'a.yaml:7:48: loss.softmaxCrossEntropy.labelSmoothing: is 1, must be below 1',
  ],
  [
    'an activation with a slip',
    { model: 'model: [{ dense: { units: 2, activation: rellu } }]' },
    "a.yaml:6:42: model[0].dense.activation: is 'rellu', must be one of linear, relu, relu6, leakyReLU, elu, selu, sigmoid, hardSigmoid, tanh, softplus, softsign, softmax, logSoftmax, gelu, swish, mish, or such as { leakyReLU: { alpha: 0.1 } }; did you mean 'relu'?",
  ],
  [
    'a slope below 0 that is turned',
    { model: 'model: [{ dense: { units: 2, activation: { leakyReLU: { alpha: -0.1 } } } }]' },
    'a.yaml:6:64: model[0].dense.activation.leakyReLU.alpha: is -0.1, must be at least 0',
  ],
  [
    'an alpha of an activation without one',
    { model: 'model: [{ dense: { units: 2, activation: { selu: { alpha: 1 } } } }]' },
    'a.yaml:6:42: model[0].dense.activation: is {"selu":{"alpha":1}}, must be one of linear, relu, relu6, leakyReLU, elu, selu, sigmoid, hardSigmoid, tanh, softplus, softsign, softmax, logSoftmax, gelu, swish, mish, or such as { leakyReLU: { alpha: 0.1 } }; did you mean \'elu\'?',
  ],
  [
    'a maxout of one piece',
    { model: 'model: [{ maxout: { pieces: 1 } }]' },
    'a.yaml:6:29: model[0].maxout.pieces: is 1, must be at least 2',
  ],
  [
    'an initializer of another library',
    { model: 'model: [{ dense: { units: 2, kernelInitializer: kaiming } }]' },
    "a.yaml:6:49: model[0].dense.kernelInitializer: is 'kaiming', must be one of zeros, ones, glorotUniform, glorotNormal, heUniform, heNormal, lecunUniform, lecunNormal, randomNormal, randomUniform, truncatedNormal, orthogonal, or such as { constant: { value: 0.1 } }; did you mean 'heNormal'?",
  ],
  [
    'a second document',
    { more: '---\nname: second' },
    "a.yaml:11:1: a second document begins, a file holds one experiment; take the '---' out",
  ],
  [
    'a tab',
    { metrics: 'metrics:\n\t- accuracy' },
    "a.yaml:9:1: a tab indents this line, YAML is indented by spaces; write '  - accuracy'",
  ],
  ['a tag', { seed: 'seed: !secret 7' }, 'a.yaml:2:7: Unresolved tag: !secret'],
  [
    'an alias of nothing',
    { seed: 'seed: *seed' },
    'a.yaml: its aliases cannot be resolved: Unresolved alias (the anchor must be set before the alias): seed',
  ],
  [
    'aliases that unfold to more than memory holds',
    {
      more: `a: &a [${'1,'.repeat(50)}]\nb: &b [${'*a,'.repeat(50)}]\nc: [${'*b,'.repeat(50)}]`,
    },
    'a.yaml: its aliases cannot be resolved: Excessive alias count indicates a resource exhaustion attack',
  ],
  ['brackets within brackets', { model: `model: ${'['.repeat(5000)}` }, 'a.yaml: is nested deeper than 100 brackets'],
];

describe('an experiment file is refused with', () => {
  it.each(cases)('%s', (_, lines, message) => {
    expect(messageOf(withLine(lines))).toBe(message);
  });

  it('the table starts from a file that is right', () => {
    expect(messageOf(withLine({}))).toBe('accepted');
  });

  it('all that is wrong at once, in the order of the file', () => {
    const text = withLine({ seed: 'seed: x', loss: 'loss: mse', train: 'train: { epochs: 1, batchSize: 0 }' });
    expect(messageOf(text).split('\n')).toEqual([
      "a.yaml:2:7: seed: is 'x', must be a number",
      "a.yaml:7:7: loss: is 'mse', must be one of softmaxCrossEntropy, binaryCrossEntropy, hinge, binaryHinge, meanSquaredError, meanAbsoluteError, huber, or with options such as { huber: { delta: 2 } }; did you mean 'meanSquaredError'?",
      'a.yaml:10:8: train.microBatchSize: is missing, must be a number',
      'a.yaml:10:32: train.batchSize: is 0, must be above 0',
    ]);
  });
});

describe('a file that is no experiment is refused:', () => {
  it.each([
    ['an empty file', '', "a.yaml: must be a map of keys such as 'name:' and 'data:'"],
    ['a list', '- name: x', "a.yaml: must be a map of keys such as 'name:' and 'data:'"],
    ['torn YAML', 'name: {', 'a.yaml:1:8: Flow map in block collection must be sufficiently indented and end with a }'],
  ])('%s', (_, text, message) => expect(messageOf(text)).toBe(message));

  it('a file that is no text', async () => {
    const folder = new DataFolder({ 'picture.yaml': Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0xff, 0xd8) });
    const file = join(folder.path, 'picture.yaml');
    const message = `${file}: is no text in UTF-8, an experiment is a YAML file`;
    await expect(loadExperiment(file).finally(() => folder.remove())).rejects.toThrow(message);
  });

  it('a file that does not exist', async () => {
    const message = `experiment file 'nowhere.yaml' does not exist (looked in ${process.cwd()})`;
    await expect(loadExperiment('nowhere.yaml')).rejects.toThrow(message);
  });
});

describe('an override is refused', () => {
  it.each([
    ['without a value', 'train.epochs', "--set 'train.epochs': must be path=value, such as train.epochs=3"],
    ['without a path', '=3', "--set '=3': must be path=value, such as train.epochs=3"],
    ['below a value', 'seed.low=3', "--set 'seed.low=3': 'seed' is a value, it has no keys"],
    ['of an unknown key', 'train.epoch=3', "--set 'train.epoch=3': train.epoch: unknown key; did you mean 'epochs'?"],
    ['of a wrong type', 'train.epochs=many', "--set 'train.epochs=many': train.epochs: is 'many', must be a number"],
    ['that is torn YAML', 'augment=[', "--set 'augment=[': Flow sequence must end with a ]"],
  ])('%s', (_, override, message) => expect(messageOf(withLine({}), [override])).toBe(message));
});

describe('defineExperiment refuses the same, without places', () => {
  it('names key and value', () => {
    const input = { name: 'x', data: { source: 'idx', path: 'x', validation: 2.5 } };
    expect(() => defineExperiment(input as never)).toThrow(
      'data.validation: is 2.5, must be a count, or a fraction below 1\nmodel: is missing',
    );
  });
});
