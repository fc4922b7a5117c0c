/** "Did you mean": what Keras, tfjs and PyTorch call our keys first, then our keys elsewhere, then spelling. */
import { allKeys } from './schema-keys.js';
import { closest, plainOf } from './suggest-value.js';

/** Their names to ours, in lower case without dashes and underscores. A path where our key stands elsewhere. */
const synonyms = new Map(
  Object.entries({
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
  }),
);

/** `; did you mean 'learningRate'?`, or nothing. `known` are the keys that may stand where `key` does. */
export function suggestKey(key: string, known: string[]): string {
  const answer = synonymOf(key, known) ?? elsewhere(key, known) ?? closest(key, known);
  return answer === undefined ? '' : `; did you mean ${answer.startsWith('--') ? answer : `'${answer}'`}?`;
}

function synonymOf(key: string, known: string[]): string | undefined {
  const plain = plainOf(key);
  const same = known.find((candidate) => plainOf(candidate) === plain);
  if (same !== undefined) return same;
  const synonym = synonyms.get(key) ?? synonyms.get(plain);
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
