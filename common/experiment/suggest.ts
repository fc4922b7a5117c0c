/** "Did you mean": what Keras, tfjs and PyTorch call our keys first, then spelling. */
const synonyms: Record<string, string> = {
  lr: 'learningRate',
  learning_rate: 'learningRate',
  batch_size: 'batchSize',
  batch: 'batchSize',
  micro_batch_size: 'microBatchSize',
  epoch: 'epochs',
  num_epochs: 'epochs',
  max_epochs: 'epochs',
  weight_decay: 'regularise.l2',
  weightDecay: 'regularise.l2',
  regularize: 'regularise',
  regularization: 'regularise',
  ema: 'weightAverage',
  beta_1: 'beta1',
  beta_2: 'beta2',
  betas: 'beta1 and beta2',
  eps: 'epsilon',
  optimiser: 'optimizer',
  grad_clip: 'clip',
  clipnorm: 'clip: { globalNorm }',
  global_clipnorm: 'clip: { globalNorm }',
  clipvalue: 'clip: { value }',
  max_norm: 'globalNorm',
  dataset: 'data',
  layers: 'model',
  augmentation: 'augment',
  preprocessing: 'preprocess',
  validation_split: 'validation',
  val_split: 'validation',
  random_seed: 'seed',
  random_state: 'seed',
  mu: 'momentum',
  warmup: 'warmUp',
  lr_schedule: 'schedule',
  scheduler: 'schedule',
};

const known = [
  ...['name', 'seed', 'data', 'preprocess', 'augment', 'model', 'loss', 'metrics', 'objective', 'regularise'],
  ...['optimizer', 'clip', 'weightAverage', 'train', 'numerics', 'checkpoint', 'chunkFloats', 'search', 'source', 'path'],
  ...['validation', 'test', 'label', 'header', 'shape', 'regression', 'size', 'epochs', 'batchSize', 'microBatchSize'],
  ...['threads', 'learningRate', 'schedule', 'warmUp', 'momentum', 'beta1', 'beta2', 'epsilon', 'l2', 'decay', 'every'],
  ...['keep', 'metric', 'direction', 'weights', 'globalNorm', 'value', 'sgd', 'nesterov', 'adam', 'subtractMean', 'scale'],
  ...['flip', 'crop', 'padding'],
];

/** `; did you mean 'learningRate'?`, or nothing. */
export function suggest(key: string, _path: PropertyKey[], candidates: string[] = known): string {
  const synonym = synonyms[key] ?? synonyms[key.toLowerCase()];
  if (synonym) return `; did you mean '${synonym}'?`;
  const close = candidates
    .map((candidate) => ({ candidate, distance: editDistance(key.toLowerCase(), candidate.toLowerCase()) }))
    .toSorted((left, right) => left.distance - right.distance)[0];
  return close && close.distance <= Math.max(1, Math.floor(key.length / 3)) ? `; did you mean '${close.candidate}'?` : '';
}

/** Levenshtein's. */
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
