/** "Did you mean": what Keras, tfjs and PyTorch call our keys first, then our keys elsewhere, then spelling. */
import { allKeys } from './schema-keys.js';

/** Their names to ours, in lower case without dashes and underscores. A path where our key stands elsewhere. */
const synonyms: Record<string, string> = {
  lr: 'learningRate',
  rate: 'learningRate',
  stepsize: 'learningRate',
  batch: 'batchSize',
  globalbatchsize: 'batchSize',
  microbatch: 'microBatchSize',
  minibatchsize: 'microBatchSize',
  numepochs: 'epochs',
  maxepochs: 'epochs',
  nepochs: 'epochs',
  weightdecay: 'regularise.l2',
  regularize: 'regularise',
  regularization: 'regularise',
  regularizer: 'regularise',
  kernelregularizer: 'regularise',
  ema: 'weightAverage',
  useema: 'weightAverage',
  emamomentum: 'weightAverage.decay',
  swa: 'weightAverage',
  polyak: 'weightAverage',
  beta_1: 'beta1',
  beta_2: 'beta2',
  betas: 'beta1',
  eps: 'epsilon',
  optimiser: 'optimizer',
  optim: 'optimizer',
  gradclip: 'clip',
  gradientclipping: 'clip',
  clipnorm: 'clip.globalNorm',
  globalclipnorm: 'clip.globalNorm',
  clipvalue: 'clip.value',
  maxnorm: 'globalNorm',
  maxgradnorm: 'clip.globalNorm',
  norm: 'globalNorm',
  dataset: 'data',
  directory: 'path',
  dir: 'path',
  folder: 'path',
  file: 'path',
  root: 'path',
  datadir: 'path',
  format: 'source',
  type: 'source',
  imagesize: 'size',
  targetsize: 'size',
  targetcolumn: 'label',
  labelcolumn: 'label',
  labels: 'label',
  layers: 'model',
  network: 'model',
  architecture: 'model',
  augmentation: 'augment',
  transforms: 'augment',
  preprocessing: 'preprocess',
  normalize: 'preprocess',
  validationsplit: 'validation',
  valsplit: 'validation',
  val: 'validation',
  validationdata: 'validation',
  testsplit: 'test',
  randomseed: 'seed',
  randomstate: 'seed',
  criterion: 'loss',
  mu: 'momentum',
  warmup: 'warmUp',
  warmupsteps: 'warmUp',
  warmupepochs: 'warmUp',
  lrschedule: 'schedule',
  lrscheduler: 'schedule',
  scheduler: 'schedule',
  rmsprop: 'adam',
  adamw: 'adam',
  steplr: 'step',
  cosineannealing: 'cosine',
  gamma: 'factor',
  stepevery: 'every',
  subtract: 'subtractMean',
  mean: 'subtractMean',
  rescale: 'scale',
  randomflip: 'flip',
  randomhorizontalflip: 'flip',
  randomcrop: 'crop',
  randomtranslation: 'crop',
  mode: 'direction',
  monitor: 'metric',
  numthreads: 'threads',
  workers: '--workers on the command line',
  shards: '--shards on the command line',
  // Layers and their options.
  conv: 'conv2d',
  convolution2d: 'conv2d',
  linear: 'dense',
  fc: 'dense',
  fullyconnected: 'dense',
  batchnorm: 'batchNormalization',
  batchnorm2d: 'batchNormalization',
  bn: 'batchNormalization',
  maxpool: 'maxPooling2d',
  maxpool2d: 'maxPooling2d',
  avgpool2d: 'averagePooling2d',
  globalaveragepooling: 'globalAveragePooling2d',
  adaptiveavgpool2d: 'globalAveragePooling2d',
  relu: 'activation',
  outchannels: 'filters',
  channels: 'filters',
  kernel: 'kernelSize',
  stride: 'strides',
  pool: 'poolSize',
  outfeatures: 'units',
  bias: 'useBias',
  p: 'rate',
  dilation: 'dilationRate',
};

/** Values of theirs to ours. */
const valueSynonyms: Record<string, string> = {
  categoricalcrossentropy: 'softmaxCrossEntropy',
  sparsecategoricalcrossentropy: 'softmaxCrossEntropy',
  crossentropy: 'softmaxCrossEntropy',
  crossentropyloss: 'softmaxCrossEntropy',
  nllloss: 'softmaxCrossEntropy',
  bce: 'binaryCrossEntropy',
  bceloss: 'binaryCrossEntropy',
  bcewithlogitsloss: 'binaryCrossEntropy',
  sigmoidcrossentropy: 'binaryCrossEntropy',
  mse: 'meanSquaredError',
  mseloss: 'meanSquaredError',
  max: 'maximise',
  min: 'minimise',
  pixel: 'image',
  mnist: 'idx',
  imagefolder: 'images',
  strict: 'exact',
};

/** `; did you mean 'idx'?`, or nothing, for a value that is none of `allowed`. */
export function suggestValue(value: unknown, allowed: string[]): string {
  if (typeof value !== 'string') return '';
  const synonym = valueSynonyms[plainOf(value)];
  const answer = synonym !== undefined && allowed.includes(synonym) ? synonym : closest(value, allowed);
  return answer === undefined ? '' : `; did you mean '${answer}'?`;
}

/** `; did you mean 'learningRate'?`, or nothing. `known` are the keys that may stand where `key` does. */
export function suggestKey(key: string, known: string[]): string {
  const answer = synonymOf(key, known) ?? elsewhere(key, known) ?? closest(key, known);
  return answer === undefined ? '' : `; did you mean ${answer.startsWith('--') ? answer : `'${answer}'`}?`;
}

function synonymOf(key: string, known: string[]): string | undefined {
  const plain = plainOf(key);
  const same = known.find((candidate) => plainOf(candidate) === plain);
  if (same !== undefined) return same;
  const synonym = synonyms[key] ?? synonyms[plain];
  if (synonym === undefined || known.includes(synonym) || synonym.includes('.') || synonym.startsWith('--'))
    return synonym;
  // The synonym of a key that stands elsewhere: say where, unless it stands at several places.
  return elsewhere(synonym, known);
}

/** Where in the schema the key would be right: the one place that is nearest to the top. */
function elsewhere(key: string, known: string[]): string | undefined {
  if (known.includes(key)) return undefined;
  const places = allKeys().filter((place) => plainOf(place.key) === plainOf(key));
  const depth = ({ path }: { path: string }) => path.split('.').length;
  const nearest = Math.min(...places.map(depth));
  const top = new Set(places.filter((place) => depth(place) === nearest).map(({ path }) => path));
  return top.size === 1 ? [...top][0] : undefined;
}

function plainOf(key: string): string {
  return key.replaceAll(/[-_]/g, '').toLowerCase();
}

/** The one candidate that begins with the word, or the one that is at most a third of the word away in spelling. */
function closest(word: string, candidates: string[]): string | undefined {
  const longer = candidates.filter((candidate) => word.length > 2 && plainOf(candidate).startsWith(plainOf(word)));
  if (longer.length === 1) return longer[0];
  const near = candidates
    .map((candidate) => ({ candidate, distance: editDistance(plainOf(word), plainOf(candidate)) }))
    .toSorted((left, right) => left.distance - right.distance)[0];
  return near && near.distance <= Math.max(1, Math.floor(word.length / 3)) ? near.candidate : undefined;
}

/** Levenshtein's: insertions, deletions and substitutions that lead from one word to the other. */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const substitute = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(substitute, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
