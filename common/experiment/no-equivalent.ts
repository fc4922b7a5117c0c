/** What others have and we do not: what there is instead. Their names are in lower case without dashes and underscores. */

const onlyNumbers = 'it has no effect on the numbers, so it is not in the file';

const patience =
  'search: { stopping: { patience: { epochs: 3 } } } stops the trials of a sweep, a single training goes on to its end';
const pruner = 'search: { schedule: { asha: {} } } or search: { stopping: { median: {} } } stops the trials of a sweep';
const learnsNothing = 'search: { schedule: { coarseToFine: … } } is nearest, each round lies around the best before it';

const insteadOf: Readonly<Record<string, string>> = {
  // Optimizers and their options.
  adamax: 'adam is nearest',
  radam: 'adam with warmUp is nearest',
  adadelta: 'rmsprop is nearest',
  ftrl: 'adam is nearest',
  lion: 'adam is nearest',
  lars: 'lamb is nearest',
  betas: 'write beta1: 0.9, beta2: 0.999',
  dampening: 'momentum is without it',
  centered: 'rmsprop is without it',
  initialaccumulatorvalue: 'adagrad begins with 0',
  polynomiallr: 'linear is nearest',
  totalsteps: 'the schedule ends with train.epochs',
  maxlr: 'learningRate is the largest rate of oneCycle',
  gradientaccumulationsteps: 'train.batchSize is the whole step, train.microBatchSize what is computed at once',
  accumulategradbatches: 'train.batchSize is the whole step, train.microBatchSize what is computed at once',
  // The training loop.
  shuffle: 'every epoch is shuffled, by the seed',
  droplast: 'the last batch of an epoch has what is left',
  stepsperepoch: 'an epoch has every sample once',
  maxsteps: 'train.epochs is how long',
  iterations: 'train.epochs is how long',
  earlystopping: patience,
  earlystoppingrounds: patience,
  patience,
  restorebestweights: 'objective.weights says which weights are evaluated and kept',
  callbacks: 'checkpoints and the average of the weights are keys of their own, checkpoint and weightAverage',
  mixedprecision: 'everything is in float32',
  precision: 'everything is in float32',
  dtype: 'everything is in float32',
  deterministic: 'numerics: exact is the default',
  workers: 'it is --workers on the command line',
  numworkers: 'it is --workers on the command line',
  nproc: 'it is --workers on the command line',
  shards: 'it is --shards on the command line',
  numps: 'it is --shards on the command line',
  device: 'it is --backend on the command line',
  pinmemory: onlyNumbers,
  prefetch: onlyNumbers,
  verbose: onlyNumbers,
  // Data.
  numclasses: 'classes are counted in the data',
  classes: 'classes are counted in the data',
  classnames: 'classes are named by the data',
  labelmode: 'data.regression says whether labels are numbers',
  colormode: 'pictures are read in three channels',
  delimiter: 'columns are separated by commas',
  sep: 'columns are separated by commas',
  randomverticalflip: 'flip: horizontal is the only mirror; rotate: { degrees: 180 } is nearest',
  randomaffine: 'augment has rotate, translate and resizedCrop',
  colorjitter: 'augment has brightness, contrast and saturation, each by itself',
  hue: 'saturation and lighting are nearest',
  cutmix: 'mixup and erase are nearest',
  autoaugment: 'augment has its parts: rotate, translate, brightness, contrast, saturation, cutout',
  // Layers and their options.
  input: 'the data say what shape samples have; leave it out',
  inputlayer: 'the data say what shape samples have; leave it out',
  inputshape: 'the data say what shape samples have; leave it out',
  inputdim: 'the data say what shape samples have; leave it out',
  infeatures: 'it follows from the layer before; leave it out',
  inchannels: 'it follows from the layer before; leave it out',
  groups: 'depthwiseConv2d has a group for each channel',
  dataformat: 'samples are height, width, channels',
  kernelregularizer: 'regularise.l2 is for all kernels of the model',
  biasregularizer: 'regularise.l2 is for all kernels of the model, and for no bias',
  kernelconstraint: 'maxNorm: 3 is an option of dense, conv1d and conv2d',
  conv3d: 'conv2d is for two dimensions, there is none for three',
  gru: 'lstm is nearest',
  simplernn: 'lstm is nearest',
  bidirectional: 'lstm reads a sequence from its beginning',
  returnstate: 'returnSequences puts out the state of every step',
  maxnormconstraint: 'maxNorm: 3 is an option of dense, conv1d and conv2d',
  elasticnet: 'regularise: { l1: …, l2: … } is both',
  alphadropout: 'dropout is nearest',
  gaussiandropout: 'dropout is nearest',
  recurrentdropout: 'a dropout layer before or after it is nearest',
  recurrentactivation: 'gates are sigmoids',
  instancenorm: 'groupNormalization with a group for each channel is the same',
  rmsnorm: 'layerNormalization is nearest',
  conv2dtranspose: 'conv2d has no transpose',
  add: 'residual adds its layers to its input',
  concatenate: 'layers are a list; residual adds',
  // Losses and sources.
  squaredhinge: 'hinge is nearest',
  f1score: 'polyak evaluate has precision, recall and F1 of every class',
  focalloss: 'softmaxCrossEntropy is nearest',
  tfrecord: 'images and csv are read from files as they are',
  parquet: 'csv is nearest',
  // Searches.
  pruner,
  earlyterminate: pruner,
  failfast: 'search: { budget: { failedTrials: 0 } } ends a sweep with the first trial that fails',
  bayes: learnsNothing,
  bayesian: learnsNothing,
  tpe: learnsNothing,
  samplefrom: 'a value that follows from others is a formula where it is used, such as =2 * $width',
  conditional: 'a value that follows from others is a formula where it is used, such as =if($deep, 2, 1)',
  probabilities: 'each value of a choice is equally likely; repeat a value to weight it',
};

/** `; there is none: adam is nearest`, or nothing. */
export function noEquivalent(plain: string): string {
  return Object.hasOwn(insteadOf, plain) ? `; ${insteadOf[plain]}` : '';
}

/** Every name that noEquivalent has an answer to. */
export const withoutEquivalent = Object.keys(insteadOf);
